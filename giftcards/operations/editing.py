"""Everything about a card that is neither money nor status; and taking a draft away."""

from uuid import UUID

from django.db import transaction

from giftcards.models import GiftCard
from giftcards.operations.attaching import remove_attachments
from giftcards.operations.attributes import GiftCardChanges
from giftcards.operations.balance import adjust_open_card
from giftcards.operations.locking import OpenCard, change, lock_card
from giftcards.operations.occasion import NO_OCCASION, Occasion
from giftcards.operations.recording import record_operation
from kernel.caller import Caller
from kernel.refusals import InUse


def update_gift_card(
    *, caller: Caller, card_id: UUID, changes: GiftCardChanges, occasion: Occasion = NO_OCCASION
) -> GiftCard:
    """Change plain attributes.

    `balance_cents` sets the face value of a draft. On an issued card it adjusts the balance when it is the
    only change; in company it must equal the present balance, because edit forms send back every attribute
    they have read and a spent card would be filled up again. See docs/adr/0006-balance-on-update.md.

    Raises NotFound, StaleBalance, Invalid.
    """
    with transaction.atomic():
        card = lock_card(card_id, caller)
        if card.is_issued and changes.keys() == {"balance_cents"}:
            adjust_open_card(
                OpenCard(card, []), balance_cents=changes["balance_cents"], caller=caller, occasion=occasion
            )
            return card
        changed = change(card, changes, caller)
        if changed:
            record_operation(OpenCard(card, changed), "update", caller=caller, occasion=occasion)
    return card


def delete_gift_card(*, caller: Caller, card_id: UUID, occasion: Occasion = NO_OCCASION) -> None:
    """Take a draft away, and what is attached to it; the events stay.

    Raises NotFound, InUse for a card that was ever purchased.
    """
    with transaction.atomic():
        card = lock_card(card_id, caller)
        if card.is_issued:
            raise InUse("gift card", "it has been purchased and has a ledger")
        remove_attachments(card, caller=caller, reason=occasion.reason)
        record_operation(OpenCard(card, []), "destroy", caller=caller, occasion=occasion)
        card.delete()
