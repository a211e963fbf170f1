"""Reads over many cards at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    DateTimeField,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from giftcards.models import (
    Authorization,
    AuthorizationStatus,
    GiftCard,
    LedgerEntry,
    OrderLine,
    PaymentShare,
    Tag,
)
from giftcards.models.authorization import reads_as
from giftcards.models.ledger import SPENDING
from giftcards.tax import Giving, OrderAmounts, card_totals
from kernel.caller import Caller
from kernel.modes import Mode
from kernel.statements import array_of, rows_of

LOGGED_CHANGES: Final = 100
"""How many of a card's latest balance changes its logs show; the ledger has all of them."""

CHANGE: Final = "gift_card_id, created_at::text, kind, amount_cents, balance_cents, reference, order_number"
# The number is written out: a limit that PostgreSQL does not know beforehand makes it plan anew each time.
FIRST_CHANGES: Final = f"""
    SELECT {CHANGE} FROM giftcards_ledgerentry
    WHERE gift_card_id = ANY(%s) AND sequence BETWEEN 2 AND {LOGGED_CHANGES + 1}
    ORDER BY gift_card_id, sequence
"""  # noqa: S608 (a number of ours)
LATEST_CHANGES: Final = f"""
    SELECT {CHANGE} FROM unnest(%s::uuid[]) AS listed (card_id)
    CROSS JOIN LATERAL (
        SELECT * FROM giftcards_ledgerentry
        WHERE gift_card_id = listed.card_id AND sequence > 1
        ORDER BY sequence DESC LIMIT {LOGGED_CHANGES}
    ) AS entry
    ORDER BY gift_card_id, sequence
"""  # noqa: S608 (a number of ours)


BalanceChange: TypeAlias = tuple[UUID, str, str, int, int, str | None, str | None]
"""One ledger entry as a card's logs show it: the card, the time as PostgreSQL writes it, kind, amount, the
balance after it, reference and order number. Amounts in minor units of the card's currency."""


@dataclass(frozen=True, slots=True)
class Available:
    """In minor units of the currency; the locale is that of the card's market, or None."""

    cents: int
    currency_code: str
    locale: str | None


def availability(card_ids: Iterable[UUID]) -> Mapping[UUID, Available]:
    """What can be spent of each card now: its balance without what open authorizations hold, by the clock
    (the card's own, where a test card has one)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT card.id, card.balance_cents - coalesce(held.cents, 0), card.currency_code, market.locale
            FROM giftcards_giftcard AS card
            LEFT JOIN markets_market AS market ON market.id = card.market_id
            LEFT JOIN LATERAL (
                SELECT sum(amount_cents)::bigint AS cents FROM giftcards_authorization
                WHERE gift_card_id = card.id AND status = 'open'
                    AND expires_at > coalesce(card.test_clock_at, clock_timestamp())
            ) AS held ON card.authorized_cents > 0
            WHERE card.id = ANY(%s)
            """,
            [list(card_ids)],
        )
        return {card_id: Available(*rest) for card_id, *rest in cursor.fetchall()}


def available_now(prefix: str) -> Case:
    """The same of one card as an expression; `prefix` is the ORM's way to the card."""
    clock = Func(function="clock_timestamp", output_field=DateTimeField())
    now = Coalesce(OuterRef(f"{prefix}test_clock_at"), clock)
    of_the_card = Authorization.objects.filter(gift_card_id=OuterRef(f"{prefix}pk"), expires_at__gt=now)
    held = of_the_card.filter(status=AuthorizationStatus.OPEN).order_by().values("gift_card_id")
    cents = Subquery(held.annotate(cents=Cast(Sum("amount_cents"), BigIntegerField())).values("cents"))
    balance = F(f"{prefix}balance_cents")
    has_some = Q(**{f"{prefix}authorized_cents__gt": 0})
    free = balance - Coalesce(cents, Value(0, BigIntegerField()))
    return Case(When(has_some, then=free), default=balance, output_field=BigIntegerField())


@dataclass(frozen=True, slots=True)
class PaymentTotals:
    """Of one payment, in minor units of its currency; the locale is that of the market it was spent in.

    `paid_cents` stays what was taken from cards; what was given back of it is `refunded_cents`."""

    currency_code: str
    locale: str | None
    amount_cents: int
    paid_cents: int
    refunded_cents: int

    @property
    def remaining_cents(self) -> int:
        """What the cards did not pay."""
        return self.amount_cents - self.paid_cents


