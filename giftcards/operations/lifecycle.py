"""Switching an issued card on and off. No money moves."""

from uuid import UUID

from giftcards.models import GiftCard
from giftcards.operations.attributes import GiftCardChanges
from giftcards.operations.locking import open_card, save
from giftcards.operations.occasion import NO_OCCASION, Occasion
from giftcards.operations.recording import record_operation
from giftcards.operations.rules import require_transition, require_unused
from kernel.caller import Caller


def activate(
    *, caller: Caller, card_id: UUID, changes: GiftCardChanges | None = None, occasion: Occasion = NO_OCCASION
) -> GiftCard:
    """inactive → active: from now on the card can be spent. Raises NotFound, InvalidTransition,
    AlreadyUsed, Archived, MarketDisabled."""
    with open_card(card_id, caller=caller, changes=changes, in_circulation=True) as opened:
        card = opened.card
        require_transition(card, card.activate)
        require_unused(card)
        save(card)
        record_operation(opened, "activate", caller=caller, occasion=occasion)
    return card


def deactivate(
    *, caller: Caller, card_id: UUID, changes: GiftCardChanges | None = None, occasion: Occasion = NO_OCCASION
) -> GiftCard:
    """active → inactive, in a disabled market too. Raises NotFound, InvalidTransition."""
    with open_card(card_id, caller=caller, changes=changes) as opened:
        card = opened.card
        require_transition(card, card.deactivate)
        save(card)
        record_operation(opened, "deactivate", caller=caller, occasion=occasion)
    return card
