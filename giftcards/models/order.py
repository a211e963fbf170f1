"""The order: what a shop tells us that it has sold, and what was paid for it with cards."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from giftcards.models.product import Denomination
from kernel.caller import Caller
from kernel.keys import uuid7
from kernel.models import Resource
from kernel.modes import Mode
from markets.models import Market


class OrderStatus(models.TextChoices):
    PLACED = "placed"
    CANCELLED = "cancelled"


def status_of(cancelled_at: datetime | None) -> OrderStatus:
    return OrderStatus.PLACED if cancelled_at is None else OrderStatus.CANCELLED


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, caller: Caller) -> Self:
        """Those of the caller's mode and markets: every order is of a market."""
        orders = self.filter(mode=caller.mode)
        return orders if caller.market_ids is None else orders.filter(market_id__in=caller.market_ids)


class Order(Resource):
    """We are no shop: an order is recorded as it is told, with its lines, and is placed from then on until it
    is cancelled. `display_number` is what its customer reads. `currency_code` is its market's."""

    display_number = models.PositiveIntegerField(null=True, blank=True)
    market = models.ForeignKey(Market, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    currency_code = models.CharField(max_length=3)
    customer_email = models.EmailField(null=True, blank=True)  # noqa: DJ001 (unset is null on the wire)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        permissions = (
            ("cancel_order", "Can cancel orders: everything paid is given back, and what was sold"),
        )
        constraints = (
            # A shop that tells the same order again sells nothing twice, with an idempotency key or without.
            models.UniqueConstraint(fields=["mode", "reference"], name="order_reference_is_unique_per_mode"),
            models.UniqueConstraint(
                fields=["mode", "display_number"], name="order_display_number_is_unique_per_mode"
            ),
            # Neither is a key of its own: what refers to an order refers to its mode as well, and where money
            # is concerned to its currency, so that neither can differ.
            models.UniqueConstraint(fields=["id", "mode"], name="order_is_referred_to_with_mode"),
            models.UniqueConstraint(
                fields=["id", "mode", "currency_code"], name="order_is_referred_to_with_currency"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="order_mode_is_test_or_live"),
            models.CheckConstraint(
                condition=Q(display_number__gte=1), name="order_display_number_counts_from_one"
            ),
        )
        indexes = (
            models.Index(fields=["mode", "id"], name="order_by_key"),
            models.Index(fields=["mode", "created_at", "id"], name="order_by_creation"),
            models.Index(fields=["mode", "customer_email", "id"], name="order_by_customer"),
            models.Index(fields=["market", "id"], name="order_by_market"),
        )

    def __str__(self) -> str:
        return f"#{self.display_number}" if self.display_number else self.reference or str(self.pk)

    @property
    def status(self) -> OrderStatus:
        return status_of(self.cancelled_at)


class OrderLine(models.Model):
    """`quantity` gift cards, each issued with `unit_amount_cents`: minor units of the order's currency,
    without tax, whatever its denomination is by now. `tax_rate` is a percentage. Never changed once the order
    is told."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mode = models.CharField(max_length=4, choices=Mode, editable=False)
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="lines", db_constraint=False, db_index=False
    )
    denomination = models.ForeignKey(
        Denomination, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    position = models.PositiveSmallIntegerField()
    unit_amount_cents = models.BigIntegerField()
    quantity = models.PositiveIntegerField()
    tax_rate = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["order", "position"], name="order_line_has_its_place"),
            # No key of its own: a card refers to all three, so that its line is one of its order.
            models.UniqueConstraint(
                fields=["id", "order", "mode"], name="order_line_is_referred_to_with_its_order"
            ),
            models.CheckConstraint(condition=Q(unit_amount_cents__gt=0), name="order_line_is_of_something"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="order_line_sells_something"),
            models.CheckConstraint(condition=Q(tax_rate__gte=0), name="order_line_tax_is_never_negative"),
        )
        # For who deletes a denomination: whether it was ever sold.
        indexes = (
            models.Index(
                fields=["denomination"],
                condition=Q(denomination__isnull=False),
                name="order_line_by_denomination",
            ),
        )

    def __str__(self) -> str:
        return f"{self.quantity} at {self.unit_amount_cents}"
