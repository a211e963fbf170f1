"""Which scope every route asks for: one table of all, and nothing is served that is not in it."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from access.scopes import EVERY_SCOPE, Scope
from api.declaration import Declaration, declaration_of
from tests.fixtures.client import MEDIA_TYPE, api_client

READ, ISSUE, SPEND, RECHARGE, ADJUST, ADMIN = (
    Scope.READ,
    Scope.ISSUE,
    Scope.SPEND,
    Scope.RECHARGE,
    Scope.ADJUST,
    Scope.ADMIN,
)
ONE, LINKAGE, RELATED = (
    "/<str:pk>",
    "/<str:pk>/relationships/<str:relationship>",
    "/<str:pk>/<str:relationship>",
)
ANY_SCOPE: Final = None


def readable(resource_type: str) -> dict[str, dict[str, Any]]:
    return {f"{resource_type}{rest}": {"get": READ} for rest in ("", ONE, LINKAGE, RELATED)}


def table(resource_type: str, **scopes: Any) -> dict[str, dict[str, Any]]:
    """The rows of a type that is read; `post`, `patch` and `delete` are of the resource, and `patch` of what
    it leads to."""
    rows = readable(resource_type)
    for method, rest in (("post", ""), ("patch", ONE), ("delete", ONE)):
        if method in scopes:
            rows[resource_type + rest][method] = scopes[method]
    if "patch" in scopes:
        rows[resource_type + LINKAGE]["patch"] = scopes.get("linkage", scopes["patch"])
    return rows


CARD: Final[tuple[tuple[Any, ...], ...]] = (
    ({"_purchase": True}, ISSUE),
    ({"_activate": True}, ISSUE),
    ({"_deactivate": "true"}, ISSUE),
    ({"_archive": True}, ISSUE),
    ({"_unarchive": True}, ISSUE),
    ({"metadata": {}}, ISSUE),
    ({}, ISSUE),
    ({"_add_tags": "a"}, ISSUE),
    ({"_remove_tags": "a"}, ISSUE),
    ({"expires_at": None, "_purchase": True}, ISSUE),
    ({"balance_cents": 5}, ADJUST),
    ({"balance_cents": "5", "_reason": "a gift"}, ADJUST),
    ({"balance_cents": 5, "_activate": False}, ADJUST),
    ({"balance_cents": 5, "reference": "a"}, ISSUE),
    ({"balance_cents": 5, "_activate": True}, ISSUE),
    ({"_balance_change_cents": -1}, SPEND),
    ({"_balance_change_cents": "-1", "_order_number": "4", "_market_id": None}, SPEND),
    ({"_cash_out": True}, SPEND),
    ({"_cash_out": True, "_reason": "a little"}, SPEND),
    ({"_balance_change_cents": 1}, RECHARGE),
    ({"_balance_change_cents": 0}, RECHARGE),
    ({"_balance_change_cents": 1, "_reference": "4"}, RECHARGE),
    ({"_balance_change_cents": -1, "metadata": {}}, SPEND, ISSUE),
    ({"_balance_change_cents": 1, "metadata": {}}, RECHARGE, ISSUE),
    ({"_balance_change_cents": -1, "_add_tags": "a"}, SPEND, ISSUE),
    ({"_cash_out": True, "reference": "a"}, SPEND, ISSUE),
)
"""What each body of an update asks for: one scope or two."""

EITHER: Final = frozenset({SPEND, ISSUE})
"""One of them is enough."""

ORDER_TOLD: Final[tuple[tuple[Any, ...], ...]] = (
    ({}, EITHER),
    ({"lines": []}, EITHER),
    ({"lines": [{"amount_cents": 1}]}, ISSUE),
)
ORDER_CHANGED: Final[tuple[tuple[Any, ...], ...]] = (
    ({}, EITHER),
    ({"reference": "a", "_cancel": False}, EITHER),
    ({"_cancel": True}, SPEND),
)
MARKET: Final = {"market": {"data": {"type": "markets", "id": "00000000-0000-7000-8000-000000000000"}}}

TABLE: Final[dict[str, dict[str, Any]]] = {
    **table("gift_cards", post=ISSUE, patch=CARD, linkage=ISSUE, delete=ISSUE),
    **table("gift_card_authorizations", post=SPEND, patch=SPEND),
    **table("gift_card_refunds", post=SPEND),
    **table("gift_card_payments", post=SPEND, patch=SPEND),
    **table("gift_card_orders", post=ORDER_TOLD, patch=ORDER_CHANGED, linkage=EITHER),
    **table("gift_card_transactions"),
    **table("markets", post=ADMIN, patch=ADMIN, delete=ADMIN),
    **table("price_lists"),
    **table("gift_card_recipients", post=ISSUE, patch=ISSUE, delete=ISSUE),
    **table("tags", post=ISSUE, patch=ISSUE, delete=ISSUE),
    **table("gift_card_products", post=ISSUE, patch=ISSUE, delete=ISSUE),
    **table("gift_card_denominations", post=ISSUE, patch=ISSUE, delete=ISSUE),
    **table("attachments", post=ISSUE, patch=ISSUE, delete=ISSUE),
    **table("events"),
    "gift_card_lookups": {"post": READ},
    "organization": {"get": ANY_SCOPE},
    "application": {"get": ANY_SCOPE},
}
for with_members in ("gift_cards", "gift_card_products"):
    TABLE[with_members + LINKAGE].update(post=ISSUE, delete=ISSUE)

OPEN_TO_ALL: Final = {
    "healthz/live",
    "healthz/ready",
    "api/openapi.json",
    "api/docs",
    ".well-known/jwks.json",
}
BY_THE_CLIENTS_SECRET: Final = {"oauth/token", "oauth/revoke"}
BY_ANY_TOKEN: Final = {"oauth/tokeninfo"}
ELSEWHERE: Final = ("back-office/", "^admin/", "^store/")
"""For people; and Medusa's, of which tests/medusa/test_who_may.py has a table."""
NOBODYS_ID: Final = "00000000-0000-7000-8000-000000000000"


def routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in patterns:
        address = prefix + str(each.pattern)
        if address.startswith(ELSEWHERE):
            continue
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, address)
        else:
            yield address, each


def resources() -> dict[str, URLPattern]:
    """What a key is needed for, by the address behind `/api/`."""
    others = OPEN_TO_ALL | BY_THE_CLIENTS_SECRET | BY_ANY_TOKEN
    every = routes(get_resolver().url_patterns)
    return {address.removeprefix("api/"): route for address, route in every if address not in others}


def declaration(address: str) -> Declaration:
    view: Any = resources()[address].callback
    return declaration_of(view.cls.serializer_class)


def requests() -> Iterator[tuple[str, str, Any, tuple[Any, ...]]]:
    """Method, address, body and the scopes that it asks for; relationships spelled out."""
    for address, methods in TABLE.items():
        for method, needed in methods.items():
            cases = (
                needed if isinstance(needed, tuple) else [({}, *([] if needed is ANY_SCOPE else [needed]))]
            )
            named = nobodys(address)
            if "<str:relationship>" not in address:
                for attributes, *scopes in cases:
                    yield method, named, body(address, attributes), tuple(scopes)
                continue
            for name, linkage in relationships(address, method, changeable=True):
                yield method, named.replace("<str:relationship>", name), linkage, (needed,)


def alternatives(needed: Any) -> tuple[str, ...]:
    return tuple(sorted(needed)) if needed is EITHER else (needed,)


def relationships(address: str, method: str, *, changeable: bool) -> Iterator[tuple[str, Any]]:
    """Those that this method reads; or changes, or never does; with a body for each."""
    of_many = method in {"post", "delete"}
    for name, relationship in declaration(address).relationships.items():
        takes = method == "get" or declaration(address).writable(name, creating=False)
        if takes == changeable and relationship.many >= of_many:
            yield name, {"data": [] if relationship.many else None}


