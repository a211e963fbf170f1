"""`Idempotency-Key`, which Medusa's client sends with every POST that it may retry."""

import pytest

from giftcards.models import GiftCard, LedgerEntry
from tests.medusa.asking import refusal, the_shop

pytestmark = pytest.mark.django_db

KEY = {"idempotency-key": "5c8a6b1e-0c4b-4f52-93c5-0f4f0d0a1b2c"}


def test_a_card_is_made_once(shop, region):
    given = {"value": 1000, "region_id": str(region.pk)}
    first = shop.post("/admin/gift-cards", given, **KEY)
    again = shop.post("/admin/gift-cards", given, **KEY)

    assert (first.status, again.told) == (200, first.told)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert GiftCard.objects.count() == 1


def test_a_balance_is_corrected_once_whatever_came_in_between(shop, region):
    card = shop.create(region)
    path = f"/admin/gift-cards/{card['id']}"
    shop.post(path, {"balance": 10}, **KEY)
    shop.post(path, {"balance": 500})

    assert shop.post(path, {"balance": 10}, **KEY).card["balance"] == 10
    assert shop.read(card)["balance"] == 500
    assert LedgerEntry.objects.count() == 3


def test_a_refusal_uses_no_key_up(shop, region):
    refused = shop.post("/admin/gift-cards", {"value": 0, "region_id": str(region.pk)}, **KEY)
    made = shop.post("/admin/gift-cards", {"value": 5, "region_id": str(region.pk)}, **KEY)

    assert (refused.status, made.status) == (400, 200)


def test_one_key_is_for_one_request(shop, region):
    given = {"value": 1000, "region_id": str(region.pk)}
    shop.post("/admin/gift-cards", given, **KEY)

    other = shop.post("/admin/gift-cards", {**given, "value": 1}, **KEY)

    assert (other.status, other.body["code"], other.body["type"]) == (
        422,
        "invalid_request_error",
        "duplicate_error",
    )


def test_another_program_has_keys_of_its_own(shop, region):
    given = {"value": 1000, "region_id": str(region.pk)}
    shop.post("/admin/gift-cards", given, **KEY)

    answer = the_shop(scopes=["gift_cards:read", "gift_cards:issue"]).post("/admin/gift-cards", given, **KEY)

    assert answer.status == 409


def test_a_malformed_key_is_refused(shop, region):
    answer = shop.post(
        "/admin/gift-cards", {"value": 1, "region_id": str(region.pk)}, **{"idempotency-key": ""}
    )

    assert answer.told == (
        400,
        refusal("invalid_data", "Idempotency-Key must be 1 to 255 printable ASCII characters."),
    )


def test_deleting_with_a_key_is_deleting(shop, region):
    card = shop.create(region)
    path = f"/admin/gift-cards/{card['id']}"

    assert [shop.send("DELETE", path, {}, **KEY).status for _ in range(2)] == [200, 200]
    assert GiftCard.objects.get().is_archived
