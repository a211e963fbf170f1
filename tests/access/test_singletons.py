"""`GET /api/organization` and `GET /api/application`: what the official command line asks for at login."""

import pytest

from access.models import Application, Organization
from access.scopes import Scope
from kernel.modes import Mode
from tests.fixtures.cast import a_market
from tests.fixtures.client import ROOT, ApiClient, api_client

pytestmark = pytest.mark.django_db


def milliseconds(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def singleton(address, resource_type, row, mode="test", **attributes):
    return {
        "jsonapi": {"version": "1.1"},
        "links": {"self": f"{ROOT}/{address}"},
        "data": {
            "id": str(row.pk),
            "type": resource_type,
            "links": {"self": f"{ROOT}/{address}"},
            "attributes": {
                **attributes,
                "created_at": milliseconds(row.created_at),
                "updated_at": milliseconds(row.created_at),
            },
            "relationships": {},
            "meta": {"mode": mode, "organization_id": str(Organization.objects.get().pk)},
        },
    }


def application(scopes="market:all", mode="test"):
    told = {
        "name": "till",
        "kind": "integration",
        "public_access": False,
        "redirect_uri": None,
        "scopes": scopes,
    }
    return singleton("application", "applications", Application.objects.get(name="till"), mode, **told)


@pytest.mark.parametrize("mode", Mode)
def test_the_organization_is_the_merchant(mode):
    answer = api_client(mode).get("organization")

    told = {"name": "Gift cards", "slug": "gift-cards"}
    row = Organization.objects.get()
    assert answer.status == 200
    assert answer.document == singleton("organization", "organizations", row, mode, **told)


@pytest.mark.parametrize("mode", Mode)
def test_the_application_is_the_keys_own(mode):
    client = api_client(mode)
    Application.objects.create(name="another", organization=Organization.objects.get())

    assert client.get("application").document == application(mode=mode)


def test_its_scopes_are_the_markets_that_the_key_reaches():
    italy, spain = a_market(code="it"), a_market(code="es")
    a_market(code="fr")

    answer = api_client(market_codes=["es", "it"]).get("application")

    scopes = " ".join(f"market:id:{market.pk}" for market in (italy, spain))
    assert answer.document == application(scopes)


def test_sparse_fields():
    document = api_client().get("application?fields[applications]=kind").document

    assert document["data"]["attributes"] == {"kind": "integration"}


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("address", ["organization", "application"])
def test_any_scope_lets_a_key_in(address, scope):
    assert api_client(scopes=[scope]).get(address).status == 200


@pytest.mark.parametrize("address", ["organization", "application"])
def test_without_a_key_nobody_is_let_in(address):
    answer = ApiClient("Bearer nonsense").get(address)

    assert (answer.status, answer.error["code"]) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
@pytest.mark.parametrize("address", ["organization", "application"])
def test_they_are_only_read(address, method):
    answer = api_client().send(method, address, {"data": None})

    assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("path", ["organizations", "applications", "organization/1", "application/name"])
def test_there_is_nothing_beside_them(path):
    assert api_client().get(path).status == 404
