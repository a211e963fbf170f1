"""A write whose answer can't be read: nobody is told that nothing has changed when something has."""

import json

import pytest

from giftcards.models import GiftCard
from tests.fixtures.cast import an_active_card
from tests.fixtures.client import ApiClient, api_client
from tests.fixtures.locks import held_back
from tests.giftcards.api.raw import send_raw

pytestmark = pytest.mark.django_db(transaction=True)

INCLUDED = "recipients_giftcardrecipient"
"""Read with the answer, and not touched by a debit."""


def debit(api: ApiClient, card: GiftCard, **headers: str):
    debited = {"type": "gift_cards", "id": str(card.pk), "attributes": {"_balance_change_cents": -1}}
    path = f"gift_cards/{card.pk}?include=gift_card_recipient"
    return send_raw(api, "PATCH", path, json.dumps({"data": debited}), **headers)


def test_a_debit_that_is_committed_is_told_to_be_done():
    card = an_active_card()
    with held_back(INCLUDED):
        answer = debit(api_client(), card)

    assert (answer.status, answer.headers.get("Retry-After")) == (503, None)
    assert "This has been done" in answer.error["detail"]
    assert GiftCard.objects.get().balance_cents == card.balance_cents - 1


def test_with_a_key_it_is_undone_and_may_be_sent_again():
    card = an_active_card()
    with held_back(INCLUDED):
        answer = debit(api_client(), card, **{"idempotency-key": "7"})

    assert (answer.status, answer.headers.get("Retry-After")) == (503, "1")
    assert "nothing has changed" in answer.error["detail"]
    assert GiftCard.objects.get().balance_cents == card.balance_cents
