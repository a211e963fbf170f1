"""What a list asks PostgreSQL for, on enough cards that a scan would be the wrong plan."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from api.filtering import Search
from kernel.modes import Mode
from tests.fixtures.client import MEDIA_TYPE, ApiClient, api_client

# Twenty thousand drafts would be verified one by one, to no purpose.
pytestmark = [pytest.mark.django_db, pytest.mark.tampers]

CARDS: Final = 20_000
READS_CARDS: Final = re.compile(r"(?!.*COUNT\().* FROM \"giftcards_giftcard\"", re.DOTALL)

# Drafts owe nothing and have no entries, so these can be made without an operation.
MANY_CARDS: Final = """
    INSERT INTO giftcards_giftcard (
        id, mode, metadata, status, code_digest, code_prefix_digest, code_ciphertext, code_last_four,
        code_key_version, currency_code, initial_balance_cents, balance_cents, ledger_sequence, single_use,
        rechargeable, distribute_discount, expires_at, reference, created_at, updated_at
    )
    SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
        CASE n %% 2 WHEN 0 THEN 'test' ELSE 'live' END, jsonb_build_object('n', n), 'draft',
        sha256(n::text::bytea), sha256(n::text::bytea), 'x', lpad((n %% 9999)::text, 4, '0'),
        1, CASE n %% 3 WHEN 0 THEN 'EUR' ELSE 'USD' END, n, n, 0, false,
        true, true, now() + n * interval '1 minute', 'order-' || n,
        now() + n * interval '1 second', now() + n * interval '1 second'
    FROM generate_series(1, %s) AS n
"""
QUERIES: Final = [
    "",
    "sort=id",
    "sort=created_at",
    "sort=-created_at",
    "sort=updated_at",
    "sort=-updated_at",
    "sort=expires_at",
    "sort=-expires_at",
    "sort=balance_cents",
    "sort=-balance_cents",
    "sort=status",
    "sort=currency_code",
    "sort=reference",
    "sort=-reference",
    "filter[q][id_eq]=01900000-0000-7000-8000-000000000002",
    "filter[q][id_in]=01900000-0000-7000-8000-000000000002,01900000-0000-7000-8000-000000000004",
    "filter[q][code_eq]=not-a-code-of-ours",
    "filter[q][code_in]=not-a-code-of-ours,nor-is-this-one",
    "filter[q][code_start]=abcdefgh",
    "filter[q][code_end]=0042",
    "filter[q][status_eq]=active",
    "filter[q][status_in]=active,redeemed",
    "filter[q][currency_code_eq]=GBP",
    "filter[q][reference_eq]=order-4242",
    "filter[q][reference_in]=order-4242,order-4244",
    "filter[q][reference_start]=order-424",
    "filter[q][created_at_gt]=2099-01-01T00:00:00Z",
    "filter[q][updated_at_lt]=2001-01-01T00:00:00Z",
    "filter[q][expires_at_gteq]=2099-01-01T00:00:00Z",
    "filter[q][balance_cents_eq]=4242",
    "filter[q][balance_cents_lt]=10",
    'filter[q][metadata_jcont]={"n": 4242}',
    "filter[q][market_id_eq]=01900000-0000-7000-8000-000000000002",
    "filter[q][gift_card_recipient_email_eq]=ada@example.com",
    "filter[q][gift_card_recipient_email_start]=ada@",
]


ORDERS: Final = ("-id", "created_at", "-updated_at", "-balance_cents", "expires_at", "reference", "status")
FEW: Final = 50
CURSORS: Final = f'{MEDIA_TYPE};profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"'


@pytest.fixture(scope="module")
def _many_cards(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Beside the tests' own transactions, because making them takes longer than reading them."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(MANY_CARDS, [CARDS])
        cursor.execute("ANALYZE giftcards_giftcard")
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM giftcards_giftcard")


@pytest.fixture
def client(_many_cards: None) -> ApiClient:
    return api_client(Mode.TEST)


@pytest.mark.parametrize("query", QUERIES)
def test_a_list_reads_few_cards_that_it_does_not_show(client: ApiClient, query: str) -> None:
    assert cards_read(client, query) <= FEW


@pytest.mark.parametrize("order", ORDERS)
def test_a_page_deep_inside_is_read_like_the_first(client: ApiClient, order: str) -> None:
    answer = Client().get(
        f"/api/gift_cards?sort={order}&fields[gift_cards]=status&filter[q][reference_eq]=order-{CARDS // 2}",
        headers={"accept": CURSORS, "authorization": client.authorization},
    )
    (card,) = answer.json()["data"]
    cursor = card["meta"]["page"]["cursor"]
    assert cards_read(client, f"sort={order}&page[after]={cursor}") <= FEW


def test_an_order_without_an_index_would_be_noticed(client: ApiClient) -> None:
    assert cards_read(client, "sort=balance_max_cents") >= CARDS / 2


def test_what_is_old_is_not_reached_through_all_that_is_newer(client: ApiClient) -> None:
    found = client.get("gift_cards?filter[q][reference_eq]=order-10000&fields[gift_cards]=created_at")
    (card,) = found.document["data"]
    older = f"filter[q][created_at_lt]={card['attributes']['created_at']}"

    assert cards_read(client, older) <= FEW
    assert cards_read(client, f"{older}&sort=-id") >= CARDS / 5  # the control


NO_CARD_HAS_IT: Final = "filter[q][balance_cents_gt]=99999999"
OFTEN: Final = 12
"""Until PostgreSQL has settled for a plan, and some more."""


def test_what_no_card_has_is_not_looked_for_as_if_many_had_it(client: ApiClient) -> None:
    assert cards_fetched(client, NO_CARD_HAS_IT) <= FEW


def test_with_a_limit_that_postgresql_knows_it_would_be(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Search, "is_a_search", False)
    # It walks by the keys, where a third of all cards would fill a page soon.
    assert cards_fetched(client, NO_CARD_HAS_IT) >= CARDS / 2


def cards_fetched(client: ApiClient, query: str) -> int:
    """How many cards PostgreSQL looks at when a list is asked for once more, after it was asked for often."""
    address = f"gift_cards?{query}&fields[gift_cards]=status"
    assert {client.get(address).status for _ in range(OFTEN)} == {200}
    before = _fetched_so_far()
    assert client.get(address).status == 200
    return _fetched_so_far() - before


def _fetched_so_far() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = %s",
            ["giftcards_giftcard"],
        )
        ((fetched,),) = cursor.fetchall()
    return int(fetched)


def cards_read(client: ApiClient, query: str) -> int:
    """How many cards PostgreSQL looks at to show one page; the count is another matter."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(f"gift_cards?{query}&fields[gift_cards]=status")
    assert answer.status == 200, answer.document
    statements = [each["sql"] for each in captured if READS_CARDS.match(each["sql"])]
    assert statements, "no statement read the cards"
    return sum(rows_of(step) for sql in statements for step in plan_of(sql))


def rows_of(step: dict[str, Any]) -> int:
    """What a step of a plan looked at; a bitmap's own steps name an index, not the table."""
    if step.get("Relation Name") != "giftcards_giftcard":
        return 0
    looked_at = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return int(sum(step.get(name, 0) for name in looked_at) * step["Actual Loops"])


def plan_of(sql: str) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        ((plan,),) = cursor.fetchall()
    waiting = [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]]
    while waiting:
        step = waiting.pop()
        waiting += step.get("Plans", [])
        yield step
