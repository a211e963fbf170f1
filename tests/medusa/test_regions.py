"""Regions are markets, and what they say of taxes reaches the card."""

from decimal import Decimal

import pytest

from giftcards.models import GiftCard
from tests.fixtures.cast import a_market, disabled, edit
from tests.medusa.asking import refusal

pytestmark = pytest.mark.django_db


def test_all_markets_of_the_mode_are_listed_newest_first(shop, region):
    munich = disabled(a_market(name="Munich", currency_code="EUR"))

    answer = shop.get("/admin/regions/")

    assert [each["id"] for each in answer.body["regions"]] == [str(munich.pk), str(region.pk)]
    assert list(answer.body) == ["regions", "count", "offset", "limit"]
    assert (answer.body["count"], answer.body["offset"], answer.body["limit"]) == (2, 0, 50)
    assert [each["name"] for each in shop.get("/admin/regions?q=MUN").body["regions"]] == ["Munich"]
    assert [each["name"] for each in shop.get("/admin/regions?order=name&limit=1").body["regions"]] == [
        "Berlin"
    ]


@pytest.mark.parametrize("address", ["/admin/regions", "/store/regions"])
def test_what_no_name_can_contain_finds_nothing(shop, region, address):
    assert shop.get(f"{address}?q=%00").body["regions"] == []


def test_one_is_read_with_or_without_a_slash(shop, region):
    for slash in ("", "/"):
        assert shop.get(f"/admin/regions/{region.pk}{slash}").body["region"]["name"] == "Berlin"
    assert shop.get("/admin/regions/eu").told == (404, refusal("not_found", "Region with eu was not found"))


def test_rates_are_numbers(shop):
    market = a_market(tax_rate=Decimal("7.75"), tax_code="x", gift_cards_taxable=True, automatic_taxes=False)

    told = shop.get(f"/admin/regions/{market.pk}").body["region"]

    assert (told["tax_rate"], told["tax_code"], told["automatic_taxes"]) == (7.75, "x", False)


def test_a_card_has_the_rate_of_its_region_unless_it_has_its_own(shop):
    taxed, higher, untaxed = (
        a_market(tax_rate=Decimal(19)),
        a_market(tax_rate=Decimal(25)),
        a_market(tax_rate=Decimal(7), gift_cards_taxable=False),
    )
    card = shop.create(taxed)

    assert card["tax_rate"] == 19
    assert shop.update(card, region_id=str(higher.pk)).card["tax_rate"] == 25
    assert shop.update(card, region_id=str(untaxed.pk)).card["tax_rate"] is None
    assert shop.update(card, region_id=str(taxed.pk)).card["tax_rate"] == 19
    edit(GiftCard.objects.get(), tax_rate=Decimal("5.5"))
    assert shop.read(card)["tax_rate"] == 5.5


def test_a_region_without_a_rate_gives_none(shop, region):
    assert shop.create(region)["tax_rate"] is None
