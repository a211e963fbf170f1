"""The same card through the JSON:API, the back office and Medusa's addresses, after each step of its life."""

import pytest
from django.test import Client

from access.credentials import digest
from access.models import ApiKey, User
from giftcards import operations
from giftcards.models import GiftCard
from kernel.caller import Caller
from kernel.secret import Secret
from tests.fixtures.cast import TEST
from tests.fixtures.client import ApiClient
from tests.medusa.asking import Medusa, a_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def key():
    return a_secret()


def faces(key: str, card_id: str):
    """Balance, whether it can be spent, and its end, as each of the three says them."""
    document = ApiClient(f"Bearer {key}").get(f"gift_cards/{card_id}").document["data"]["attributes"]
    card = Medusa({"x-medusa-access-token": key}).get(f"/admin/gift-cards/{card_id}").card
    person = User.objects.filter(email="ada@example.com").first() or User.objects.create_superuser(
        "ada@example.com", "x"
    )
    browser = Client()
    browser.force_login(person)
    page = browser.get(f"/back-office/giftcards/giftcard/{card_id}/change/").content.decode()
    by_api = (document["balance_cents"], document["status"] != "active", document["expires_at"])
    by_medusa = (card["balance"], card["is_disabled"], card["ends_at"])
    assert by_api == by_medusa
    assert document["code"] == card["code"]
    assert (document["initial_balance_cents"], document["metadata"]) == (
        card["value"],
        card["metadata"] or {},
    )
    assert document["status"] in page.lower()
    assert f"{card['balance'] / 100:,.2f}" in page
    return by_medusa[:2]


def test_after_each_step_all_three_say_the_same(key, region):
    shop = Medusa({"x-medusa-access-token": key})
    api = ApiClient(f"Bearer {key}")
    card = shop.create(region, value=1000)
    address = f"gift_cards/{card['id']}"
    person = Caller(TEST.mode, User.objects.create_superuser("eve@example.com", "x").actor)

    assert faces(key, card["id"]) == (1000, False)
    assert api.update(address, _balance_change_cents=-400).status == 200
    assert faces(key, card["id"]) == (600, False)
    shop.update(card, balance=500, metadata={"seen": "everywhere"}, ends_at="2040-01-01")
    assert faces(key, card["id"]) == (500, False)
    operations.deactivate(caller=person, card_id=GiftCard.objects.get().pk)
    assert faces(key, card["id"]) == (500, True)
    assert api.update(address, _balance_change_cents=-1).status == 422
    shop.update(card, is_disabled=False)
    assert faces(key, card["id"]) == (500, False)
    assert api.update(address, _balance_change_cents=-500).status == 200
    assert faces(key, card["id"]) == (0, True)
    shop.update(card, balance=20)
    assert faces(key, card["id"]) == (20, False)
    shop.delete(f"/admin/gift-cards/{card['id']}")
    refused = api.update(address, _balance_change_cents=-1)
    assert (refused.status, refused.error["meta"]["error"]) == (422, "archived")
    assert api.update(address, _unarchive=True).status == 200
    assert faces(key, card["id"]) == (20, False)


def test_an_expired_card_is_refused_at_every_step(key, region):
    shop, api = Medusa({"x-medusa-access-token": key}), ApiClient(f"Bearer {key}")
    card = shop.create(region, ends_at="2020-01-01")
    address = f"gift_cards/{card['id']}"
    client_id = {"x-publishable-api-key": publishable(key)}

    assert faces(key, card["id"]) == (1000, False)
    assert Medusa(client_id).get(f"/store/gift-cards/{card['code']}").status == 404
    assert api.update(address, _balance_change_cents=-1).error["meta"]["error"] == "expired"
    assert api.create("gift_card_lookups", code=card["code"]).status == 404
    assert shop.update(card, ends_at="2040-01-01").status == 200
    assert Medusa(client_id).get(f"/store/gift-cards/{card['code']}").card["balance"] == 1000
    assert api.update(address, _balance_change_cents=-1).status == 200


def publishable(key: str) -> str:
    return ApiKey.objects.get(digest=digest(Secret(key))).client_id
