"""A market's price list: the market itself, as the official dashboard asks for its currency."""

from uuid import uuid4

import pytest

from access.scopes import Scope
from kernel.modes import Mode
from tests.fixtures.cast import LIVE, a_market, an_active_card
from tests.fixtures.client import ROOT, api_client
from tests.giftcards.api import documents
from tests.giftcards.api.documents import Document, absent, document, errors, identifier, resource, time_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(db):
    return api_client()


def price_list(market, **attributes):
    whole: Document = {
        "name": "Berlin",
        "code": None,
        "currency_code": "USD",
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(market.created_at),
        "updated_at": time_text(market.updated_at),
    }
    assert attributes.keys() <= whole.keys()
    return resource("price_lists", market, whole | attributes)


def test_a_price_list_is_read_by_its_markets_id(api):
    market = a_market(code="de", currency_code="EUR", reference="7", metadata={"a": 1})

    answer = api.get(f"price_lists/{market.pk}")

    told = {"code": "de", "currency_code": "EUR", "reference": "7", "metadata": {"a": 1}}
    assert answer.status == 200
    assert answer.document == document(price_list(market, **told), f"price_lists/{market.pk}")


def test_it_follows_its_market(api):
    market = a_market()
    api.update(f"markets/{market.pk}", name="Roma", currency_code="EUR")
    market.refresh_from_db()

    changed = price_list(market, name="Roma", currency_code="EUR")
    assert api.get(f"price_lists/{market.pk}").document["data"] == changed


def test_price_lists_are_listed_filtered_and_sorted(api):
    berlin, paris = a_market(), a_market(name="Paris", currency_code="EUR")
    a_market(by=LIVE)

    assert api.get("price_lists?sort=-name").document["data"] == [
        price_list(paris, name="Paris", currency_code="EUR"),
        price_list(berlin),
    ]
    found = api.get("price_lists?filter[q][currency_code_eq]=USD").document
    assert found["data"] == [price_list(berlin)]


def test_the_dashboard_reads_markets_with_their_currency(api, django_assert_num_queries):
    berlin, paris = a_market(), a_market(name="Paris", currency_code="EUR")
    query = (
        "markets?filter[q][disabled_at_null]=true&include=price_list"
        "&fields[markets]=id,name,price_list&fields[price_lists]=currency_code&sort=name"
    )
    api.get(query)  # the key's use is noted once a minute

    # The key, the count, the keys of the page by the filter's statement, the rows by the compiled one.
    with django_assert_num_queries(4):
        answer = api.get(query)

    assert [each["attributes"] for each in answer.document["data"]] == [{"name": "Berlin"}, {"name": "Paris"}]
    assert [each["relationships"]["price_list"]["data"] for each in answer.document["data"]] == [
        identifier("price_lists", market) for market in (berlin, paris)
    ]
    assert [each["attributes"] for each in answer.document["included"]] == [
        {"currency_code": "USD"},
        {"currency_code": "EUR"},
    ]


def test_a_market_is_read_with_its_price_list(api):
    market = a_market()

    whole = documents.market(market)
    whole["relationships"]["price_list"]["data"] = identifier("price_lists", market)
    assert api.get(f"markets/{market.pk}?include=price_list").document == document(
        whole, f"markets/{market.pk}?include=price_list", included=[price_list(market)]
    )


def test_a_card_is_read_with_its_currency_by_market_and_price_list(api):
    market = a_market()
    card = an_active_card(market=market)

    included = api.get(f"gift_cards/{card.pk}?include=market.price_list").document["included"]

    assert [each["type"] for each in included] == ["markets", "price_lists"]
    assert included[1] == price_list(market)
    found = api.get("gift_cards?filter[q][market_price_list_currency_code_eq]=USD").document["data"]
    assert [each["id"] for each in found] == [str(card.pk)]


def test_it_is_read_from_its_market(api):
    market = a_market()
    address = f"markets/{market.pk}"

    related = api.get(f"{address}/price_list").document
    assert related == document(price_list(market), f"{address}/price_list")
    assert api.get(f"{address}/relationships/price_list").document == document(
        identifier("price_lists", market),
        f"{address}/relationships/price_list",
        links={"related": f"{ROOT}/{address}/price_list"},
    )


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_it_is_only_read(api, method):
    market = a_market()

    for path in ("price_lists", f"price_lists/{market.pk}"):
        assert api.send(method, path, {"data": None}).status == 405
    relationship = api.send(method, f"markets/{market.pk}/relationships/price_list", {"data": None})
    assert relationship.status in {403, 405}
    told = {"price_list": {"data": identifier("price_lists", market)}}
    assert api.update(f"markets/{market.pk}", told).error["code"] == "PARAM_NOT_ALLOWED"
    assert api.create("markets", told, name="Paris").error["code"] == "PARAM_NOT_ALLOWED"


def test_strangers_find_none():
    market = a_market(code="it")
    a_market(code="es")

    for stranger in (api_client(Mode.LIVE), api_client(market_codes=["es"])):
        assert stranger.get(f"price_lists/{market.pk}").document == errors(absent("price_lists", market.pk))
        assert stranger.get(f"markets/{market.pk}/price_list").status == 404
        assert stranger.get("price_lists?filter[q][code_eq]=it").document["data"] == []
    assert api_client().get(f"price_lists/{uuid4()}").status == 404


def test_reading_needs_its_scope():
    market = a_market()
    client = api_client(scopes=[scope for scope in Scope if scope != Scope.READ])

    for path in ("price_lists", f"price_lists/{market.pk}", f"markets/{market.pk}/price_list"):
        assert client.get(path).status == 403
