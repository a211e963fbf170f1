"""`/api/gift_card_products`, as its clients see it: test key, live key, another market's key, a key that may
not."""

from typing import Any, Final

import pytest

from access.scopes import Scope
from giftcards.models import Denomination, Product
from kernel.modes import Mode
from tests.fixtures.cast import LIVE, TEST, a_denomination, a_market, a_product, caller
from tests.fixtures.client import ROOT, api_client
from tests.giftcards.api.documents import (
    absent,
    document,
    errors,
    identifier,
    invalid,
    market,
    time_text,
)
from tests.giftcards.products.wording import denomination_resource, events_of, product_resource

pytestmark = pytest.mark.django_db

EVERYTHING: Final[dict[str, Any]] = {
    "name": "For somebody dear",
    "description": "By post or by mail.",
    "handle": "for-somebody-dear",
    "image_url": "https://shop.example/card.png",
    "code_format": "human",
    "validity_months": 24,
    "reference": "7",
    "reference_origin": "shop",
    "metadata": {"color": "red"},
}


def linked(*markets):
    return {"data": [identifier("markets", each) for each in markets]}


def test_a_product_is_created_with_its_markets(api):
    berlin, paris = a_market(), a_market(name="Paris")

    answer = api.create("gift_card_products", {"markets": linked(berlin, paris)}, **EVERYTHING)

    product = Product.objects.get()
    assert answer.status == 201
    assert answer.headers["Location"] == f"{ROOT}/gift_card_products/{product.pk}"
    told = product_resource(product, **EVERYTHING)
    assert answer.document == document(told, "gift_card_products")
    assert list(product.markets.order_by("pk")) == [berlin, paris]
    assert events_of(product) == [("gift_card_products.create", {})]


def test_a_name_is_all_that_it_needs(api):
    answer = api.create("gift_card_products", name="Gift card")

    assert answer.document == document(product_resource(Product.objects.get()), "gift_card_products")


def test_its_markets_and_denominations_are_included(api):
    berlin = a_market()
    product = a_product(markets=[berlin])
    few, many = a_denomination(product), a_denomination(product, name="100", amounts={"JPY": 1})
    address = f"gift_card_products/{product.pk}?include=denominations%2Cmarkets"

    linkage = {
        "markets": [identifier("markets", berlin)],
        "denominations": [identifier("gift_card_denominations", each) for each in (few, many)],
    }
    included = [
        denomination_resource(few),
        denomination_resource(many, name="100", amounts={"JPY": 1}),
        market(berlin),
    ]
    assert api.get(address).document == document(
        product_resource(product, linkage=linkage), address, included=included
    )


@pytest.mark.parametrize(
    ("attribute", "value", "error", "title"),
    [
        ("name", " ", "blank", "can't be blank"),
        ("description", "a" * 2001, "too_long", "is too long (maximum is 2000 characters)"),
        *(
            ("handle", value, "invalid", "can only have a-z, digits, and single hyphens between them")
            for value in ("A", "a b", "a--b", "-a", "ä")
        ),
        ("image_url", "ftp://shop.example", "invalid", "is invalid"),
        ("code_format", "roman", "inclusion", "is not included in the list"),
        ("validity_months", 0, "greater_than_or_equal_to", "must be greater than or equal to 1"),
        ("validity_months", 1201, "less_than_or_equal_to", "must be less than or equal to 1200"),
    ],
)
def test_what_is_wrong_is_refused_at_its_attribute(api, attribute, value, error, title):
    answer = api.create("gift_card_products", **{"name": "Gift card", attribute: value})

    assert answer.refusal == (422, "VALIDATION_ERROR", title, f"/data/attributes/{attribute}")
    assert answer.error["meta"]["error"] == error
    assert not Product.objects.exists()


