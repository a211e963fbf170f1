"""Retried requests about money: the same key, the same answer, one effect; and no code for whoever may not
see it."""

import json

import pytest
from django.db import connection
from django.test import Client

from events.models import Event
from giftcards.models import GiftCard, LedgerEntry
from tests.fixtures.cast import an_active_card
from tests.fixtures.client import MEDIA_TYPE, api_client

pytestmark = pytest.mark.django_db

CODE = "SENTINEL-CODE-4711"
SELLER = ("gift_cards:read", "gift_cards:issue")


def ask(api, method, path, attributes, *, pk=None, key="order-1"):
    data = {"type": "gift_cards", "attributes": attributes} | ({"id": str(pk)} if pk else {})
    headers = {"accept": MEDIA_TYPE, "authorization": api.authorization, "idempotency-key": key}
    return Client().generic(method, f"/api/{path}", json.dumps({"data": data}), MEDIA_TYPE, headers=headers)


def sell(api, **options):
    attributes = {"balance_cents": 100, "currency_code": "EUR", "code": CODE}
    return ask(api, "POST", "gift_cards", attributes, **options)


def debit(api, card, cents, **options):
    path = f"gift_cards/{card.pk}"
    return ask(api, "PATCH", path, {"_balance_change_cents": -cents}, pk=card.pk, **options)


def test_a_debit_that_is_repeated_takes_its_amount_once(api):
    card = an_active_card(balance_cents=1000)

    answers = [debit(api, card, 700) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.content for answer in answers}) == 1
    assert GiftCard.objects.get().balance_cents == 300
    assert LedgerEntry.objects.count() == 2
    assert Event.objects.filter(topic="gift_cards.debit").count() == 1


def test_a_debit_that_was_too_high_may_be_lowered_under_its_key(api):
    card = an_active_card(balance_cents=1000)

    statuses = [debit(api, card, cents).status_code for cents in (1001, 1000, 1000, 1001)]

    assert statuses == [422, 200, 200, 422]
    assert GiftCard.objects.get().balance_cents == 0


def test_a_code_that_is_taken_is_told_apart_from_a_retry(api):
    answers = [sell(api, key=key) for key in ("order-1", "order-2", "order-1")]

    assert [answer.status_code for answer in answers] == [201, 422, 201]
    assert answers[1].json()["errors"][0]["source"] == {"pointer": "/data/attributes/code"}
    assert GiftCard.objects.count() == 1


def test_a_code_is_repeated_to_nobody_who_may_not_see_codes(api):
    """Both keys are the shop's own: the first may see codes, the second may not."""
    without = api_client(scopes=SELLER)
    sold = sell(api)
    card = GiftCard.objects.get()
    assert sold.json()["data"]["attributes"]["code"] == CODE

    answer = sell(without)

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (409, "IDEMPOTENT_ANSWER_GONE")
    assert error["meta"]["resource"] == {"type": "gift_cards", "id": str(card.pk)}
    assert CODE not in answer.content.decode()
    assert sell(api).content == sold.content
    assert GiftCard.objects.count() == 1


def test_a_code_lies_nowhere_in_what_is_kept_for_retries(api):
    sell(api)

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_json(k)::text FROM api_idempotencykey k")
        ((key,),) = cursor.fetchall()
        cursor.execute("SELECT ciphertext FROM api_storedresponse")
        ((answer,),) = cursor.fetchall()
    assert '"/api/gift_cards"' in key
    for clear in (CODE, CODE.encode().hex()):
        assert clear not in key
    assert CODE.encode() not in bytes(answer)
