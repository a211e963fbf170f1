"""Putting a card away, and taking it out again. No money moves, and the status stays what it is."""

from uuid import UUID

from giftcards.exceptions import Archived, NotArchived
from giftcards.models import GiftCard
from giftcards.operations.attributes import GiftCardChanges
from giftcards.operations.locking import open_card, save
from giftcards.operations.occasion import NO_OCCASION, Occasion
from giftcards.operations.recording import record_operation
from kernel.caller import Caller
from kernel.clock import database_now


def archive(
    *, caller: Caller, card_id: UUID, changes: GiftCardChanges | None = None, occasion: Occasion = NO_OCCASION
) -> GiftCard:
    """From now on nothing new begins with the card, whatever its status: it is neither purchased, activated,
    spent, authorized, recharged nor cashed out. What was promised before is kept: its holds can be captured,
    what it spent can be refunded. Its balance is owed as before, and its code stays taken.

    Raises NotFound, Archived if it is already.
    """
    with open_card(card_id, caller=caller, changes=changes) as opened:
        card = opened.card
        if card.is_archived:
            raise Archived
        card.archived_at = database_now()
        save(card)
        record_operation(opened, "archive", caller=caller, occasion=occasion)
    return card


def unarchive(
    *, caller: Caller, card_id: UUID, changes: GiftCardChanges | None = None, occasion: Occasion = NO_OCCASION
) -> GiftCard:
    """The card is again what its status says. Raises NotFound, NotArchived."""
    with open_card(card_id, caller=caller, changes=changes) as opened:
        card = opened.card
        if not card.is_archived:
            raise NotArchived
        card.archived_at = None
        save(card)
        record_operation(opened, "unarchive", caller=caller, occasion=occasion)
    return card
