"""Requests that are no JSON:API documents, or not for this address: refused, and nothing changes."""

import json
from typing import Any
from uuid import uuid4

import pytest

from giftcards.models import GiftCard
from tests.fixtures.cast import a_draft, a_market, as_stored
from tests.giftcards.api.documents import absent, errors, problem
from tests.giftcards.api.raw import send_raw

pytestmark = pytest.mark.django_db


def resource(card: GiftCard | None, **members: Any) -> dict[str, Any]:
    """A good resource object for this card (or a new one), but for the members that are given; None omits."""
    attributes = {"reference": "gc-1"} if card else {"balance_cents": 1, "currency_code": "USD"}
    good = {"type": "gift_cards", "attributes": attributes, **({"id": str(card.pk)} if card else {})}
    return {name: value for name, value in {**good, **members}.items() if value is not None}


def bad_request(detail: str) -> dict[str, Any]:
    return problem(400, "BAD_REQUEST", "Bad request", detail)


def invalid_resource(detail: str, pointer: str) -> dict[str, Any]:
    return problem(400, "INVALID_RESOURCE", "Invalid resource", detail, pointer=pointer)


def missing(detail: str, pointer: str) -> dict[str, Any]:
    return problem(400, "PARAM_MISSING", "Param missing", detail, pointer=pointer)


NO_JSON = bad_request("The request's body is not valid JSON.")
NO_DOCUMENT = bad_request("The request's body must be a JSON:API document.")
TWICE = bad_request("The request's body has an object with the same member twice.")
NO_DATA = missing("The document has no primary data.", "")
NO_OBJECT = invalid_resource("The primary data must be a resource object.", "/data")
ONE = "The relationship's data must be null or a resource identifier with type and id."
MANY = "The relationship's data must be a list of resource identifiers with type and id."
NO_OBJECTS: list[Any] = [[], "x", 5]
MARKET = "/data/relationships/market/data"

BODIES: list[tuple[str | bytes, dict[str, Any]]] = [
    (b"", NO_DOCUMENT),
    ("{", NO_JSON),
    ("{'data': {}}", NO_JSON),
    ('{"data": {}},', NO_JSON),
    (b'{"data": "\xff"}', NO_JSON),
    (b"\xef\xbb\xbf{}", NO_JSON),
    ('{"data": "\\ud800"}', NO_JSON),
    ("[" * 100_000, NO_JSON),
    ('{"a": 1, "a": 2}', TWICE),
    ('{"data": {"attributes": {"balance_cents": 1, "balance_cents": 2}}}', TWICE),
    ("null", NO_DOCUMENT),
    ("[]", NO_DOCUMENT),
    ("{}", NO_DOCUMENT),
    ('"gift_cards"', NO_DOCUMENT),
    ("5", NO_DOCUMENT),
    ('{"meta": {}}', NO_DATA),
    ('{"data": null}', NO_OBJECT),
    ('{"data": []}', NO_OBJECT),
    ('{"data": "gift_cards"}', NO_OBJECT),
    ('{"data": 5}', NO_OBJECT),
]

MEMBERS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("no type", {"type": None}, missing("The resource object has no type.", "/data")),
    (
        "type is no string",
        {"type": 5},
        invalid_resource("The resource object's type must be a string.", "/data/type"),
    ),
    (
        "another type",
        {"type": "gift_card"},
        problem(
            409,
            "TYPE_MISMATCH",
            "Type mismatch",
            "This address is for resources of the type gift_cards.",
            pointer="/data/type",
        ),
    ),
    *(
        (
            f"attributes are {value!r}",
            {"attributes": value},
            invalid_resource("attributes must be an object.", "/data/attributes"),
        )
        for value in [*NO_OBJECTS, True]
    ),
    *(
        (
            f"relationships are {value!r}",
            {"relationships": value},
            invalid_resource("relationships must be an object.", "/data/relationships"),
        )
        for value in NO_OBJECTS
    ),
    *(
        (
            f"a relationship is {value!r}",
            {"relationships": {"market": value}},
            invalid_resource("A relationship must be an object.", "/data/relationships/market"),
        )
        for value in NO_OBJECTS
    ),
    *(
        (
            f"linkage is {value!r}",
            {"relationships": {"market": {"data": value}}},
            invalid_resource(ONE, MARKET),
        )
        for value in ("x", 5, True)
    ),
    (
        "linkage is a list",
        {"relationships": {"market": {"data": []}}},
        invalid_resource("market must be null or one resource identifier.", MARKET),
    ),
    (
        "linkage is a list of anything",
        {"relationships": {"market": {"data": ["x"]}}},
        invalid_resource(MANY, f"{MARKET}/0"),
    ),
    (
        "an identifier without id",
        {"relationships": {"market": {"data": {"type": "markets"}}}},
        invalid_resource("A resource identifier has no id.", MARKET),
    ),
    (
        "an identifier without type",
        {"relationships": {"market": {"data": {"id": "7"}}}},
        invalid_resource("A resource identifier has no type.", MARKET),
    ),
    (
        "an identifier with a number",
        {"relationships": {"market": {"data": {"type": "markets", "id": 7}}}},
        invalid_resource("A resource identifier's id must be a string.", f"{MARKET}/id"),
    ),
]


