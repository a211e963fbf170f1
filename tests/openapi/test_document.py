"""The document says of every route what the service does; whether it does, test_against_the_service asks."""

import json
from typing import Any

import pytest
from django.urls import get_resolver
from openapi_spec_validator import OpenAPIV31SpecValidator

from access.scopes import Scope
from api.declaration import declaration_of
from api.openapi import openapi_document
from api.openapi.views import OPENAPI
from config.openapi import ABOUT, SCOPES
from config.urls import router

UNSAID = {"openapi.json", "docs"}
"""What is under /api and tells of the API."""


@pytest.fixture(scope="module")
def document():
    return openapi_document(router.routes, ABOUT)


def operations(document):
    return {
        (method.upper(), f"/api{address}"): operation
        for address, each in document["paths"].items()
        for method, operation in each.items()
        if method != "parameters"
    }


def routed():
    """Method and address of every pattern under /api, as Django knows it, with each relationship's name."""
    patterns: Any = get_resolver().url_patterns
    (api,) = (each for each in patterns if str(each.pattern) == "api/")
    for pattern in api.url_patterns:
        address = f"/api/{pattern.pattern}".replace("<str:pk>", "{id}")
        if str(pattern.pattern) in UNSAID:
            continue
        view: Any = pattern.callback
        declaration = declaration_of(view.cls.serializer_class)
        for method, action in view.actions.items():
            if "<str:relationship>" not in address:
                yield method.upper(), address
                continue
            for name, each in declaration.relationships.items():
                linkage = action in {"update_relationship", "add_to_relationship", "remove_from_relationship"}
                fits = each.many or action in {"update_relationship", *READS}
                if fits and (not linkage or declaration.writable(name, creating=False)):
                    yield method.upper(), address.replace("<str:relationship>", name)


READS = {"retrieve_related", "retrieve_relationship"}


def test_it_is_openapi_3_1(document):
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_is_in_it_and_nothing_else(document):
    found = list(routed())
    assert len(found) == len(set(found))
    assert operations(document).keys() == set(found) - {("HEAD", address) for _, address in found}


def test_every_operation_has_a_name_of_its_own(document):
    names = [operation["operationId"] for operation in operations(document).values()]
    assert len(names) == len(set(names))


def test_every_component_is_used_and_there(document):
    used, waiting = set(), [document["paths"]]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if isinstance(each.get("$ref"), str) and each["$ref"] not in used:
                used.add(each["$ref"])
                _, _, kind, name = each["$ref"].split("/")
                waiting.append(document["components"][kind][name])
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    kinds = ("schemas", "parameters", "responses", "headers")
    there = {f"#/components/{kind}/{name}" for kind in kinds for name in document["components"][kind]}
    assert used == there


def test_it_is_the_same_each_time(document):
    again = openapi_document(router.routes, ABOUT)
    assert json.dumps(again) == json.dumps(document)


def test_every_attribute_and_relationship_is_in_it(document):
    schemas = document["components"]["schemas"]
    for route in router.routes:
        declaration = declaration_of(route.viewset.serializer_class)
        attributes = schemas[f"{declaration.type}_attributes"]["properties"]
        assert list(attributes) == list(declaration.readable)
        if declaration.relationships:
            shown = schemas[f"{declaration.type}_relationships"]["properties"]
            assert list(shown) == list(declaration.relationships)


def test_a_request_to_create_a_card(document):
    schema = document["components"]["schemas"]["gift_cards_create"]["properties"]["data"]
    attributes = schema["properties"]["attributes"]
    assert (attributes["required"], attributes["additionalProperties"]) == (["balance_cents"], False)
    assert "code" in attributes["properties"]
    assert not {"_purchase", "status"} & attributes["properties"].keys()
    assert attributes["properties"]["balance_cents"]["anyOf"] == [
        {"type": "integer", "minimum": -(10**13), "maximum": 10**13},
        {"type": "string", "pattern": "^(?:-?(0|[1-9][0-9]{0,18}))$"},
    ]


def test_a_request_to_update_one(document):
    schema = document["components"]["schemas"]["gift_cards_update"]["properties"]["data"]
    attributes = schema["properties"]["attributes"]
    assert "required" not in attributes
    assert schema["required"] == ["type", "id"]
    assert {"_purchase", "_balance_change_cents", "market"} <= attributes["properties"].keys()
    assert "code" not in attributes["properties"]


def test_what_each_kind_of_request_can_be_answered(document):
    answers = {
        name: set(operation["responses"])
        for operation in operations(document).values()
        for name in [operation["operationId"]]
    }
    always = {"400", "401", "403", "406", "415", "429", "500", "503"}
    write = {"404", "409", "413", "422"}
    assert answers["gift_cards_list"] == always | {"200"}
    assert answers["organizations_retrieve"] == always | {"200"}
    assert answers["gift_cards_retrieve"] == always | {"200", "404"}
    assert answers["gift_cards_create"] == always | write | {"201"}
    assert answers["gift_card_lookups_create"] == always | write | {"200"}
    assert answers["gift_cards_update"] == always | write | {"200"}
    assert answers["gift_cards_delete"] == always | {"204", "404", "409", "423"}
    assert answers["gift_cards_remove_from_tags"] == always | write | {"200"}


def test_every_scope_is_explained():
    assert SCOPES.keys() == set(Scope)


def test_everybody_may_read_it(client, document):
    response = client.get("/api/openapi.json")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "public, max-age=300"
    assert json.loads(response.content) == document


def test_who_asks_for_openapi_by_name_gets_it_so(client):
    response = client.get("/api/openapi.json", headers={"accept": OPENAPI})
    assert response["Content-Type"] == OPENAPI


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs"])
def test_who_has_it_is_told_so(client, path):
    first = client.get(path)
    again = client.get(path, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs"])
def test_it_is_only_read(client, path):
    response = client.post(path)
    assert response.status_code == 405
    assert response.json()["errors"][0]["code"] == "METHOD_NOT_ALLOWED"


def test_the_page_has_every_attribute_and_route(client, document):
    response = client.get("/api/docs")
    page = response.content.decode()
    assert "script" not in response["Content-Security-Policy"]
    for method, address in operations(document):
        assert f"<td><code>{method}</code></td><td><code>{address}</code></td>" in page
    for route in router.routes:
        for name in declaration_of(route.viewset.serializer_class).fields:
            assert f'<th scope="row"><code>{name}</code></th>' in page
