"""Showing a whole code to somebody: it moves no money, and still is recorded like what does."""

from uuid import UUID

from giftcards.operations.locking import open_card
from giftcards.operations.occasion import NO_OCCASION, Occasion
from giftcards.operations.recording import record_operation
from kernel.caller import Caller
from kernel.secret import Secret


def reveal_code(*, caller: Caller, card_id: UUID, occasion: Occasion = NO_OCCASION) -> Secret:
    """The card's code, for one person's eyes; who asked and why stays in the card's events.

    Raises NotFound, or what a card whose ciphertext or key was tampered with raises in `codes.unseal`.
    """
    with open_card(card_id, caller=caller) as opened:
        code = opened.card.code()
        record_operation(opened, "reveal", caller=caller, occasion=occasion)
    return code