def test_a_handle_is_taken_once_in_each_mode(api):
    a_product(handle="card")

    answer = api.create("gift_card_products", name="Another", handle="card")

    taken = invalid("handle", "taken", "has already been taken", value="card")
    assert (answer.status, answer.document) == (422, errors(taken))
    assert api_client(Mode.LIVE).create("gift_card_products", name="Live", handle="card").status == 201


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sort=-name", ["b", "a"]),
        ("filter[q][handle_eq]=b", ["b"]),
        ("filter[q][name_start]=c", []),
        ("filter[q][disabled_at_null]=true&sort=name", ["a", "b"]),
    ],
)
def test_they_are_filtered_and_sorted(api, query, found):
    for name in "ab":
        a_product(name=name, handle=name)

    listed = api.get(f"gift_card_products?{query}").document["data"]
    assert [each["attributes"]["name"] for each in listed] == found


def test_it_is_changed_disabled_and_enabled_with_one_event_each(api):
    product = a_product()
    address = f"gift_card_products/{product.pk}"

    answer = api.update(address, name="Other", validity_months=12, _disable=True)
    row = Product.objects.get()
    told = product_resource(product, name="Other", validity_months=12, disabled_at=time_text(row.disabled_at))
    assert (answer.status, answer.document) == (200, document(told, address))
    api.update(address, _disable=True)
    api.update(address, _enable=True)
    api.update(address, name="Other")

    assert events_of(product)[1:] == [
        ("gift_card_products.disable", {"changed": ["name", "validity_months", "disabled_at"]}),
        ("gift_card_products.enable", {"changed": ["disabled_at"]}),
    ]
    both = api.update(address, _disable=True, _enable=True)
    assert both.refusal == (
        422,
        "VALIDATION_ERROR",
        "can't be combined with _disable",
        "/data/attributes/_enable",
    )


class TestMarkets:
    def test_the_relationship_replaces_adds_and_takes_away(self, api):
        berlin, paris = a_market(), a_market(name="Paris")
        product = a_product()
        address = f"gift_card_products/{product.pk}/relationships/markets"

        for method, given, left in (
            ("PATCH", [berlin], [berlin]),
            ("POST", [paris, berlin], [berlin, paris]),
            ("DELETE", [berlin], [paris]),
            ("DELETE", [berlin], [paris]),
            ("PATCH", [], []),
        ):
            answer = api.send(method, address, linked(*given))
            assert answer.status == 200
            assert {each["id"] for each in answer.document["data"]} == {str(each.pk) for each in left}
        changed = ("gift_card_products.update", {"changed": ["markets"]})
        assert events_of(product)[1:] == [changed] * 4

    def test_the_last_one_is_not_taken_away_by_the_way(self, api):
        berlin = a_market()
        product = a_product(markets=[berlin])

        answer = api.send("DELETE", f"gift_card_products/{product.pk}/relationships/markets", linked(berlin))

        assert (answer.status, answer.error["meta"]["error"]) == (422, "last")
        assert list(product.markets.all()) == [berlin]

    def test_a_market_that_sells_a_product_is_not_deleted(self, api):
        berlin = a_market()
        a_product(markets=[berlin])

        assert api.delete(f"markets/{berlin.pk}").status == 423

    def test_one_of_the_other_mode_is_not_found(self, api):
        tokyo = a_market(by=LIVE)

        answer = api.create("gift_card_products", {"markets": linked(tokyo)}, name="Gift card")

        assert (answer.status, answer.error["code"]) == (404, "RECORD_NOT_FOUND")
        assert not Product.objects.exists()


class TestDeleting:
    def test_it_goes_with_its_denominations(self, api):
        product = a_product(markets=[a_market()])
        a_denomination(product)

        assert api.delete(f"gift_card_products/{product.pk}").status == 204
        assert not Product.objects.exists()
        assert not Denomination.objects.exists()
        destroyed = ("gift_card_products.destroy", {"name": "Gift card", "denominations": 1})
        assert events_of(product)[1:] == [destroyed]


