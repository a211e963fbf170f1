"""What lists of the ledger, of refunds and of authorizations ask PostgreSQL for, on enough rows that a scan
would be the wrong plan."""

import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from kernel.modes import Mode
from tests.fixtures.cast import a_draft
from tests.fixtures.client import ApiClient, api_client
from tests.scale.test_lists_are_served_by_indexes import plan_of

# What is inserted past the operations is a lie each time.
pytestmark = [pytest.mark.django_db, pytest.mark.tampers]

ROWS: Final = 20_000
FEW: Final = 60
TABLES: Final = {
    "gift_card_transactions": "giftcards_ledgerentry",
    "gift_card_refunds": "giftcards_ledgerentry",
    "gift_card_authorizations": "giftcards_authorization",
}
OF_EVERY: Final = (
    "",
    "sort=id",
    "sort=created_at",
    "sort=-created_at",
    "filter[q][id_eq]=01900000-0000-7000-8000-000000000002",
    "filter[q][reference_eq]=order-4242",
    "filter[q][reference_in]=order-4242,order-4244",
    "filter[q][order_number_eq]=%234242",
    "filter[q][created_at_gt]=2099-01-01T00:00:00Z",
    "filter[q][created_at_lt]=2001-01-01T00:00:00Z",
)
QUERIES: Final = [
    *((resource, query) for resource in TABLES for query in OF_EVERY),
    ("gift_card_transactions", "filter[q][kind_eq]=cash_out"),
    ("gift_card_transactions", "filter[q][kind_in]=cash_out,adjustment"),
    ("gift_card_transactions", "filter[q][gift_card_id_eq]={card}&sort=sequence"),
    ("gift_card_transactions", "filter[q][gift_card_id_eq]={card}"),
    ("gift_card_transactions", "filter[q][market_id_eq]=01900000-0000-7000-8000-000000000002"),
    ("gift_card_transactions", "filter[q][authorization_id_eq]=01900000-0000-7000-8000-000000000002"),
    ("gift_card_transactions", "filter[q][payment_id_eq]=01900000-0000-7000-8000-000000000002"),
    ("gift_card_refunds", "sort=-updated_at"),
    ("gift_card_refunds", "filter[q][transaction_id_eq]=01900000-0000-7000-8000-000000000002"),
    ("gift_card_authorizations", "sort=expires_at"),
    ("gift_card_authorizations", "sort=-expires_at"),
    ("gift_card_authorizations", "sort=reference"),
    ("gift_card_authorizations", "sort=-order_number"),
    ("gift_card_authorizations", "filter[q][status_eq]=captured"),
    ("gift_card_authorizations", "filter[q][status_eq]=voided"),
    ("gift_card_authorizations", "filter[q][status_eq]=open"),
    ("gift_card_authorizations", "filter[q][status_not_eq]=open"),
    ("gift_card_authorizations", "filter[q][expires_at_lt]=2001-01-01T00:00:00Z"),
    ("gift_card_authorizations", "filter[q][gift_card_id_eq]={card}"),
]

# Two hundred cards of a hundred entries each: a debit, a refund of every tenth, and one issue.
MANY_ENTRIES: Final = """
    INSERT INTO giftcards_ledgerentry (
        id, mode, gift_card_id, sequence, kind, currency_code, amount_cents, balance_cents, actor_kind,
        actor_id, actor_name, reason, reference, order_number, original_sequence, created_at, hash_version,
        hash
    )
    SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'test',
        cards.ids[1 + n / 100], 1 + n %% 100,
        CASE WHEN n %% 100 = 0 THEN 'issue' WHEN n %% 10 = 0 THEN 'refund' ELSE 'debit' END, 'USD',
        CASE WHEN n %% 10 = 0 THEN 1 ELSE -1 END, 1000, 'system', 'scale', 'scale', '', 'order-' || n,
        '#' || n, CASE WHEN n %% 10 = 0 AND n %% 100 > 0 THEN n %% 100 END,
        now() + n * interval '1 second', 1, ''
    FROM generate_series(0, %s - 1) AS n, (SELECT %s::uuid[] AS ids) AS cards
"""
MANY_HOLDS: Final = """
    INSERT INTO giftcards_authorization (
        id, mode, metadata, gift_card_id, status, currency_code, amount_cents, captured_amount_cents,
        expires_at, reference, order_number, created_at, updated_at
    )
    SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'test', '{}',
        cards.ids[1 + n / 100], CASE WHEN n %% 2 = 0 THEN 'open' ELSE 'expired' END, 'USD', 1, 0,
        now() + (n + 1) * interval '1 hour', 'order-' || n, '#' || n,
        now() + n * interval '1 second', now()
    FROM generate_series(0, %s - 1) AS n, (SELECT %s::uuid[] AS ids) AS cards
"""
EMPTIED: Final = (
    "giftcards_ledgerentry",
    "giftcards_authorization",
    "giftcards_codekeyfingerprint",
    "events_event",
)


@pytest.fixture(scope="module")
def a_card(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[UUID]:
    """One of many cards with many entries, beside the tests' own transactions."""
    with django_db_blocker.unblock():
        cards = [a_draft().pk for _ in range(ROWS // 100)]
        with connection.cursor() as cursor:
            cursor.execute(MANY_ENTRIES, [ROWS, cards])
            cursor.execute(MANY_HOLDS, [ROWS, cards])
            cursor.execute("ANALYZE giftcards_ledgerentry, giftcards_authorization, giftcards_giftcard")
    yield cards[len(cards) // 2]
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in EMPTIED:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 (names of ours)
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("DELETE FROM giftcards_giftcard")  # by a trigger, they are counted off
        cursor.execute("COMMIT")


@pytest.fixture
def client(a_card: UUID) -> ApiClient:
    return api_client(Mode.TEST)


@pytest.mark.parametrize(("resource", "query"), QUERIES)
def test_a_list_reads_few_rows_that_it_does_not_show(
    client: ApiClient, a_card: UUID, resource: str, query: str
) -> None:
    # A card's own range is read where a list is of that card.
    allowed = 2 * 100 + FEW if "{card}" in query else FEW
    assert rows_read(client, resource, query.format(card=a_card)) <= allowed


@pytest.mark.parametrize("order", ["-id", "sequence", "created_at"])
def test_a_cards_statement_reads_that_cards_range(client: ApiClient, a_card: UUID, order: str) -> None:
    assert rows_read(client, "gift_card_transactions", f"sort={order}", of_card=a_card) <= 2 * 100 + FEW


def test_a_scan_would_be_noticed(client: ApiClient) -> None:
    assert rows_read(client, "gift_card_transactions", "filter[q][amount_cents_eq]=4242") >= ROWS / 2


def rows_read(client: ApiClient, resource: str, query: str, *, of_card: UUID | None = None) -> int:
    """How many rows PostgreSQL looks at to show one page; the count is another matter."""
    table = TABLES[resource]
    address = resource if of_card is None else f"gift_cards/{of_card}/transactions"
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(f"{address}?{query}&fields[{resource}]=amount_cents")
    assert answer.status == 200, answer.document
    reads = re.compile(rf'SELECT (?!COUNT|1 AS).* FROM "{table}"', re.DOTALL)  # noqa: S608 (no statement)
    statements = [each["sql"] for each in captured if reads.match(each["sql"])]
    assert statements, "no statement read the rows"
    return sum(rows_of(step, table) for sql in statements for step in plan_of(sql))


def rows_of(step: dict[str, Any], table: str) -> int:
    if step.get("Relation Name") != table:
        return 0
    looked_at = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return int(sum(step.get(name, 0) for name in looked_at) * step["Actual Loops"])
