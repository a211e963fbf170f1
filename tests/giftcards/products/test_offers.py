"""What a denomination is sold for in a market, and what its cards are like."""

from datetime import UTC, datetime

import pytest

from giftcards.offers import offer
from giftcards.operations import update_denomination, update_product
from kernel.refusals import Invalid
from tests.fixtures.cast import LIVE, TEST, a_denomination, a_market, a_product, disabled

pytestmark = pytest.mark.django_db

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)


def refused(denomination, market):
    with pytest.raises(Invalid) as caught:
        offer(denomination, market)
    assert caught.value.about == "denomination"
    return caught.value.error


def test_the_amount_is_the_one_in_the_markets_currency():
    denomination = a_denomination()

    assert offer(denomination, a_market()).amount_cents == 2_500
    assert offer(denomination, a_market(currency_code="EUR")).amount_cents == 2_300
    assert refused(denomination, a_market(currency_code="JPY")) == "currency_mismatch"


@pytest.mark.parametrize(
    ("product", "market", "validity_months", "code_format"),
    [
        ({}, {}, None, "uuid"),
        ({}, {"default_validity_months": 36, "code_format": "human"}, 36, "human"),
        (
            {"validity_months": 12, "code_format": "grouped_16"},
            {"default_validity_months": 36, "code_format": "human"},
            12,
            "grouped_16",
        ),
        ({"validity_months": 12}, {}, 12, "uuid"),
    ],
)
def test_what_the_product_leaves_open_is_the_markets(product, market, validity_months, code_format):
    found = offer(a_denomination(a_product(**product)), a_market(**market))

    assert (found.validity_months, found.code_format) == (validity_months, code_format)


def test_the_image_is_the_denominations_or_else_the_products():
    product = a_product(image_url="https://shop.example/card.png")
    plain, own = a_denomination(product), a_denomination(product, image_url="https://shop.example/25.png")
    market = a_market()

    assert offer(plain, market).image_url == "https://shop.example/card.png"
    assert offer(own, market).image_url == "https://shop.example/25.png"
    assert offer(a_denomination(), market).image_url is None


def test_a_card_expires_at_the_end_of_a_day_of_its_market():
    market = a_market(time_zone="Europe/Berlin")

    assert offer(a_denomination(), market).expires_at(NOON) is None
    found = offer(a_denomination(a_product(validity_months=1)), market)
    assert found.expires_at(NOON) == datetime(2030, 2, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(("code_format", "length"), [("uuid", 36), ("human", 24), ("grouped_16", 19)])
def test_a_code_has_the_format(code_format, length):
    found = offer(a_denomination(a_product(code_format=code_format)), a_market())

    assert len(found.new_code().reveal()) == length


def test_a_product_is_sold_in_the_markets_that_it_names_and_else_everywhere():
    berlin, paris = a_market(), a_market(name="Paris")
    denomination = a_denomination(a_product(markets=[berlin]))

    assert offer(denomination, berlin).amount_cents == 2_500
    assert refused(denomination, paris) == "other_market"
    assert offer(a_denomination(), paris).amount_cents == 2_500
    assert refused(denomination, a_market(by=LIVE)) == "other_market"


def test_what_is_disabled_is_not_sold():
    market = a_market()
    denomination = update_denomination(caller=TEST, denomination_id=a_denomination().pk, disabled=True)
    of_a_disabled = a_denomination()
    update_product(caller=TEST, product_id=of_a_disabled.product_id, disabled=True)
    of_a_disabled.product.refresh_from_db()

    assert refused(denomination, market) == refused(of_a_disabled, market) == "disabled"
    assert offer(a_denomination(), disabled(market)).amount_cents == 2_500


@pytest.mark.parametrize(
    ("policy", "error"),
    [({"allows_expiry": False}, "expiry_not_allowed"), ({"minimum_validity_months": 13}, "minimum_validity")],
)
def test_a_validity_that_the_market_does_not_allow_is_not_sold(policy, error):
    assert refused(a_denomination(a_product(validity_months=12)), a_market(**policy)) == error
    assert offer(a_denomination(), a_market(**policy)).validity_months is None
