"""The ledger: one append-only row per change of a card's balance.

Rows are made by `giftcards.operations.posting.post`, the first ones of a batch by
`giftcards.operations.posting_batches`, and the database refuses to change or remove them.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self, cast

from django.db import models
from django.db.models import Q

from giftcards.chain import as_part
from giftcards.models.authorization import Authorization
from giftcards.models.gift_card import GiftCard
from giftcards.models.payment import Payment
from kernel.caller import Caller
from kernel.combined_check import CombinedCheck
from kernel.keys import uuid7
from kernel.modes import Mode
from markets.models import Market


class Kind(models.TextChoices):
    """Why a balance changed; each kind has one contra account in the double-entry journal."""

    ISSUE = "issue"
    RECHARGE = "recharge"
    DEBIT = "debit"
    CAPTURE = "capture"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"
    CASH_OUT = "cash_out"


LIABILITY_ACCOUNT: Final = "liability:gift_cards"
CONTRA_ACCOUNTS: Final[Mapping[str, str]] = {
    Kind.ISSUE: "cash:sales",
    Kind.RECHARGE: "cash:recharges",
    Kind.DEBIT: "revenue:redemptions",
    Kind.CAPTURE: "revenue:redemptions",
    Kind.REFUND: "revenue:refunds",
    Kind.ADJUSTMENT: "expense:adjustments",
    Kind.CASH_OUT: "cash:cash_outs",
}
"""The other side of each entry in the double-entry journal. What adds to a card credits the liability and
debits this account; what takes from it, the reverse."""

SPENDING: Final = frozenset({Kind.DEBIT, Kind.CAPTURE})
"""What a holder has paid with; what can be refunded."""


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def visible_to(self, caller: Caller) -> Self:
        """Those of the cards that are visible to the caller."""
        entries = self.filter(mode=caller.mode)
        if caller.market_ids is None:
            return entries
        return entries.filter(Q(gift_card__market_id=None) | Q(gift_card__market_id__in=caller.market_ids))


class LedgerEntry(models.Model):
    """`amount_cents` is signed, `balance_cents` is the card's balance after it, both in minor units of
    `currency_code`. `sequence` counts 1, 2, 3 … within the card. `market` is where a debit was spent, if the
    shop said so. A capture names the authorization that held its amount. A refund names what it gives back:
    `original` is the entry of the same card with the number `original_sequence`. Debits and refunds of a
    payment over several cards carry that payment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mode = models.CharField(max_length=4, choices=Mode)
    gift_card = models.ForeignKey(
        GiftCard, models.PROTECT, related_name="ledger_entries", db_constraint=False, db_index=False
    )
    sequence = models.IntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    currency_code = models.CharField(max_length=3)
    amount_cents = models.BigIntegerField()
    balance_cents = models.BigIntegerField()
    market = models.ForeignKey(
        Market, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=255)
    actor_name = models.CharField(max_length=255)
    reason = models.TextField(blank=True, default="")
    reference = models.CharField(max_length=255, null=True)  # noqa: DJ001 (unset is null on the wire)
    order_number = models.CharField(max_length=255, null=True)  # noqa: DJ001
    original_sequence = models.IntegerField(null=True)
    original = models.ForeignObject(
        "self",
        models.PROTECT,
        from_fields=("gift_card", "original_sequence"),
        to_fields=("gift_card", "sequence"),
        null=True,
        related_name="refunds",
    )
    authorization = models.ForeignKey(
        Authorization,
        models.PROTECT,
        null=True,
        related_name="transactions",
        db_constraint=False,
        db_index=False,
    )
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, related_name="transactions", db_constraint=False, db_index=False
    )
    # Given by the posting statement: the clock while the lock is held.
    created_at = models.DateTimeField()
    hash_version = models.SmallIntegerField()
    hash = models.BinaryField()

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = (
            models.UniqueConstraint(
                fields=["gift_card", "sequence"], name="ledger_sequence_is_unique_per_card"
            ),
            models.UniqueConstraint(
                fields=["authorization"],
                condition=Q(authorization__isnull=False),
                name="ledger_captures_an_authorization_once",
            ),
            CombinedCheck(
                name="ledger_entry_is_sound",
                conditions={
                    "ledger_sequence_begins_at_1": Q(sequence__gte=1),
                    "ledger_balance_is_never_negative": Q(balance_cents__gte=0),
                    "ledger_kind_is_known": Q(kind__in=Kind.values),
                    "ledger_amount_has_the_sign_of_its_kind": (
                        Q(kind__in=[Kind.DEBIT, Kind.CAPTURE, Kind.CASH_OUT], amount_cents__lt=0)
                        | Q(kind__in=[Kind.RECHARGE, Kind.REFUND], amount_cents__gt=0)
                        | Q(kind=Kind.ISSUE, amount_cents__gte=0, sequence=1)
                        | (Q(kind=Kind.ADJUSTMENT) & ~Q(amount_cents=0))
                    ),
                    "ledger_capture_names_its_authorization": (
                        Q(kind=Kind.CAPTURE, authorization__isnull=False)
                        | (~Q(kind=Kind.CAPTURE) & Q(authorization__isnull=True))
                    ),
                    "ledger_refund_names_what_it_gives_back": (
                        Q(
                            kind=Kind.REFUND,
                            original_sequence__isnull=False,
                            original_sequence__lt=models.F("sequence"),
                        )
                        | (~Q(kind=Kind.REFUND) & Q(original_sequence__isnull=True))
                    ),
                    "ledger_payment_debits_and_refunds": (
                        Q(payment__isnull=True) | Q(kind__in=[Kind.DEBIT, Kind.REFUND])
                    ),
                    "ledger_hash_version_is_never_negative": Q(hash_version__gte=0),
                },
            ),
        )
        indexes = (
            models.Index(fields=["mode", "id"], name="ledger_by_key"),
            # By the entry's own time: keys are given before it, and by the clocks of several machines.
            models.Index(fields=["mode", "created_at", "id"], name="ledger_by_creation"),
            models.Index(fields=["mode", "kind", "id"], name="ledger_by_kind"),
            # A statement's pages: of a card with many entries, the newest of all would be read instead.
            models.Index(fields=["gift_card", "id"], name="ledger_by_card"),
            models.Index(
                fields=["mode", "created_at", "id"],
                condition=Q(kind=Kind.REFUND),
                name="ledger_refunds_by_creation",
            ),
            models.Index(fields=["market"], condition=Q(market__isnull=False), name="ledger_spent_in_market"),
            models.Index(
                fields=["gift_card", "original_sequence"],
                condition=Q(original_sequence__isnull=False),
                name="ledger_refunds_of_an_entry",
            ),
            models.Index(fields=["payment"], condition=Q(payment__isnull=False), name="ledger_of_a_payment"),
            models.Index(
                fields=["mode", "reference", "id"],
                condition=Q(reference__isnull=False),
                name="ledger_by_reference",
            ),
            models.Index(
                fields=["mode", "order_number", "id"],
                condition=Q(order_number__isnull=False),
                name="ledger_by_order_number",
            ),
        )

    def __str__(self) -> str:
        return f"{self.sequence}. {self.kind} {self.amount_cents:+d} {self.currency_code}"


class RefundManager(models.Manager.from_queryset(LedgerEntryQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> models.QuerySet[LedgerEntry]:
        return cast("models.QuerySet[LedgerEntry]", super().get_queryset()).filter(kind=Kind.REFUND)


class Refund(LedgerEntry):
    """Those entries that give back what another took, by themselves. No table of their own."""

    objects: ClassVar[Any] = RefundManager()

    class Meta:
        proxy = True
        default_permissions = ()


HASHED_COLUMNS: Final = (
    "id",
    "mode",
    "gift_card_id",
    "sequence",
    "kind",
    "currency_code",
    "amount_cents",
    "balance_cents",
    "market_id",
    "actor_kind",
    "actor_id",
    "actor_name",
    "reason",
    "reference",
    "order_number",
    "original_sequence",
    "authorization_id",
    "payment_id",
    "created_at",
)
"""What a version 1 hash covers, in this order. Never changed: another set of columns is another version."""


def hashed_parts(row: Mapping[str, object]) -> list[str | None]:
    return [as_part(row[column]) for column in HASHED_COLUMNS]
