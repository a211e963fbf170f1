"""`/api/markets`, as its clients see it: test key, live key, another market's key, a key that may not."""

import pytest

from access.models import Organization
from access.scopes import Scope
from kernel.modes import Mode
from markets.models import Market
from tests.fixtures.cast import LIVE, a_draft, a_market
from tests.fixtures.client import ROOT, ApiClient, api_client

pytestmark = pytest.mark.django_db


def milliseconds(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def as_resource(market):
    return {
        "type": "markets",
        "id": str(market.pk),
        "links": {"self": f"{ROOT}/markets/{market.pk}"},
        "attributes": {
            "number": market.number,
            "name": market.name,
            "code": market.code,
            "checkout_url": market.checkout_url,
            "private": market.private,
            "disabled_at": market.disabled_at and milliseconds(market.disabled_at),
            "currency_code": market.currency_code,
            "time_zone": market.time_zone,
            "locale": market.locale,
            "code_format": market.code_format,
            "default_validity_months": market.default_validity_months,
            "minimum_validity_months": market.minimum_validity_months,
            "allows_expiry": market.allows_expiry,
            "keeps_single_use_remainder": market.keeps_single_use_remainder,
            "cash_out_below_cents": market.cash_out_below_cents,
            "tax_rate": market.tax_rate and float(market.tax_rate),
            "tax_code": market.tax_code,
            "gift_cards_taxable": market.gift_cards_taxable,
            "automatic_taxes": market.automatic_taxes,
            "tax_provider_id": market.tax_provider_id,
            "reference": market.reference,
            "reference_origin": market.reference_origin,
            "metadata": market.metadata,
            "created_at": milliseconds(market.created_at),
            "updated_at": milliseconds(market.updated_at),
        },
        "relationships": {
            "price_list": {
                "links": {
                    "self": f"{ROOT}/markets/{market.pk}/relationships/price_list",
                    "related": f"{ROOT}/markets/{market.pk}/price_list",
                }
            }
        },
        "meta": {"mode": market.mode, "organization_id": str(Organization.objects.get().pk)},
    }


def test_a_market_is_created_from_all_its_attributes():
    told = {
        "name": "Italy",
        "code": "it",
        "checkout_url": "https://shop.example/checkout",
        "private": True,
        "currency_code": "EUR",
        "time_zone": "Europe/Rome",
        "locale": "it_IT",
        "code_format": "human",
        "default_validity_months": 60,
        "minimum_validity_months": 60,
        "allows_expiry": True,
        "keeps_single_use_remainder": False,
        "cash_out_below_cents": 500,
        "tax_rate": 7.25,
        "tax_code": "VAT",
        "gift_cards_taxable": False,
        "automatic_taxes": False,
        "tax_provider_id": "avalara",
        "reference": "7",
        "reference_origin": "erp",
        "metadata": {"floor": 2},
    }
    answer = api_client().create("markets", **told)

    market = Market.objects.get()
    assert answer.status == 201
    assert answer.headers["Location"] == f"{ROOT}/markets/{market.pk}"
    assert answer.document["data"] == as_resource(market)
    assert {name: answer.document["data"]["attributes"][name] for name in told} == told


def test_a_name_is_enough():
    answer = api_client().create("markets", name="Italy", code=None, currency_code=None, metadata=None)

    assert answer.status == 201
    assert answer.document["data"] == as_resource(Market.objects.get())


def test_a_market_is_read():
    client, market = api_client(), a_market(code="it")

    answer = client.get(f"markets/{market.pk}")

    assert answer.status == 200
    assert answer.document == {
        "jsonapi": {"version": "1.1"},
        "links": {"self": f"{ROOT}/markets/{market.pk}"},
        "data": as_resource(market),
    }


def test_markets_are_listed_within_the_mode():
    client = api_client()
    italy, spain = a_market(name="Italy", code="it"), a_market(name="Spain", code="es")
    a_market(by=LIVE, name="Elsewhere")

    answer = client.get("markets?sort=number")

    assert answer.document["data"] == [as_resource(italy), as_resource(spain)]
    assert answer.document["meta"] == {"record_count": 2, "page_count": 1}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter[q][code_eq]=it", ["Italy"]),
        ("filter[q][name_cont]=ai", ["Spain"]),
        ("filter[q][disabled_at_null]=true&sort=-name", ["Spain", "Italy"]),
        ("filter[q][currency_code_in]=CHF,JPY", []),
    ],
)
def test_markets_are_filtered_and_sorted(query, found):
    client = api_client()
    a_market(name="Italy", code="it")
    a_market(name="Spain", code="es")

    answer = client.get(f"markets?{query}")

    assert [market["attributes"]["name"] for market in answer.document["data"]] == found


def test_a_market_is_updated():
    client, market = api_client(), a_market(code="it", reference="7")

    answer = client.update(f"markets/{market.pk}", name="Italia", code=None)

    market.refresh_from_db()
    assert answer.status == 200
    assert (market.name, market.code, market.reference) == ("Italia", None, "7")
    assert answer.document["data"] == as_resource(market)


def test_a_market_is_disabled_and_enabled_by_triggers():
    client, market = api_client(), a_market()

    disabled = client.update(f"markets/{market.pk}", _disable=True).document["data"]["attributes"]
    unchanged = client.update(f"markets/{market.pk}", _enable=False).document["data"]["attributes"]
    enabled = client.update(f"markets/{market.pk}", _enable="true").document["data"]["attributes"]

    assert disabled["disabled_at"] == unchanged["disabled_at"] is not None
    assert enabled["disabled_at"] is None
    assert "_disable" not in enabled


