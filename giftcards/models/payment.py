"""The payment: one amount that is taken from several cards."""

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from giftcards.models.order import Order
from kernel.caller import Caller
from kernel.models import Resource
from kernel.modes import Mode
from markets.models import Market


class PaymentQuerySet(models.QuerySet["Payment"]):
    def visible_to(self, caller: Caller) -> Self:
        """Those that took nothing from a card beyond the caller's reach."""
        payments = self.filter(mode=caller.mode)
        if caller.market_ids is None:
            return payments
        entries = self.model._meta.get_field("transactions").related_model._default_manager
        beyond = entries.filter(payment_id=OuterRef("pk"), gift_card__market_id__isnull=False).exclude(
            gift_card__market_id__in=caller.market_ids
        )
        return payments.filter(~Exists(beyond))


class Payment(Resource):
    """`amount_cents` is what was to be paid, in minor units of `currency_code`. What was paid and given back
    stands in the ledger: the entries that carry this payment. `partial` took what there was, otherwise all or
    nothing. `market` is where the shop said that it is spent, `order` the one that it pays for."""

    amount_cents = models.BigIntegerField()
    currency_code = models.CharField(max_length=3)
    partial = models.BooleanField(default=False)
    market = models.ForeignKey(
        Market, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, related_name="payments", db_constraint=False, db_index=False
    )
    order_number = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (unset is null on the wire)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = (
            # No key of its own: an entry refers to all three, so that none can differ.
            models.UniqueConstraint(
                fields=["id", "mode", "currency_code"], name="payment_is_referred_to_with_currency"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="payment_mode_is_test_or_live"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="payment_is_of_something"),
        )
        indexes = (
            models.Index(fields=["mode", "id"], name="payment_by_key"),
            models.Index(fields=["mode", "created_at", "id"], name="payment_by_creation"),
            models.Index(fields=["mode", "reference", "id"], name="payment_by_reference"),
            models.Index(fields=["mode", "order_number", "id"], name="payment_by_order_number"),
            models.Index(fields=["order", "id"], condition=Q(order__isnull=False), name="payment_by_order"),
        )

    def __str__(self) -> str:
        return f"{self.amount_cents} {self.currency_code}"
