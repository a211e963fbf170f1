"""PostgreSQL refuses a write, though nothing is lacking: it is a standby that nobody has promoted yet, or a
migration has changed what the connection had prepared. Nothing has changed, and the client is told so."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import NotSupportedError, connection

from api.errors import Rejection
from api.idempotency import reading_back
from giftcards.models import GiftCard, Kind, LedgerEntry
from tests.fixtures.cast import an_active_card
from tests.fixtures.client import Answer, ApiClient, api_client
from tests.fixtures.fingerprint import fingerprint
from tests.giftcards.api.raw import send_raw

pytestmark = pytest.mark.django_db(transaction=True)


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def standby() -> Iterator[None]:
    """As far as this connection can see."""
    sql("SET default_transaction_read_only = on")
    try:
        yield
    finally:
        sql("RESET default_transaction_read_only")


def debit(api: ApiClient, card: GiftCard, **headers: str) -> Answer:
    data = {"type": "gift_cards", "id": str(card.pk), "attributes": {"_balance_change_cents": -1}}
    return send_raw(api, "PATCH", f"gift_cards/{card.pk}", json.dumps({"data": data}), **headers)


def assert_nothing_has_changed(answer: Answer) -> None:
    assert (answer.status, answer.headers.get("Retry-After")) == (503, "1")
    assert "nothing has changed" in answer.document["errors"][0]["detail"]


@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "order 1"}])
def test_a_write_to_a_standby_changes_nothing_and_may_be_sent_again(headers: dict[str, str]):
    card, api = an_active_card(), api_client()
    before = fingerprint()
    with standby():
        assert_nothing_has_changed(debit(api, card, **headers))
    assert fingerprint() == before

    assert debit(api, card, **headers).status == 200
    assert LedgerEntry.objects.filter(gift_card=card, kind=Kind.DEBIT).count() == 1


def test_a_write_that_a_migration_has_overtaken_is_undone_and_may_be_sent_again():
    """Its answer reads a column that has another type since; there is no second try in a transaction."""
    card, api = an_active_card(), api_client()
    for number in range(8):
        assert debit(api, card, **{"idempotency-key": f"order {number}"}).status == 200
    sql("ALTER TABLE giftcards_giftcard ALTER COLUMN reference TYPE varchar(300)")
    try:
        before = fingerprint()
        assert_nothing_has_changed(debit(api, card, **{"idempotency-key": "overtaken"}))
        assert fingerprint() == before
        assert debit(api, card, **{"idempotency-key": "overtaken"}).status == 200
    finally:
        sql("ALTER TABLE giftcards_giftcard ALTER COLUMN reference TYPE varchar(255)")
    assert LedgerEntry.objects.filter(gift_card=card, kind=Kind.DEBIT).count() == 9


def test_a_write_that_is_done_is_never_told_to_have_changed_nothing():
    """Without a key it is committed before its answer is read."""
    with pytest.raises(Rejection) as rejection, reading_back():
        raise NotSupportedError("cached plan must not change result type")

    assert rejection.value.headers == {}
    assert "This has been done" in str(rejection.value)
