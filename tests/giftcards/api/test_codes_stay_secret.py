"""A code is money for whoever reads it: whole for a key that may see codes, and in clear nowhere else."""

import logging

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.scopes import EVERY_SCOPE, Scope
from tests.fixtures.cast import a_draft
from tests.fixtures.client import api_client
from tests.fixtures.raw_sql import run
from tests.giftcards.api.documents import of_card
from tests.giftcards.api.raw import send_raw

pytestmark = pytest.mark.django_db

SENTINEL = "SENTINEL-OF-A-CODE-4711"
REFUSED = "REFUSED-SENTINEL-THAT-IS-FAR-TOO-LONG-TO-BE-A-CODE"


@pytest.fixture
def blind():
    """A key with every scope but the one to read codes."""
    return api_client(scopes=[scope for scope in EVERY_SCOPE if scope != Scope.REVEAL_CODES])


def everything_stored():
    """Every row of every table as text. A text inside bytes would show as hexadecimal digits."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')  # noqa: S608 (the database's own names)
            for (row,) in cursor.fetchall():
                yield f"{table}: {row}"


def forms_of(text):
    return {text, text.lower(), text.encode().hex(), text[::-1]}


def test_a_key_that_may_not_see_codes_gets_the_last_four(blind):
    card = a_draft(code=SENTINEL)

    assert blind.get(f"gift_cards/{card.pk}").document == of_card(card, code="****4711")
    (listed,) = blind.get("gift_cards?fields[gift_cards]=code").document["data"]
    assert listed["attributes"] == {"code": "****4711"}
    included = blind.update(f"gift_cards/{card.pk}", _purchase=True)
    assert included.document == of_card(card, code="****4711", status="inactive")


def test_not_even_the_one_who_chose_or_made_a_code_sees_it_without_the_scope(blind):
    chosen = blind.create("gift_cards", balance_cents=1, currency_code="USD", code=SENTINEL)
    made = blind.create("gift_cards", balance_cents=1, currency_code="USD")

    assert chosen.document["data"]["attributes"]["code"] == "****4711"
    assert made.document["data"]["attributes"]["code"].startswith("****")
    assert len(made.document["data"]["attributes"]["code"]) == 8


@pytest.mark.parametrize(
    "damage", ["code_ciphertext = decode(repeat('00', 40), 'hex')", "code_key_version = 77"]
)
def test_a_code_that_can_not_be_opened_is_masked_and_hides_no_other(damage, caplog):
    whole, damaged = a_draft(code=SENTINEL), a_draft(code="DAMAGED-CODE-0815")
    run(f"UPDATE giftcards_giftcard SET {damage} WHERE id = %s", damaged.pk)  # noqa: S608 (see above)
    shop = api_client(scopes=EVERY_SCOPE)

    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            listed = shop.get("gift_cards?sort=created_at&fields[gift_cards]=code").document["data"]
            assert [card["attributes"]["code"] for card in listed] == [SENTINEL, "****0815"]

    (record,) = caplog.records
    assert str(damaged.pk) in record.getMessage()
    assert str(whole.pk) not in record.getMessage()
    assert "DAMAGED" not in caplog.text


def test_a_mask_that_is_sent_back_is_refused_like_any_code(blind):
    card = a_draft(code=SENTINEL)

    assert blind.update(f"gift_cards/{card.pk}", code="****4711").status == 400


def whole_life(api):
    """A card's life with its code in every place that takes one, refusals included; returns the answers."""
    minimum = {"balance_cents": 10_000, "currency_code": "USD", "recipient_email": "ada@example.com"}
    created = api.create("gift_cards", code=SENTINEL, **minimum)
    address = f"gift_cards/{created.document['data']['id']}"
    yield 201, created
    yield 422, api.create("gift_cards", code=SENTINEL, **minimum)
    yield 422, api.create("gift_cards", code=REFUSED, **minimum)
    yield 422, api.create("gift_cards", code=[SENTINEL], **minimum)
    yield 400, api.update(address, code=SENTINEL)
    yield 400, send_raw(api, "POST", "gift_cards", f'{{"data": {{"code": "{SENTINEL}"')
    for trigger in ({"_purchase": True}, {"_activate": True}, {"_balance_change_cents": -1}):
        yield 200, api.update(address, **trigger)
    yield 422, api.update(address, _balance_change_cents=-10_000)
    yield 422, api.update(address, _purchase=True)
    for matcher in ("eq", "in", "cont"):
        yield 200, api.get(f"gift_cards?filter[q][code_{matcher}]={SENTINEL}")
    yield 400, api.get(f"gift_cards?filter[q][code_start]={SENTINEL}")
    yield 400, api.get(f"gift_cards?filter[q][code_end]={SENTINEL}")
    yield 423, api.delete(address)


def test_no_code_is_stored_queried_or_logged_in_clear(api, caplog, capfd):
    # Lower than the service's own level, so that there is something to read.
    for logger in ("", "django", "django.request"):
        caplog.set_level(logging.DEBUG, logger)
    with CaptureQueriesContext(connection) as queries:
        answers = list(whole_life(api))

    assert [answer.status for _status, answer in answers] == [status for status, _answer in answers]
    said = [record.getMessage() + str(record.args) + str(record.exc_info) for record in caplog.records]
    output = "".join(capfd.readouterr())
    statements = [query["sql"] for query in queries]
    assert statements
    for text in (SENTINEL, REFUSED):
        for form in forms_of(text):
            assert [row for row in everything_stored() if form in row] == []
            assert [sql for sql in statements if form in sql] == []
            assert [line for line in (*said, output) if form in line] == []


def test_no_refusal_repeats_a_code(api):
    refusals = [answer for status, answer in whole_life(api) if status >= 400]

    assert [
        answer
        for answer in refusals
        if any(form in str(answer.document) for text in (SENTINEL, REFUSED) for form in forms_of(text))
    ] == []