class TestRestrictedCallers:
    @pytest.fixture
    def sold(self):
        berlin, paris = a_market(code="berlin"), a_market(name="Paris", code="paris")
        return {
            "everywhere": a_product(name="everywhere"),
            "berlin": a_product(name="berlin", markets=[berlin]),
            "both": a_product(name="both", markets=[berlin, paris]),
            "paris": a_product(name="paris", markets=[paris]),
        }

    def test_what_is_sold_in_their_markets_or_everywhere_is_seen(self, sold):
        berliner = api_client(market_codes=["berlin"])
        for product in sold.values():
            a_denomination(product)

        listed = berliner.get("gift_card_products?sort=name").document["data"]
        assert [each["attributes"]["name"] for each in listed] == ["berlin", "both", "everywhere"]
        assert len(berliner.get("gift_card_denominations").document["data"]) == 3
        assert berliner.get(f"gift_card_products/{sold['paris'].pk}").status == 404
        markets = berliner.get(f"gift_card_products/{sold['both'].pk}/markets").document["data"]
        assert [each["attributes"]["name"] for each in markets] == ["Berlin"]

    @pytest.mark.parametrize("name", ["everywhere", "both"])
    def test_what_is_sold_elsewhere_too_is_not_theirs_to_change(self, sold, name):
        berliner = api_client(market_codes=["berlin"])
        product, denomination = sold[name], a_denomination(sold[name])
        title = "is not possible for a caller restricted to certain markets: the product is sold in others"
        linkage = {"product": {"data": identifier("gift_card_products", product)}}

        for answer in (
            berliner.update(f"gift_card_products/{product.pk}", name="mine"),
            berliner.create("gift_card_denominations", linkage, name="1", amounts={"USD": 1}),
            berliner.update(f"gift_card_denominations/{denomination.pk}", name="mine"),
        ):
            assert (answer.status, answer.error["title"]) == (422, title)
        for address in (
            f"gift_card_products/{product.pk}",
            f"gift_card_denominations/{denomination.pk}",
        ):
            answer = berliner.delete(address)
            assert (answer.status, answer.error["code"]) == (423, "LOCKED")
        assert len(events_of(product)) == len(events_of(denomination)) == 1

    def test_what_is_sold_in_their_markets_alone_is(self, sold):
        berliner = api_client(market_codes=["berlin"])
        product = sold["berlin"]
        linkage = {"product": {"data": identifier("gift_card_products", product)}}

        made = berliner.create("gift_card_denominations", linkage, name="1", amounts={"USD": 1})
        assert made.status == 201
        assert berliner.update(f"gift_card_products/{product.pk}", name="mine").status == 200
        widened = berliner.send(
            "PATCH", f"gift_card_products/{product.pk}/relationships/markets", {"data": []}
        )
        assert widened.error["title"] == "must be named by a caller restricted to certain markets"
        assert berliner.create("gift_card_products", name="everywhere").status == 422
        assert berliner.delete(f"gift_card_products/{product.pk}").status == 204

    def test_the_operation_itself_knows_no_market_beyond_the_reach(self, sold):
        berlin, paris = sold["both"].markets.order_by("code")

        with pytest.raises(Exception, match=str(paris.pk)):
            a_product(by=caller(markets=[berlin]), markets=[paris])
        assert list(a_product(by=TEST, markets=[paris]).markets.all()) == [paris]


class TestStrangers:
    def test_another_modes_key_finds_nothing(self, api):
        product = a_product(by=LIVE)
        missing = errors(absent("gift_card_products", product.pk))

        assert api.get(f"gift_card_products/{product.pk}").document == missing
        assert api.update(f"gift_card_products/{product.pk}", name="mine").document == missing
        assert api.delete(f"gift_card_products/{product.pk}").document == missing
        assert api.get("gift_card_products").document["data"] == []

    def test_reading_and_writing_need_their_scopes(self):
        product = a_product()
        reader, issuer = api_client(scopes=[Scope.READ]), api_client(scopes=[Scope.ISSUE])
        assert reader.get("gift_card_products").status == 200
        assert reader.create("gift_card_products", name="a").error["code"] == "UNAUTHORIZED"
        assert issuer.get("gift_card_products").status == 403
        assert issuer.delete(f"gift_card_products/{product.pk}").status == 204