def test_only_one_trigger_may_ask():
    client, market = api_client(), a_market()

    answer = client.update(f"markets/{market.pk}", name="Italia", _disable=True, _enable=True)

    market.refresh_from_db()
    assert answer.refusal == (
        422,
        "VALIDATION_ERROR",
        "can't be combined with _disable",
        "/data/attributes/_enable",
    )
    assert market.name != "Italia"


@pytest.mark.parametrize(
    ("attributes", "title", "pointer"),
    [
        ({}, "can't be blank", "/data"),
        ({"name": ""}, "can't be blank", "/data/attributes/name"),
        ({"name": "x", "code": "taken"}, "has already been taken", "/data/attributes/code"),
        (
            {"name": "x", "currency_code": "ABC"},
            "is not included in the list",
            "/data/attributes/currency_code",
        ),
        ({"name": "x", "time_zone": "Mars"}, "is not included in the list", "/data/attributes/time_zone"),
        ({"name": "x", "locale": "xx_x"}, "is not included in the list", "/data/attributes/locale"),
        (
            {"name": "x", "code_format": "short"},
            "is not included in the list",
            "/data/attributes/code_format",
        ),
        ({"name": "x", "checkout_url": "javascript:1"}, "is invalid", "/data/attributes/checkout_url"),
        ({"name": "x", "private": "yes"}, "is not included in the list", "/data/attributes/private"),
        ({"name": "x", "metadata": []}, "must be an object", "/data/attributes/metadata"),
    ],
)
def test_a_refused_value_is_pointed_at(attributes, title, pointer):
    client = api_client()
    a_market(code="taken")

    assert client.create("markets", **attributes).refusal == (422, "VALIDATION_ERROR", title, pointer)
    assert Market.objects.count() == 1


@pytest.mark.parametrize("name", ["number", "disabled_at", "created_at", "mode", "_disable"])
def test_what_is_not_to_be_written_is_refused_by_name(name):
    answer = api_client().create("markets", name="Italy", **{name: True})

    assert answer.refusal == (
        400,
        "PARAM_NOT_ALLOWED",
        "Param not allowed",
        f"/data/attributes/{name}",
    )
    assert not Market.objects.exists()


def test_the_currency_cannot_change_once_a_card_uses_it():
    client, market = api_client(), a_market(currency_code="EUR")
    a_draft(market=market)

    answer = client.update(f"markets/{market.pk}", currency_code="USD")

    assert answer.status == 422
    assert answer.error == {
        "title": "can't be changed once a gift card uses it",
        "detail": "currency_code - can't be changed once a gift card uses it",
        "code": "VALIDATION_ERROR",
        "status": "422",
        "source": {"pointer": "/data/attributes/currency_code"},
        "meta": {
            "error": "in_use",
            "value": "USD",
            "attribute": "currency_code",
            "message": "can't be changed once a gift card uses it",
        },
    }


def test_a_market_goes_unless_cards_depend_on_it():
    client, market = api_client(), a_market()
    card = a_draft(market=market)

    refused = client.delete(f"markets/{market.pk}")
    assert (refused.status, refused.error["code"]) == (423, "LOCKED")
    assert refused.error["detail"] == "This market can't be deleted: gift cards depend on it."

    client.delete(f"gift_cards/{card.pk}")
    assert client.delete(f"markets/{market.pk}").status == 204
    assert client.get(f"markets/{market.pk}").status == 404


def test_strangers_find_nothing_and_change_nothing():
    market = a_market(code="it")
    a_market(code="es")

    for stranger in (api_client(Mode.LIVE), api_client(market_codes=["es"])):
        for answer in (
            stranger.get(f"markets/{market.pk}"),
            stranger.update(f"markets/{market.pk}", name="Mine"),
            stranger.delete(f"markets/{market.pk}"),
        ):
            assert (answer.status, answer.error["code"]) == (404, "RECORD_NOT_FOUND")
        assert stranger.get("markets?filter[q][code_eq]=it").document["data"] == []
    market.refresh_from_db()
    assert market.name != "Mine"


def test_a_key_restricted_to_markets_opens_none():
    a_market(code="it")

    answer = api_client(market_codes=["it"]).create("markets", name="Spain")

    assert answer.status == 422
    assert answer.error["meta"]["error"] == "market_restricted"
    assert Market.objects.count() == 1


def test_reading_needs_its_scope_and_writing_needs_admin():
    market = a_market()
    reader = api_client(scopes=[Scope.READ])
    issuer = api_client(scopes=[Scope.ISSUE, Scope.SPEND, Scope.RECHARGE, Scope.ADJUST, Scope.REVEAL_CODES])

    assert reader.get(f"markets/{market.pk}").status == 200
    for answer in (
        issuer.get("markets"),
        issuer.get(f"markets/{market.pk}"),
        reader.create("markets", name="Spain"),
        reader.update(f"markets/{market.pk}", _disable=True),
        reader.delete(f"markets/{market.pk}"),
    ):
        assert (answer.status, answer.error["code"]) == (403, "UNAUTHORIZED")


def test_without_a_key_nobody_is_let_in():
    for authorization in ("", "Bearer nonsense"):
        answer = ApiClient(authorization).get("markets")

        assert (answer.status, answer.error["code"]) == (401, "INVALID_TOKEN")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
