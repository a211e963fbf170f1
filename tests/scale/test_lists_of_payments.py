"""What a list of payments asks PostgreSQL for, on enough of them that a scan would be the wrong plan."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from kernel.modes import Mode
from tests.fixtures.client import ApiClient, api_client
from tests.scale.test_lists_are_served_by_indexes import plan_of

# Payments that took nothing are lies, and twenty thousand of them would be told one by one.
pytestmark = [pytest.mark.django_db, pytest.mark.tampers]

PAYMENTS: Final = 20_000
FEW: Final = 50
READS_PAYMENTS: Final = re.compile(r"SELECT (?!COUNT).* FROM \"giftcards_payment\"", re.DOTALL)

MANY_PAYMENTS: Final = """
    INSERT INTO giftcards_payment (
        id, mode, metadata, amount_cents, currency_code, partial, reference, order_number,
        created_at, updated_at
    )
    SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
        CASE n %% 2 WHEN 0 THEN 'test' ELSE 'live' END, '{}', n, 'EUR', true, 'order-' || n, '#' || n,
        now() + n * interval '1 second', now() + n * interval '1 second'
    FROM generate_series(1, %s) AS n
"""
QUERIES: Final = [
    "",
    "sort=id",
    "sort=created_at",
    "sort=-created_at",
    "sort=reference",
    "sort=-reference",
    "sort=order_number",
    "sort=-order_number",
    "filter[q][id_eq]=01900000-0000-7000-8000-000000000002",
    "filter[q][reference_eq]=order-4242",
    "filter[q][reference_in]=order-4242,order-4244",
    "filter[q][order_number_eq]=%234242",
    "filter[q][created_at_gt]=2099-01-01T00:00:00Z",
]


@pytest.fixture(scope="module")
def _many_payments(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(MANY_PAYMENTS, [PAYMENTS])
        cursor.execute("ANALYZE giftcards_payment")
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM giftcards_payment")


@pytest.fixture
def client(_many_payments: None) -> ApiClient:
    return api_client(Mode.TEST)


@pytest.mark.parametrize("query", QUERIES)
def test_a_list_reads_few_payments_that_it_does_not_show(client: ApiClient, query: str) -> None:
    assert payments_read(client, query) <= FEW


def test_an_order_without_an_index_would_be_noticed(client: ApiClient) -> None:
    assert payments_read(client, "filter[q][amount_cents_eq]=4242") >= PAYMENTS / 2


def payments_read(client: ApiClient, query: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(f"gift_card_payments?{query}&fields[gift_card_payments]=amount_cents")
    assert answer.status == 200, answer.document
    statements = [each["sql"] for each in captured if READS_PAYMENTS.match(each["sql"])]
    assert statements, "no statement read the payments"
    return sum(rows_of(step) for sql in statements for step in plan_of(sql))


def rows_of(step: dict[str, Any]) -> int:
    if step.get("Relation Name") != "giftcards_payment":
        return 0
    looked_at = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return int(sum(step.get(name, 0) for name in looked_at) * step["Actual Loops"])
