"""Cancelling an order gives everything back: what cards paid for it to those cards, and what was paid for
the cards that it sold."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Sum, prefetch_related_objects

from giftcards.exceptions import BoughtCardInUse, HeldForOrders, OrderCancelled, OrderReachesBeyond
from giftcards.models import GiftCard, Kind, LedgerEntry, Order, Payment
from giftcards.models.ledger import SPENDING
from giftcards.operations.holds import require_nothing_held
from giftcards.operations.locking import OpenCard, lock_cards, save
from giftcards.operations.occasion import Occasion
from giftcards.operations.ordering import (
    OrderChanges,
    apply_order_changes,
    lock_order,
    occasion_of,
    record_order,
    write_order,
)
from giftcards.operations.paying import give_back_all
from giftcards.operations.posting import post
from giftcards.operations.recording import record_operation
from giftcards.operations.rules import require_transition
from kernel.caller import Caller
from kernel.clock import database_now


def cancel_order(
    *, caller: Caller, order_id: UUID, changes: OrderChanges | None = None, reason: str = ""
) -> Order:
    """Refund what is left of every payment of the order, and take every card that was bought with it back:
    its whole value is paid out (an entry `cash_out`), and it is archived. All of it, or nothing.

    It stays cancelled: nothing is paid for it any more. A card that was bought and is no longer what was sold
    stands in the way; what it had spent must be refunded first, unless that paid for this very order.

    Raises NotFound, OrderCancelled, BoughtCardInUse, OrderReachesBeyond, Invalid.
    """
    with transaction.atomic():
        order = lock_order(order_id, caller)
        if order.cancelled_at is not None:
            raise OrderCancelled
        changed = apply_order_changes(order, changes)
        payments = _lock_payments(order)
        cards = _lock_cards(order, payments, caller)
        refunded = sum(
            give_back_all(payment, cards, caller=caller, occasion=Occasion(reason)) for payment in payments
        )
        bought = [card for card in cards.values() if card.order_id == order.pk]
        paid_out = _take_back(bought, caller=caller, occasion=occasion_of(order, reason))
        order.cancelled_at = database_now()
        write_order(order)
        data = {"refunded_amount_cents": refunded, "cashed_out_amount_cents": paid_out, "changed": changed}
        record_order(order, "cancel", caller=caller, reason=reason, data=data)
    return order


def _lock_payments(order: Order) -> list[Payment]:
    """In the order of their keys. There will be no more of them: whoever pays locks the order first."""
    return list(order.payments.select_for_update(of=("self",), no_key=True).order_by("pk"))


def _lock_cards(order: Order, payments: Sequence[Payment], caller: Caller) -> dict[UUID, GiftCard]:
    """Those that paid for it and those that it sold, by their keys. Raises OrderReachesBeyond."""
    paid = LedgerEntry.objects.filter(payment__in=payments, kind=Kind.DEBIT).values("gift_card_id")
    concerned = GiftCard.objects.filter(Q(order=order) | Q(pk__in=paid))
    keys = set(concerned.values_list("pk", flat=True))
    cards = lock_cards(GiftCard.objects.visible_to(caller).filter(pk__in=keys))
    if len(cards) < len(keys):
        raise OrderReachesBeyond
    prefetch_related_objects(cards, "market")
    return {card.pk: card for card in cards}


def _take_back(cards: Sequence[GiftCard], *, caller: Caller, occasion: Occasion) -> int:
    """Locked cards, each with all that it was sold for; returns what was paid out for them. Raises
    BoughtCardInUse."""
    spent = _spent_of(cards)
    for card in cards:
        _require_as_sold(card, spent.get(card.pk, 0))
        require_transition(card, card.take_back)
        post(
            OpenCard(card, []),
            kind=Kind.CASH_OUT,
            verb="take_back",
            amount_cents=-card.balance_cents,
            caller=caller,
            occasion=occasion,
        )
        if not card.is_archived:
            card.archived_at = database_now()
            save(card)
            record_operation(OpenCard(card, []), "archive", caller=caller, occasion=occasion)
    return sum(card.initial_balance_cents for card in cards)


def _require_as_sold(card: GiftCard, spent_cents: int) -> None:
    if spent_cents:
        raise BoughtCardInUse(card.pk, f"has been spent from: {spent_cents} are not given back")
    try:
        require_nothing_held(card)
    except HeldForOrders as held:
        raise BoughtCardInUse(card.pk, f"is held for orders with {held.count}") from held
    if card.balance_cents != card.initial_balance_cents:
        told = f"has a balance of {card.balance_cents}, and was sold with {card.initial_balance_cents}"
        raise BoughtCardInUse(card.pk, told)


def _spent_of(cards: Sequence[GiftCard]) -> Mapping[UUID, int]:
    """What each has spent and not got back."""
    moved = LedgerEntry.objects.filter(gift_card__in=cards, kind__in=[*SPENDING, Kind.REFUND])
    sums = moved.values_list("gift_card_id").annotate(spent=-Sum("amount_cents"))
    return dict(sums)
