"""What a list of orders asks PostgreSQL for, on enough of them that a scan would be the wrong plan."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from kernel.modes import Mode
from markets.models import Market
from tests.fixtures.client import ApiClient, api_client
from tests.scale.test_lists_are_served_by_indexes import plan_of

# Orders without events are lies, and twenty thousand of them would be told one by one.
pytestmark = [pytest.mark.django_db, pytest.mark.tampers]

ORDERS: Final = 20_000
FEW: Final = 50
READS_ORDERS: Final = re.compile(r"SELECT (?!COUNT).* FROM \"giftcards_order\"", re.DOTALL)

MANY_ORDERS: Final = """
    INSERT INTO giftcards_order (
        id, mode, metadata, market_id, currency_code, reference, display_number, customer_email, created_at,
        updated_at
    )
    SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
        'test', '{}', %s, 'USD', 'order-' || n, n, n || '@example.com', now() + n * interval '1 second',
        now() + n * interval '1 second'
    FROM generate_series(1, %s) AS n
"""
QUERIES: Final = [
    "",
    "sort=id",
    "sort=created_at",
    "sort=-created_at",
    "filter[q][id_eq]=01900000-0000-7000-8000-000000000002",
    "filter[q][reference_eq]=order-4242",
    "filter[q][reference_in]=order-4242,order-4244",
    "filter[q][display_number_eq]=4242",
    "filter[q][display_number_gt]=19990",
    "filter[q][customer_email_eq]=4242@example.com",
    "filter[q][created_at_gt]=2099-01-01T00:00:00Z",
]


@pytest.fixture(scope="module")
def market(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Market]:
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # Not by its operation: the event would stay behind.
        market = Market.objects.create(
            mode=Mode.TEST, number=1, name="Berlin", currency_code="USD", time_zone="UTC", locale="en_US"
        )
        cursor.execute(MANY_ORDERS, [market.pk, ORDERS])
        cursor.execute("ANALYZE giftcards_order")
    yield market
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM giftcards_order")
        cursor.execute("DELETE FROM markets_market WHERE id = %s", [market.pk])


@pytest.fixture
def client(market: Market) -> ApiClient:
    return api_client(Mode.TEST)


@pytest.mark.parametrize("query", QUERIES)
def test_a_list_reads_few_orders_that_it_does_not_show(client: ApiClient, query: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(f"gift_card_orders?{query}&fields[gift_card_orders]=reference")
    assert answer.status == 200, answer.document
    statements = [each["sql"] for each in captured if READS_ORDERS.match(each["sql"])]
    assert statements, "no statement read the orders"
    looked_at = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    read = sum(
        sum(step.get(name, 0) for name in looked_at) * step["Actual Loops"]
        for sql in statements
        for step in plan_of(sql)
        if step.get("Relation Name") == "giftcards_order"
    )
    assert read <= FEW
