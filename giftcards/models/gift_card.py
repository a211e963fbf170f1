"""The gift card and its state machine.

| verb \\ from | draft | inactive | active | redeemed |
|---|---|---|---|---|
| purchase | inactive | | | |
| activate | | active | | |
| deactivate | | | inactive | |
| debit | | | stays | |
| authorize | | | stays | |
| capture | | stays | stays | |
| recharge | | stays | stays | |
| refund | | stays | stays | active |
| adjust | | stays | stays | stays |
| cash_out | | | stays | stays |
| take_back | | stays | stays | |
| redeem | | | redeemed | |
| reopen | | | | active |

The machine says *whether* a verb is possible; `giftcards.operations` says how much, and posts it. `redeem`
and `reopen` follow from a balance that was posted; nobody calls them from outside. Expiry is no state: it is
read from `expires_at`, so moving that date brings a card back. Nor is being archived: what `archived_at`
forbids it forbids in every state, and a card that is taken out of the archive is what it was.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django_fsm import FSMField, transition

from giftcards import codes
from giftcards.models.order import Order, OrderLine
from giftcards.tax import effective_rate
from kernel.caller import Caller
from kernel.combined_check import CombinedCheck
from kernel.counting import counted
from kernel.models import Resource
from kernel.modes import Mode
from kernel.secret import Secret
from markets.models import Market
from recipients.models import GiftCardRecipient

if TYPE_CHECKING:
    from giftcards.models.tag import GiftCardTag, Tag


class Status(models.TextChoices):
    DRAFT = "draft"
    INACTIVE = "inactive"
    ACTIVE = "active"
    REDEEMED = "redeemed"


class GiftCardQuerySet(models.QuerySet["GiftCard"]):
    def visible_to(self, caller: Caller) -> Self:
        """The choke point: only the caller's mode, and only its markets' cards and those without a market."""
        cards = self.filter(mode=caller.mode)
        if caller.market_ids is None:
            return cards
        return cards.filter(Q(market_id=None) | Q(market_id__in=caller.market_ids))


@counted
class GiftCard(Resource):
    """Amounts are minor units of `currency_code`.

    `balance_cents` is Σ of the card's ledger entries once it is purchased; a draft has no entries and carries
    its face value there. `ledger_sequence` and `ledger_hash` are the head of its hash chain.
    `authorized_cents` is Σ of its authorizations that are written down as open; of those, some may have
    lapsed. `test_clock_at` is what its rules take for now, in test mode only. `own_tax_rate` is a percentage
    that was set on this card; without one its market's holds. `order` is the one that it was bought with, on
    `order_line`; `message` is what the giver says to the recipient.
    """

    status = FSMField(default=Status.DRAFT, choices=Status, protected=True, db_index=False, max_length=8)
    code_digest = models.BinaryField(editable=False)
    code_prefix_digest = models.BinaryField(null=True, editable=False)
    code_ciphertext = models.BinaryField(editable=False)
    code_last_four = models.CharField(max_length=4, editable=False)
    code_key_version = models.SmallIntegerField(editable=False)

    currency_code = models.CharField(max_length=3)
    initial_balance_cents = models.BigIntegerField()
    balance_cents = models.BigIntegerField()
    balance_max_cents = models.BigIntegerField(null=True, blank=True)
    authorized_cents = models.BigIntegerField(default=0, db_default=0, editable=False)
    ledger_sequence = models.IntegerField(default=0, editable=False)
    ledger_hash = models.BinaryField(null=True, editable=False)

    single_use = models.BooleanField(default=False)
    rechargeable = models.BooleanField(default=True)
    distribute_discount = models.BooleanField(default=True)
    image_url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    expires_at = models.DateTimeField(null=True, blank=True)
    test_clock_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    own_tax_rate = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True, editable=False)
    # The database holds both references together with the mode: see the migration on mode agreement.
    market = models.ForeignKey(
        Market,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="gift_cards",
        db_constraint=False,
        db_index=False,
    )
    gift_card_recipient = models.ForeignKey(
        GiftCardRecipient,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="gift_cards",
        db_constraint=False,
        db_index=False,
    )
    order = models.ForeignKey(
        Order,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="bought_gift_cards",
        db_constraint=False,
        db_index=False,
    )
    order_line = models.ForeignKey(
        OrderLine,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="gift_cards",
        db_constraint=False,
        db_index=False,
    )
    message = models.TextField(null=True, blank=True)  # noqa: DJ001
    tags: "models.ManyToManyField[Tag, GiftCardTag]" = models.ManyToManyField(
        "Tag", through="GiftCardTag", related_name="gift_cards", blank=True
    )

    objects = GiftCardQuerySet.as_manager()

    class Meta:
        # Of people in the back office; what an API key may do, its scopes say.
        permissions = (
            ("issue_gift_card", "Can purchase gift cards: from then on they are owed"),
            ("operate_gift_card", "Can activate, deactivate and archive gift cards, and move their expiry"),
            ("spend_gift_card", "Can spend gift cards: debit, capture, void, cash out"),
            ("refund_gift_card", "Can give back what was spent of gift cards"),
            ("recharge_gift_card", "Can recharge gift cards"),
            ("reveal_code", "Can see the whole code of a gift card"),
        )
        constraints = (
            models.UniqueConstraint(fields=["mode", "code_digest"], name="one_gift_card_per_code_and_mode"),
            # Neither is a key of its own: what refers to a card refers to its mode as well, an entry to its
            # currency too, so that neither can differ or change. With the key at the end, their indexes serve
            # lists as well.
            models.UniqueConstraint(fields=["mode", "id"], name="gift_card_is_referred_to_with_mode"),
            models.UniqueConstraint(
                fields=["mode", "currency_code", "id"], name="gift_card_is_referred_to_with_currency"
            ),
            # Defence in depth: operations refuse an overdraft with a sentence; this refuses whatever they
            # overlook.
            CombinedCheck(
                name="gift_card_is_sound",
                conditions={
                    "gift_card_mode_is_test_or_live": Q(mode__in=Mode.values),
                    "gift_card_status_is_known": Q(status__in=Status.values),
                    "gift_card_balance_is_never_negative": Q(balance_cents__gte=0),
                    "gift_card_holds_at_most_its_balance": Q(
                        authorized_cents__gte=0, authorized_cents__lte=F("balance_cents")
                    ),
                    "gift_card_live_clock_is_the_clock": Q(mode=Mode.TEST) | Q(test_clock_at=None),
                    "gift_card_tax_rate_is_never_negative": Q(own_tax_rate__gte=0),
                    "gift_card_face_value_is_never_negative": Q(initial_balance_cents__gte=0),
                    "gift_card_has_entries_unless_draft": (
                        Q(status=Status.DRAFT, ledger_sequence=0, balance_cents=F("initial_balance_cents"))
                        | (~Q(status=Status.DRAFT) & Q(ledger_sequence__gt=0, ledger_hash__isnull=False))
                    ),
                    "gift_card_of_a_line_is_of_its_order": Q(order_line=None) | Q(order__isnull=False),
                    "gift_card_code_key_version_is_never_negative": Q(code_key_version__gte=0),
                },
            ),
        )
        # Each serves a filter and a sort order: every list is of one mode, and the key decides ties.
        indexes = (
            models.Index(fields=["mode", "created_at", "id"], name="gift_card_by_creation"),
            models.Index(fields=["mode", "updated_at", "id"], name="gift_card_by_update"),
            models.Index(fields=["mode", "expires_at", "id"], name="gift_card_by_expiry"),
            # Few cards are archived; those that are not are nearly all, and need no index.
            models.Index(
                fields=["mode", "archived_at", "id"],
                condition=Q(archived_at__isnull=False),
                name="gift_card_by_archiving",
            ),
            models.Index(fields=["mode", "balance_cents", "id"], name="gift_card_by_balance"),
            models.Index(fields=["mode", "status", "id"], name="gift_card_by_status"),
            models.Index(fields=["mode", "reference", "id"], name="gift_card_by_reference"),
            # What a text begins with is looked for whatever its capitals.
            models.Index(
                F("mode"),
                OpClass(Upper("reference"), name="text_pattern_ops"),
                name="gift_card_by_reference_start",
            ),
            models.Index(fields=["market", "id"], name="gift_card_by_market"),
            models.Index(fields=["gift_card_recipient", "id"], name="gift_card_by_recipient"),
            # Most cards are of no order; of those that are, every debit keeps this one up too.
            models.Index(fields=["order", "id"], condition=Q(order__isnull=False), name="gift_card_by_order"),
            models.Index(fields=["mode", "code_prefix_digest"], name="gift_card_code_prefix"),
            models.Index(fields=["mode", "code_last_four"], name="gift_card_code_last_four"),
            GinIndex(fields=["metadata"], name="gift_card_metadata", opclasses=["jsonb_path_ops"]),
        )

    def __str__(self) -> str:
        return f"{codes.mask(self.code_last_four)} ({self.currency_code}, {self.status})"

    @property
    def is_issued(self) -> bool:
        return bool(self.status != Status.DRAFT)

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def available_balance_cents(self) -> int:
        """What no open authorization holds, in minor units. Lapsed ones that nobody has released yet still
        count here; `giftcards.queries.available_balances` goes by the clock."""
        return self.balance_cents - self.authorized_cents

    @property
    def tax_rate(self) -> Decimal | None:
        """In percent; see giftcards.tax."""
        if self.market is None:
            return effective_rate(self.own_tax_rate)
        return effective_rate(
            self.own_tax_rate,
            market_rate=self.market.tax_rate,
            market_taxes_cards=self.market.gift_cards_taxable,
        )

    def is_expired(self, now: datetime) -> bool:
        """Valid strictly before `expires_at`."""
        return self.expires_at is not None and now >= self.expires_at

    def code(self) -> Secret:
        return codes.unseal(bytes(self.code_ciphertext), key_version=self.code_key_version, card_id=self.id)

    @transition(field=status, source=Status.DRAFT, target=Status.INACTIVE)
    def purchase(self) -> None: ...

    @transition(field=status, source=Status.INACTIVE, target=Status.ACTIVE)
    def activate(self) -> None: ...

    @transition(field=status, source=Status.ACTIVE, target=Status.INACTIVE)
    def deactivate(self) -> None: ...

    @transition(field=status, source=Status.ACTIVE, target=None)
    def debit(self) -> None: ...

    @transition(field=status, source=Status.ACTIVE, target=None)
    def authorize(self) -> None: ...

    @transition(field=status, source=[Status.INACTIVE, Status.ACTIVE], target=None)
    def capture(self) -> None: ...

    @transition(field=status, source=[Status.INACTIVE, Status.ACTIVE], target=None)
    def recharge(self) -> None: ...

    @transition(field=status, source=[Status.INACTIVE, Status.ACTIVE], target=None)
    @transition(field=status, source=Status.REDEEMED, target=Status.ACTIVE)
    def refund(self) -> None: ...

    @transition(field=status, source=[Status.INACTIVE, Status.ACTIVE, Status.REDEEMED], target=None)
    def adjust(self) -> None: ...

    @transition(field=status, source=[Status.ACTIVE, Status.REDEEMED], target=None)
    def cash_out(self) -> None: ...

    @transition(field=status, source=[Status.INACTIVE, Status.ACTIVE], target=None)
    def take_back(self) -> None: ...

    @transition(field=status, source=Status.ACTIVE, target=Status.REDEEMED)
    def redeem(self) -> None: ...

    @transition(field=status, source=Status.REDEEMED, target=Status.ACTIVE)
    def reopen(self) -> None: ...


def legal_moves() -> frozenset[tuple[str, str]]:
    """Every (status before, status after) that the state machine allows, a verb that stays included."""
    moves = GiftCard().get_all_status_transitions()  # type: ignore[attr-defined]
    return frozenset((str(move.source), str(move.target or move.source)) for move in moves)


@cache
def moves_of(verb: str) -> Mapping[str, str]:
    """The status that the state machine's verb leads to, by each status that it is possible in."""
    moves = GiftCard().get_all_status_transitions()  # type: ignore[attr-defined]
    return {str(move.source): str(move.target or move.source) for move in moves if move.name == verb}
