"""What is left of a single-use card after its use, where the market says that it is given up."""

from giftcards.models import GiftCard, Kind
from giftcards.operations.holds import release_lapsed
from giftcards.operations.locking import OpenCard
from giftcards.operations.occasion import Occasion
from giftcards.operations.posting import post
from giftcards.operations.rules import require_transition
from giftcards.policy import gives_up_remainder
from kernel.caller import Caller


def give_up_remainder(card: GiftCard, *, caller: Caller) -> None:
    """After a debit or capture of a locked card: an adjustment of its own takes the rest, so that the ledger
    tells what was spent from what was given up. A hold that has lapsed keeps nothing of it."""
    if not card.single_use or not gives_up_remainder(card.market):
        return
    if card.authorized_cents:
        release_lapsed(card)
    remainder = card.available_balance_cents
    if remainder == 0:
        return
    require_transition(card, card.adjust)
    occasion = Occasion(f"The market {card.market} keeps no remainder of a single-use gift card.")
    post(OpenCard(card, []), kind=Kind.ADJUSTMENT, amount_cents=-remainder, caller=caller, occasion=occasion)
