"""The share: what one card gave to a payment, as it was then."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from giftcards.models.gift_card import GiftCard
from giftcards.models.order import Order
from giftcards.models.payment import Payment
from kernel.keys import uuid7
from kernel.modes import Mode


class PaymentShare(models.Model):
    """`amount_cents` is in minor units of the payment's currency. `tax_rate` is what the card's was then, in
    percent: null where the money was not taxed. What was given back since stands in the ledger, not here.

    Append-only, like the ledger: the database refuses to change or remove a share. `order` is the payment's,
    repeated so that the database can refuse a card that gives to an order twice."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mode = models.CharField(max_length=4, choices=Mode, editable=False)
    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="shares", db_constraint=False, db_index=False
    )
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, related_name="shares", db_constraint=False, db_index=False
    )
    gift_card = models.ForeignKey(
        GiftCard, models.PROTECT, related_name="shares", db_constraint=False, db_index=False
    )
    currency_code = models.CharField(max_length=3)
    amount_cents = models.BigIntegerField()
    is_taxable = models.BooleanField()
    tax_rate = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["payment", "gift_card"], name="share_is_one_of_card_and_payment"),
            models.UniqueConstraint(fields=["gift_card", "order"], name="share_is_one_of_card_and_order"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="share_is_of_something"),
            models.CheckConstraint(
                condition=Q(is_taxable=True, tax_rate__gt=0)
                | (Q(is_taxable=False) & (Q(tax_rate=None) | Q(tax_rate=0))),
                name="share_is_taxable_by_its_rate",
            ),
        )
        indexes = (models.Index(fields=["order"], condition=Q(order__isnull=False), name="share_by_order"),)

    def __str__(self) -> str:
        return f"{self.amount_cents} {self.currency_code}"