def payment_totals(payment_ids: Iterable[UUID]) -> Mapping[UUID, PaymentTotals]:
    """From the ledger; one query, whatever the number of payments."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT payment.id, payment.currency_code, market.locale, payment.amount_cents,
                moved.paid, moved.refunded
            FROM giftcards_payment AS payment
            LEFT JOIN markets_market AS market ON market.id = payment.market_id
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(-amount_cents) FILTER (WHERE kind = 'debit'), 0)::bigint AS paid,
                    coalesce(sum(amount_cents) FILTER (WHERE kind = 'refund'), 0)::bigint AS refunded
                FROM giftcards_ledgerentry WHERE payment_id = payment.id
            ) AS moved
            WHERE payment.id = ANY(%s)
            """,
            [list(payment_ids)],
        )
        return {key: PaymentTotals(*told) for key, *told in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """What cards have paid of one order and did not get back, and the tax that this takes off it; in minor
    units of its currency."""

    gift_card_total_cents: int
    gift_card_tax_total_cents: int


def order_card_totals(order_ids: Iterable[UUID]) -> Mapping[UUID, OrderTotals]:
    """Of each order; one query. The rates are those of the shares, kept as they were."""
    given: defaultdict[UUID, list[Giving]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT listed.order_id, moved.paid, share.tax_rate
            FROM unnest(%s::uuid[]) AS listed (order_id)
            LEFT JOIN giftcards_paymentshare AS share ON share.order_id = listed.order_id
            CROSS JOIN LATERAL (
                SELECT coalesce(-sum(amount_cents), 0)::bigint AS paid FROM giftcards_ledgerentry
                WHERE payment_id = share.payment_id AND gift_card_id = share.gift_card_id
            ) AS moved
            """,
            [list(order_ids)],
        )
        for order_id, paid, tax_rate in cursor.fetchall():
            given[order_id].append(Giving(paid, tax_rate))
    return {order_id: _order_totals(shares) for order_id, shares in given.items()}


def _order_totals(shares: Sequence[Giving]) -> OrderTotals:
    """Whether an order's cards are taxed was decided when they paid: a share that is not has no rate."""
    paid = OrderAmounts(subtotal_cents=sum(share.amount_cents for share in shares))
    totals = card_totals(paid, shares, cards_are_taxable=True)
    return OrderTotals(totals.gift_card_total_cents, totals.gift_card_tax_total_cents)


def shares_of_payments(payment_ids: Iterable[UUID]) -> Mapping[UUID, list[PaymentShare]]:
    """What each card gave to each payment, in the order of use; one query."""
    shares: defaultdict[UUID, list[PaymentShare]] = defaultdict(list)
    for share in PaymentShare.objects.filter(payment_id__in=list(payment_ids)).order_by("id"):
        shares[share.payment_id].append(share)
    return shares


def order_lines(order_ids: Iterable[UUID]) -> Mapping[UUID, list[OrderLine]]:
    """Of each order in their places; one query, whatever the number of orders."""
    lines: defaultdict[UUID, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=list(order_ids)).order_by("order_id", "position"):
        lines[line.order_id].append(line)
    return lines


def available_balances(card_ids: Iterable[UUID]) -> Mapping[UUID, int]:
    """The amounts of `availability` alone."""
    return {card_id: available.cents for card_id, available in availability(card_ids).items()}


def cards_with_lapsed_authorizations() -> list[tuple[UUID, str]]:
    """The cards, each with its mode, of which an authorization is written down as open and its time is over:
    in the order of their keys."""
    open_ones = Authorization.objects.filter(status=AuthorizationStatus.OPEN)
    lapsed = open_ones.filter(reads_as({AuthorizationStatus.EXPIRED}))
    return list(lapsed.order_by("gift_card_id").values_list("gift_card_id", "mode").distinct())


def refundable_entries(card_id: UUID) -> list[tuple[LedgerEntry, int]]:
    """The latest 100 debits and captures of a card of which something is left to refund, newest first, each
    with how much, in minor units."""
    spent = LedgerEntry.objects.filter(gift_card_id=card_id, kind__in=SPENDING)
    with_left: QuerySet[Any] = spent.annotate(
        left=-F("amount_cents") - Coalesce(Sum("refunds__amount_cents"), 0)
    )
    return [(entry, entry.left) for entry in with_left.filter(left__gt=0).order_by("-sequence")[:100]]


def statuses_by_the_clock(authorization_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """An open authorization whose time is over reads `expired`, whether somebody has written that down or
    not."""
    named = Authorization.objects.filter(pk__in=list(authorization_ids)).by_the_clock()
    return dict(named.values_list("pk", "status_now"))


def tags_named(names: Iterable[str], caller: Caller) -> list[Tag]:
    """The caller's tags of these names; what names none is left out."""
    return list(Tag.objects.visible_to(caller).filter(name__in=set(names)))


def latest_changes(card_ids: Iterable[UUID]) -> Mapping[UUID, list[BalanceChange]]:
    """The latest 100 changes after issue of each card, oldest first; one query, whatever the number of cards,
    and a second one for those that have so many."""
    changes = _changes(FIRST_CHANGES, card_ids)
    # To look for the latest of each card costs twice as much, and few have more than the first.
    longest = [card_id for card_id, each in changes.items() if len(each) == LOGGED_CHANGES]
    return changes | _changes(LATEST_CHANGES, longest) if longest else changes


def _changes(sql: str, card_ids: Iterable[UUID]) -> dict[UUID, list[BalanceChange]]:
    rows = cast(list[BalanceChange], rows_of(sql, [array_of(card_ids)]))
    return {card_id: list(each) for card_id, each in groupby(rows, itemgetter(0))}


def currencies_of_cards() -> list[str]:
    """By a look into the index for each: to ask for all that differ would be to read every card."""
    found = set()
    for mode in Mode.values:
        code = _currency_after("", mode)
        while code:
            found.add(code)
            code = _currency_after(code, mode)
    return sorted(found)


def _currency_after(code: str, mode: str) -> str | None:
    cards = GiftCard.objects.filter(mode=mode, currency_code__gt=code).order_by("currency_code")
    return cards.values_list("currency_code", flat=True).first()