def sends(api: Any, card: GiftCard | None, body: str | bytes, expected: dict[str, Any]) -> None:
    """To make a card (None) or to change this one; answers with this one error and changes nothing."""
    before = as_stored(card.pk) if card else None
    address = f"gift_cards/{card.pk}" if card else "gift_cards"
    answer = send_raw(api, "PATCH" if card else "POST", address, body)
    assert answer.document == errors(expected)
    assert answer.status == int(expected["status"])
    assert (as_stored(card.pk) if card else None) == before
    assert GiftCard.objects.count() == (1 if card else 0)


@pytest.mark.parametrize(("body", "expected"), BODIES, ids=[f"{row[0]!r:.30}" for row in BODIES])
def test_what_is_no_document_makes_and_changes_no_card(api, body, expected):
    sends(api, None, body, expected)
    sends(api, a_draft(), body, expected)


@pytest.mark.parametrize(
    ("members", "expected"), [row[1:] for row in MEMBERS], ids=[row[0] for row in MEMBERS]
)
def test_what_is_no_resource_object_makes_and_changes_no_card(api, members, expected):
    card = a_draft()
    before = as_stored(card.pk)

    for method, address, about in (("POST", "gift_cards", None), ("PATCH", f"gift_cards/{card.pk}", card)):
        answer = send_raw(api, method, address, json.dumps({"data": resource(about, **members)}))
        assert (answer.status, answer.document) == (int(expected["status"]), errors(expected))

    assert (as_stored(card.pk), GiftCard.objects.count()) == (before, 1)


@pytest.mark.parametrize("client_id", [str(uuid4()), "7", 7, ""])
def test_ids_are_given_by_the_service(api, client_id):
    refusal = problem(
        403, "PARAM_NOT_ALLOWED", "Param not allowed", "Ids are given by the service.", pointer="/data/id"
    )

    sends(api, None, json.dumps({"data": resource(None, id=client_id)}), refusal)


@pytest.mark.parametrize("other", [str(uuid4()), "7", ""])
def test_the_body_is_about_the_resource_at_the_address(api, other):
    refusal = problem(
        409,
        "KEY_NOT_INCLUDED_IN_URL",
        "Key is not included in URL",
        "The resource object's id is not the id in the address.",
        pointer="/data/id",
    )
    card = a_draft()

    sends(api, card, json.dumps({"data": resource(card, id=other)}), refusal)


def test_an_update_says_which_resource_it_is_about(api):
    card = a_draft()

    without = json.dumps({"data": resource(card, id=None)})
    sends(api, card, without, missing("The resource object has no id.", "/data"))
    a_number = json.dumps({"data": resource(card, id=7)})
    sends(api, card, a_number, invalid_resource("The resource object's id must be a string.", "/data/id"))


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "", "application/vnd.api+json; charset=utf-8"]
)
def test_a_body_of_another_media_type_is_not_read(api, content_type):
    card = a_draft()
    body = json.dumps({"data": resource(card)})

    answer = send_raw(api, "PATCH", f"gift_cards/{card.pk}", body, content_type=content_type)

    assert (answer.status, answer.error["code"], answer.error["source"]) == (
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        {"header": "Content-Type"},
    )
    assert GiftCard.objects.get().reference is None


@pytest.mark.parametrize("key", [str(uuid4()), "7", "not-a-uuid", "%00", "{}", "0" * 300])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_id_that_does_not_exist_is_not_found(api, method, key):
    a_draft()
    body = json.dumps({"data": resource(None, id=key, attributes={})}) if method == "PATCH" else ""

    answer = send_raw(api, method, f"gift_cards/{key}", body)

    assert (answer.status, answer.document) == (404, errors(absent("gift_cards", key)))
    assert GiftCard.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "address"), [("PUT", "gift_cards/{id}"), ("POST", "gift_cards/{id}"), ("DELETE", "gift_cards")]
)
def test_a_verb_that_an_address_does_not_have_is_405(api, method, address):
    card = a_draft(market=a_market())
    before = as_stored(card.pk)

    answer = send_raw(api, method, address.format(id=card.pk), json.dumps({"data": resource(card)}))

    assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert as_stored(card.pk) == before
