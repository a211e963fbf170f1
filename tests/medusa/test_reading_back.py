"""A write whose answer can't be read: nobody is told that nothing has changed when something has."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from config.settings import PREPARE_AFTER
from giftcards.models import GiftCard, Order
from tests.fixtures.locks import held_back

pytestmark = pytest.mark.django_db(transaction=True)

READ_WITH_THE_ANSWER = "giftcards_order"
"""And not touched by a new balance."""


def corrected(shop, card, **headers):
    with held_back(READ_WITH_THE_ANSWER):
        return shop.post(f"/admin/gift-cards/{card['id']}", {"balance": 10}, **headers)


def test_a_balance_that_is_corrected_is_told_to_be_so(shop, region):
    card = shop.create(region)
    answer = corrected(shop, card)

    assert (answer.status, answer.headers.get("Retry-After")) == (503, None)
    assert "This has been done" in answer.body["message"]
    assert GiftCard.objects.get().balance_cents == 10


def test_with_a_key_it_is_undone_and_may_be_sent_again(shop, region):
    card = shop.create(region)
    answer = corrected(shop, card, **{"idempotency-key": "7"})

    assert (answer.status, answer.headers.get("Retry-After")) == (503, "1")
    assert "nothing has changed" in answer.body["message"]
    assert GiftCard.objects.get().balance_cents == card["balance"]


def test_what_a_migration_has_changed_meanwhile_hides_no_card_that_is_made(shop, region):
    """psycopg has prepared how the answer is read, and PostgreSQL refuses a plan whose columns have another
    type by now."""
    for _ in range(PREPARE_AFTER + 2):
        shop.create(region)
    made = GiftCard.objects.count()
    with references_as_long_as(300):
        answer = shop.post("/admin/gift-cards", {"value": 1000, "region_id": str(region.pk)})

    assert (answer.status, answer.headers.get("Retry-After")) == (503, None)
    assert "This has been done" in answer.body["message"]
    assert GiftCard.objects.count() == made + 1


@contextmanager
def references_as_long_as(length: int) -> Iterator[None]:
    """Those of orders. Where a connection changes a column itself, psycopg forgets what it has prepared."""
    before = Order._meta.get_field("reference").max_length
    change = f"ALTER TABLE {READ_WITH_THE_ANSWER} ALTER COLUMN reference TYPE varchar(%s)"
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        other.execute(change % length)
        yield
        other.execute(change % before)
    connection.close()
