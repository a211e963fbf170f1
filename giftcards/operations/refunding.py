"""Refunds: money goes back to the card that it came from, never more than came."""

from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from giftcards.exceptions import AboveRefundable, NotRefundable
from giftcards.models import GiftCard, Kind, LedgerEntry
from giftcards.models.ledger import SPENDING
from giftcards.operations.locking import OpenCard, lock_card
from giftcards.operations.occasion import NO_OCCASION, Occasion
from giftcards.operations.posting import post
from giftcards.operations.rules import require_amount, require_transition
from kernel.caller import Caller
from kernel.refusals import NotFound


def refund(
    *,
    caller: Caller,
    transaction_id: UUID,
    amount_cents: int | None = None,
    occasion: Occasion = NO_OCCASION,
) -> LedgerEntry:
    """Give back `amount_cents` (above 0) of a debit or capture, or all that is left of it; returns the entry.

    Onto redeemed and expired cards too, and above the maximum balance: a redeemed card becomes active again.
    Raises NotFound, NotRefundable, AboveRefundable, Invalid.
    """
    if amount_cents is not None:
        require_amount(amount_cents, about="amount_cents")
    original = LedgerEntry.objects.visible_to(caller).filter(pk=transaction_id).first()
    if original is None:
        raise NotFound("gift_card_transactions", transaction_id)
    if original.kind not in SPENDING:
        raise NotRefundable(original.kind)
    with transaction.atomic():
        card = lock_card(original.gift_card_id, caller)
        left = refundable_cents(original)
        given_back = left if amount_cents is None else amount_cents
        if left == 0 or given_back > left:
            raise AboveRefundable(left)
        return give_back(card, original, given_back, caller=caller, occasion=occasion)


def refundable_cents(original: LedgerEntry) -> int:
    """What is left of a debit or capture after its refunds, while its card is locked."""
    refunded = original.refunds.aggregate(refunded=Sum("amount_cents"))["refunded"] or 0
    return int(-original.amount_cents - refunded)


def give_back(
    card: GiftCard, original: LedgerEntry, amount_cents: int, *, caller: Caller, occasion: Occasion
) -> LedgerEntry:
    """Post to a locked card what the caller of this has found to be refundable. The entry names the order of
    the original, unless told another."""
    require_transition(card, card.refund)
    told = Occasion(
        occasion.reason,
        occasion.reference or original.reference,
        occasion.order_number or original.order_number,
    )
    return post(
        OpenCard(card, []),
        kind=Kind.REFUND,
        amount_cents=amount_cents,
        caller=caller,
        occasion=told,
        spent_in=original.market_id,
        original_sequence=original.sequence,
        payment_id=original.payment_id,
    )
