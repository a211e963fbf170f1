"""Orders as a shop tells them: what it sold, and what is noted about that. We are no shop, and ask nothing
of prices, stock or shipping.

Locks, in this order, so that no two callers wait for each other: the order's row, then payments in the order
of their keys, then cards in the order of theirs. A new order needs none: nobody sees it yet.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from events.operations import record
from giftcards.exceptions import MarketDisabled
from giftcards.models import Order, OrderLine
from giftcards.operations.occasion import Occasion
from giftcards.operations.selling import LineTold, require_few_enough, sell
from kernel.caller import Caller
from kernel.constraints import violated_constraint
from kernel.refusals import Invalid, NotFound
from kernel.validation import RESOURCE_CHECKS, Check, changed_attributes, checked
from markets.models import Market
from recipients.operations import email_address

RESOURCE_TYPE: Final = "gift_card_orders"
LARGEST_NUMBER: Final = 2**31 - 1

UNIQUE: Final[Mapping[str, str]] = {
    "order_reference_is_unique_per_mode": "reference",
    "order_display_number_is_unique_per_mode": "display_number",
}
"""What the database's constraints keep unique."""


class OrderChanges(TypedDict, total=False):
    """Only the keys that are present are changed; None empties an attribute."""

    display_number: int | None
    """What its customer reads: 1 or more."""
    customer_email: str | None
    reference: str | None
    """The order's id in the shop; one order of a mode has it."""
    reference_origin: str | None
    metadata: dict[str, Any] | None


def place_order(
    *,
    caller: Caller,
    market: Market,
    attributes: OrderChanges | None = None,
    lines: Sequence[LineTold] = (),
    reason: str = "",
) -> Order:
    """Record an order, and issue one gift card for each unit of its lines: all of it in one transaction.

    An order without lines is one that cards pay for. Its lines are told once, with it. A `reference` or
    `display_number` that another order of the mode has is refused as taken, also when both arrive at the same
    moment: whoever tells an order twice sells nothing twice.

    Raises NotFound, MarketDisabled, TooManyGiftCards, Invalid; about a line, `lines/<index>/…`.
    """
    if market.mode != caller.mode or not caller.reaches_market(market.pk):
        raise NotFound("markets", market.pk)
    if market.disabled_at is not None:
        raise MarketDisabled
    require_few_enough(lines)
    values = checked_order(attributes)
    order = Order(mode=caller.mode, market=market, currency_code=market.currency_code, **values)
    with transaction.atomic():
        save_order(order)
        sold = sell(order, lines, caller=caller, occasion=occasion_of(order, reason))
        record_order(order, "create", caller=caller, reason=reason, data=_told_of(sold))
    return order


def update_order(*, caller: Caller, order_id: UUID, changes: OrderChanges, reason: str = "") -> Order:
    """Change what is noted about it, cancelled or not. What changes nothing records nothing.

    Raises NotFound, Invalid.
    """
    with transaction.atomic():
        order = lock_order(order_id, caller)
        changed = apply_order_changes(order, changes)
        if changed:
            write_order(order)
            record_order(order, "update", caller=caller, reason=reason, data={"changed": changed})
    return order


def checked_order(attributes: OrderChanges | None) -> dict[str, Any]:
    """As they are stored. Raises Invalid."""
    return checked(attributes or {}, ORDER_CHECKS)


def apply_order_changes(order: Order, changes: OrderChanges | None) -> list[str]:
    """Set them on a locked order, without saving it; returns the names that changed. Raises Invalid."""
    values = checked_order(changes)
    changed = changed_attributes(order, values)
    for name in changed:
        setattr(order, name, values[name])
    return changed


def lock_order(order_id: UUID, caller: Caller) -> Order:
    """Until the transaction ends nobody else changes it, cancels it or pays for it.

    NO KEY UPDATE, because no operation changes its key: what only refers to it need not wait.
    """
    try:
        return Order.objects.visible_to(caller).select_for_update(no_key=True).get(pk=order_id)
    except Order.DoesNotExist:
        raise NotFound(RESOURCE_TYPE, order_id) from None


def occasion_of(order: Order, reason: str) -> Occasion:
    """What stands beside the entries that an order posts."""
    number = None if order.display_number is None else str(order.display_number)
    return Occasion(reason, order.reference, number)


def write_order(order: Order) -> None:
    """Raises Invalid for what another order has."""
    order.updated_at = Now()
    save_order(order)
    order.refresh_from_db(fields=["updated_at"])


def record_order(
    order: Order, verb: str, *, caller: Caller, reason: str, data: Mapping[str, object] | None = None
) -> None:
    record(
        caller=caller,
        subject_type=RESOURCE_TYPE,
        subject_id=order.pk,
        topic=f"{RESOURCE_TYPE}.{verb}",
        reason=reason,
        data={"status": order.status, **{name: value for name, value in (data or {}).items() if value != []}},
    )


def _told_of(sold: Sequence[OrderLine]) -> dict[str, object]:
    """How many cards, and for how much in all."""
    return {
        "bought_gift_cards": sum(line.quantity for line in sold),
        "bought_amount_cents": sum(line.quantity * line.unit_amount_cents for line in sold),
    }


def save_order(order: Order) -> None:
    """Who comes second waits for who came first, and is told that it is taken."""
    try:
        with transaction.atomic():
            order.save()
    except IntegrityError as error:
        name = UNIQUE.get(violated_constraint(error) or "")
        if name is None:
            raise
        raise Invalid(name, "taken", "has already been taken", value=getattr(order, name)) from None


def _display_number(about: str, value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise Invalid(about, "not_a_number", "is not a number", value=value)
    if value < 1:
        raise Invalid(about, "greater_than", "must be greater than 0", value=value, count=0)
    if value > LARGEST_NUMBER:
        message = f"must be less than or equal to {LARGEST_NUMBER}"
        raise Invalid(about, "less_than_or_equal_to", message, value=value, count=LARGEST_NUMBER)
    return value


def _optional_address(about: str, value: Any) -> str | None:
    return None if value is None or value == "" else email_address(about, value)


ORDER_CHECKS: Final[Mapping[str, Check]] = {
    "display_number": _display_number,
    "customer_email": _optional_address,
    **RESOURCE_CHECKS,
}
