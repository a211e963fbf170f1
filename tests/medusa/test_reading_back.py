"""A write whose answer can't be read: nobody is told that nothing has changed when something has."""

import pytest

from giftcards.models import GiftCard
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