def nobodys(address: str) -> str:
    return address.replace("<str:pk>", NOBODYS_ID)


def body(address: str, attributes: dict[str, Any]) -> dict[str, Any]:
    data = {"type": declaration(address).type, "attributes": attributes, "relationships": {}}
    if address == "gift_card_orders":
        data["relationships"] = MARKET
    return {"data": {**data, **({"id": NOBODYS_ID} if ONE in address else {})}}


def test_every_route_and_method_is_in_the_table():
    served = {
        address: {*getattr(route.callback, "actions", {"any method": None})} - {"head"}
        for address, route in resources().items()
    }

    assert served == {address: {*methods} for address, methods in TABLE.items()}


@pytest.fixture
def ask(db):
    """The status and the code of the first error of a request, with a key of these scopes."""
    keys: dict[tuple[str, ...], str] = {}
    client = Client(raise_request_exception=False)

    def answer(method: str, address: str, content: Any, scopes: tuple[str, ...]) -> tuple[int, str]:
        if scopes not in keys:
            keys[scopes] = api_client(scopes=scopes).authorization
        headers = {"accept": MEDIA_TYPE, "authorization": keys[scopes]}
        sent = b"" if method in {"get", "head"} else json.dumps(content).encode()
        given = client.generic(method.upper(), f"/api/{address}", sent, MEDIA_TYPE, headers=headers)
        errors = given.json().get("errors", [{"code": ""}]) if given.content else [{"code": ""}]
        return given.status_code, errors[0]["code"]

    return answer


def test_a_route_that_is_not_listed_is_noticed(monkeypatch):
    monkeypatch.delitem(TABLE["tags"], "post")

    with pytest.raises(AssertionError):
        test_every_route_and_method_is_in_the_table()


def test_without_the_scope_it_is_403_and_with_it_it_is_not(ask):
    wrong = []
    for method, address, content, needed in requests():
        for missing in map(alternatives, needed):
            others = tuple(scope for scope in EVERY_SCOPE if scope not in missing)
            if ask(method, address, content, others) != (403, "UNAUTHORIZED"):
                wrong.append(f"{method} {address} {content}: goes without {missing}")
            if method == "get" and ask("head", address, None, others)[0] != 403:
                wrong.append(f"head {address}: goes without {missing}")
        for enough in product(*map(alternatives, needed)):
            status, code = ask(method, address, content, enough or (Scope.REVEAL_CODES,))
            if code in {"UNAUTHORIZED", "INVALID_TOKEN"} or status not in {200, 404, 422}:
                wrong.append(f"{method} {address} {content}: {status} {code} with {enough}")

    assert wrong == []


def test_what_no_scope_changes_is_changed_by_nobody(ask):
    refused = [
        ask(method, nobodys(address).replace("<str:relationship>", name), linkage, EVERY_SCOPE)
        for address, methods in TABLE.items()
        if LINKAGE in address
        for method in methods
        if method != "get"
        for name, linkage in relationships(address, method, changeable=False)
    ]

    assert refused
    assert {status for status, _ in refused} == {403}


def test_the_table_asks_of_everything():
    asked = [*requests()]

    assert len(asked) > 100
    named = {scope for *_, needed in asked for each in needed for scope in alternatives(each)}
    assert named == {*EVERY_SCOPE} - {Scope.REVEAL_CODES}


@pytest.mark.django_db
@pytest.mark.parametrize("address", sorted(OPEN_TO_ALL & dict(routes(get_resolver().url_patterns)).keys()))
def test_what_is_open_asks_for_nothing(client, address):
    assert client.get(f"/{address}").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("address", sorted(BY_THE_CLIENTS_SECRET | BY_ANY_TOKEN))
def test_of_tokens_nothing_is_told_to_nobody(client, address):
    nobody = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y", "token": "z"}
    if address in BY_ANY_TOKEN:
        answer = client.get(f"/{address}")
    else:
        answer = client.post(f"/{address}", json.dumps(nobody), content_type="application/json")

    assert answer.status_code == 401
