"""`/api/gift_card_denominations`, as its clients see it."""

from typing import Any, Final

import pytest

from giftcards.models import Denomination
from giftcards.money import MAX_AMOUNT
from giftcards.operations import LineTold, denominations, place_order, update_denomination
from tests.fixtures.cast import LIVE, TEST, a_denomination, a_market, a_product
from tests.fixtures.client import ROOT
from tests.giftcards.api.documents import absent, document, errors, identifier, time_text
from tests.giftcards.products.wording import denomination_resource, events_of, product_resource

pytestmark = pytest.mark.django_db

TYPE = "gift_card_denominations"


def of(product):
    return {"product": {"data": identifier("gift_card_products", product)}}


def test_one_is_created_for_its_product(api):
    product = a_product()
    given: dict[str, Any] = {
        "name": "Fifty",
        "amounts": {"EUR": 5_000, "JPY": 8_000, "CLF": MAX_AMOUNT},
        "image_url": "https://shop.example/50.png",
        "reference": "50",
        "metadata": {"rank": 1},
    }

    answer = api.create(TYPE, of(product), **given)

    denomination = Denomination.objects.get()
    assert answer.status == 201
    assert answer.headers["Location"] == f"{ROOT}/{TYPE}/{denomination.pk}"
    assert answer.document == document(denomination_resource(denomination, **given), TYPE)
    assert denomination.product == product
    assert events_of(denomination) == [("gift_card_denominations.create", {})]


NO_INTEGERS: Final[tuple[Any, ...]] = (25.5, 25.0, "2500", True, None, {})
AMOUNTS: Final[list[tuple[Any, str, str]]] = [
    (None, "blank", "can't be blank: name at least one currency"),
    ({}, "blank", "can't be blank: name at least one currency"),
    ([2500], "not_an_object", "must be an object"),
    ("25.00", "not_an_object", "must be an object"),
    ({"usd": 2500}, "inclusion", "can only have ISO 4217 currencies, in capitals"),
    ({"USD": 2500, "XAU": 1}, "inclusion", "can only have ISO 4217 currencies, in capitals"),
    ({"QQQ": 1}, "inclusion", "can only have ISO 4217 currencies, in capitals"),
    *(
        ({"USD": amount}, "not_an_integer", "must be whole minor units, which that of USD is not")
        for amount in NO_INTEGERS
    ),
    *(
        ({"USD": 2500, "EUR": amount}, "greater_than", "must be greater than 0, which that of EUR is not")
        for amount in (0, -1)
    ),
    (
        {"USD": MAX_AMOUNT + 1},
        "less_than_or_equal_to",
        "must be less than or equal to 10000000000000, which that of USD is not",
    ),
]


@pytest.mark.parametrize(("amounts", "error", "title"), AMOUNTS)
def test_amounts_are_whole_and_above_zero_in_currencies_that_there_are(api, amounts, error, title):
    answer = api.create(TYPE, of(a_product()), name="25", amounts=amounts)

    assert answer.refusal == (422, "VALIDATION_ERROR", title, "/data/attributes/amounts")
    assert answer.error["meta"]["error"] == error
    assert not Denomination.objects.exists()


@pytest.mark.parametrize("missing", ["name", "amounts"])
def test_it_needs_a_name_and_amounts(api, missing):
    given = {"name": "1", "amounts": {"USD": 1}}
    del given[missing]

    answer = api.create(TYPE, of(a_product()), **given)

    assert (answer.status, answer.error["meta"]["attribute"]) == (422, missing)


def test_it_is_changed_disabled_and_enabled_with_one_event_each(api):
    denomination = a_denomination()
    address = f"{TYPE}/{denomination.pk}"

    answer = api.update(address, amounts={"EUR": 2_400}, _disable=True)

    disabled_at = time_text(Denomination.objects.get().disabled_at)
    told = denomination_resource(denomination, amounts={"EUR": 2_400}, disabled_at=disabled_at)
    assert (answer.status, answer.document) == (200, document(told, address))
    assert api.update(address, _enable=True).status == 200
    assert api.update(address, amounts={"EUR": 2_400}).status == 200
    assert events_of(denomination)[1:] == [
        ("gift_card_denominations.disable", {"changed": ["amounts", "disabled_at"]}),
        ("gift_card_denominations.enable", {"changed": ["disabled_at"]}),
    ]


def test_it_stays_with_its_product(api):
    denomination, other = a_denomination(), a_product()

    answer = api.update(f"{TYPE}/{denomination.pk}", of(other))

    assert (answer.status, answer.error["code"]) == (400, "PARAM_NOT_ALLOWED")
    product = denomination.product
    address = f"{TYPE}/{denomination.pk}/product"
    assert api.get(address).document == document(product_resource(product), address)


def test_it_is_deleted_while_it_was_not_sold(api):
    denomination = a_denomination()

    assert api.delete(f"{TYPE}/{denomination.pk}").status == 204
    told = {"name": "25", "amounts": {"USD": 2_500, "EUR": 2_300}}
    assert events_of(denomination)[1:] == [("gift_card_denominations.destroy", told)]


def test_what_was_sold_is_only_disabled(api):
    """So that an order goes on to say what was sold."""
    sold, other = a_denomination(), a_denomination()
    place_order(caller=TEST, market=a_market(), lines=[LineTold(denomination=sold.pk)])

    for address in (f"{TYPE}/{sold.pk}", f"gift_card_products/{sold.product_id}"):
        answer = api.delete(address)
        assert (answer.status, answer.error["code"]) == (423, "LOCKED")
    assert len(events_of(sold)) == len(events_of(sold.product)) == 1
    assert api.update(f"{TYPE}/{sold.pk}", _disable=True).status == 200
    assert api.delete(f"{TYPE}/{other.pk}").status == 204


def test_a_product_has_no_more_than_can_be_shown_together(api, monkeypatch):
    monkeypatch.setattr(denominations, "MOST_DENOMINATIONS", 1)
    product = a_denomination().product

    answer = api.create(TYPE, of(product), name="50", amounts={"USD": 5_000})

    title = "can't have more than 1 denominations"
    assert answer.refusal == (422, "VALIDATION_ERROR", title, "/data/relationships/product")


def test_another_modes_is_not_found(api):
    denomination = a_denomination(by=LIVE)
    missing = errors(absent(TYPE, denomination.pk))

    assert api.get(f"{TYPE}/{denomination.pk}").document == missing
    assert api.update(f"{TYPE}/{denomination.pk}", name="mine").document == missing
    assert api.delete(f"{TYPE}/{denomination.pk}").document == missing
    assert api.create(TYPE, of(denomination.product), name="1", amounts={"USD": 1}).status == 404


def test_the_reason_stands_in_the_event():
    denomination = a_denomination()

    update_denomination(
        caller=TEST, denomination_id=denomination.pk, changes={"name": "A quarter"}, reason="clearer"
    )

    assert events_of(denomination)[1:] == [("gift_card_denominations.update", {"changed": ["name"]})]
