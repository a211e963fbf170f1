"""Amounts at their edges: every attribute of the API that takes one, with every value that has ever broken an
amount somewhere. The values are JSON texts: what travels.

Which of the values are amounts, and what is said about the others, is one table. A refusal changes nothing in
the whole database, and nothing is ever answered 5xx.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.urls import get_resolver

from api.declaration import declaration_of
from giftcards.operations import authorize, debit, pay
from tests.fixtures.cast import TEST, a_draft, a_market, an_active_card, last_entry
from tests.fixtures.client import Answer, ApiClient
from tests.fixtures.fingerprint import fingerprint
from tests.giftcards.api.raw import send_raw

pytestmark = pytest.mark.django_db

LARGEST = 10**13
"""Every card here has as much room or as much on it as its request needs: what refuses is the value."""

OK = "ok"
NO_JSON = "BAD_REQUEST"

# What the wire itself says of a value, whatever attribute it is for.
NO_AMOUNTS = {
    "1.0": "not_an_integer",
    "0.5": "not_an_integer",
    "-0.0": "not_an_integer",
    "1e3": "not_an_integer",
    "1e30": "not_an_integer",
    '"1e3"': "not_a_number",
    '"1.0"': "not_a_number",
    '"NaN"': "not_a_number",
    '"٣"': "not_a_number",
    '"\\uff11\\uff12"': "not_a_number",
    '"²"': "not_a_number",
    '" 5"': "not_a_number",
    '"5_000"': "not_a_number",
    "true": "not_a_number",
    "false": "not_a_number",
    "[]": "not_a_number",
    "[1]": "not_a_number",
    "{}": "not_a_number",
    "NaN": NO_JSON,
    "Infinity": NO_JSON,
    "-Infinity": NO_JSON,
    "1e400": NO_JSON,
    "05": NO_JSON,
    "٣": NO_JSON,
    "9" * 5000: NO_JSON,
    "-" + "9" * 5000: NO_JSON,
    str(LARGEST + 1): "less_than_or_equal_to",
    f'"{LARGEST + 1}"': "less_than_or_equal_to",
    str(2**53 + 1): "less_than_or_equal_to",
    str(2**63 - 1): "less_than_or_equal_to",
    str(2**63): "less_than_or_equal_to",
    f'"{2**63}"': "less_than_or_equal_to",
    str(10**30): "less_than_or_equal_to",
    "9" * 300: "less_than_or_equal_to",
    str(-LARGEST - 1): "greater_than_or_equal_to",
    str(-(2**63)): "greater_than_or_equal_to",
    str(-(2**63) - 1): "greater_than_or_equal_to",
    "-" + "9" * 300: "greater_than_or_equal_to",
}


def around_zero(negative: str, zero: str, null: str) -> dict[str, str]:
    """The rest of the table: where attributes differ. What is above 0 is an amount for all of them."""
    return {
        str(-LARGEST): negative,
        "-1": negative,
        '"-1"': negative,
        "0": zero,
        "-0": zero,
        '"0"': zero,
        '"-0"': zero,
        "1": OK,
        '"1"': OK,
        str(LARGEST): OK,
        f'"{LARGEST}"': OK,
        "null": null,
    }


AMOUNT = around_zero("greater_than", "greater_than", "blank")
AMOUNT_OR_ALL = around_zero("greater_than", "greater_than", OK)
BALANCE = around_zero("greater_than_or_equal_to", OK, "blank")
MAXIMUM = around_zero("greater_than_or_equal_to", OK, OK)
THRESHOLD = around_zero("greater_than_or_equal_to", "greater_than_or_equal_to", OK)
CHANGE = around_zero(OK, "other_than", OK)
INTO_A_FULL_CARD = dict.fromkeys(("1", '"1"', str(LARGEST), f'"{LARGEST}"'), "balance_max_exceeded")
OUT_OF_AN_EMPTY_CARD = dict.fromkeys((str(-LARGEST), "-1", '"-1"'), "insufficient_balance")

Attributes = dict[str, Any]
Linkage = dict[str, tuple[str, object]]


@dataclass(frozen=True)
class Place:
    """One attribute that takes an amount, in one kind of request. `make` prepares what the request is about:
    it returns the id to update or None, the other attributes, and the relationships."""

    type: str
    attribute: str
    make: Callable[[], tuple[object | None, Attributes, Linkage]]
    verdicts: dict[str, str]

    def __str__(self) -> str:
        return f"{self.type}-{self.attribute}-{getattr(self.make, '__name__', 'new')}"


def beside(**attributes: Any) -> Callable[[], tuple[None, Attributes, Linkage]]:
    def new() -> tuple[None, Attributes, Linkage]:
        return None, attributes, {}

    return new


def draft() -> tuple[object, Attributes, Linkage]:
    return a_draft().pk, {}, {}


def active() -> tuple[object, Attributes, Linkage]:
    return an_active_card(balance_cents=1).pk, {}, {}


def full() -> tuple[object, Attributes, Linkage]:
    return an_active_card(balance_cents=LARGEST).pk, {}, {}


def empty() -> tuple[object, Attributes, Linkage]:
    return an_active_card(balance_cents=0).pk, {}, {}


def to_hold() -> tuple[object, Attributes, Linkage]:
    return None, {}, {"gift_card": ("gift_cards", full()[0])}


def held() -> tuple[object, Attributes, Linkage]:
    return authorize(caller=TEST, card_id=full()[0], amount_cents=LARGEST).pk, {}, {}  # type: ignore[arg-type]


def to_give_back() -> tuple[object, Attributes, Linkage]:
    card = an_active_card(balance_cents=LARGEST)
    debit(caller=TEST, card_id=card.pk, amount_cents=LARGEST)
    return None, {}, {"transaction": ("gift_card_transactions", last_entry(card).pk)}


def by_code() -> tuple[object, Attributes, Linkage]:
    card = an_active_card(balance_cents=LARGEST)
    return None, {"codes": [card.code().reveal()]}, {}


def by_card() -> tuple[object, Attributes, Linkage]:
    return None, {}, {"gift_cards": ("gift_cards", [full()[0]])}


def paid() -> tuple[object, Attributes, Linkage]:
    return pay(caller=TEST, amount_cents=LARGEST, gift_cards=[full()[0]]).pk, {}, {}  # type: ignore[list-item]


def market() -> tuple[object, Attributes, Linkage]:
    return a_market().pk, {}, {}


PLACES = [
    Place("gift_cards", "balance_cents", beside(currency_code="USD"), BALANCE),
    Place("gift_cards", "balance_cents", draft, BALANCE),
    Place("gift_cards", "balance_cents", active, BALANCE),
    Place("gift_cards", "balance_max_cents", beside(currency_code="USD", balance_cents=0), MAXIMUM),
    Place("gift_cards", "balance_max_cents", active, MAXIMUM),
    Place("gift_cards", "_balance_change_cents", full, CHANGE | INTO_A_FULL_CARD),
    Place("gift_cards", "_balance_change_cents", empty, CHANGE | OUT_OF_AN_EMPTY_CARD),
    Place("gift_card_authorizations", "amount_cents", to_hold, AMOUNT),
    Place("gift_card_authorizations", "_capture_amount_cents", held, AMOUNT_OR_ALL),
    Place("gift_card_refunds", "amount_cents", to_give_back, AMOUNT_OR_ALL),
    Place("gift_card_payments", "amount_cents", by_code, AMOUNT),
    Place("gift_card_payments", "amount_cents", by_card, AMOUNT),
    Place("gift_card_payments", "_refund_amount_cents", paid, AMOUNT_OR_ALL),
    Place("markets", "cash_out_below_cents", beside(name="Rome"), THRESHOLD),
    Place("markets", "cash_out_below_cents", market, THRESHOLD),
]


class Request:
    """What a place is tried with: everything around the value is there."""

    def __init__(self, api: ApiClient, place: Place) -> None:
        pk, attributes, linkage = place.make()
        data: dict[str, Any] = {"type": place.type, "attributes": {**attributes, place.attribute: "HERE"}}
        if linkage:
            data["relationships"] = {name: {"data": _identifiers(*named)} for name, named in linkage.items()}
        if pk is not None:
            data["id"] = str(pk)
        address = ("POST", place.type) if pk is None else ("PATCH", f"{place.type}/{pk}")
        self.send = lambda value: send_raw(api, *address, json.dumps({"data": data}).replace('"HERE"', value))


def _identifiers(resource_type: str, named: object) -> Any:
    if isinstance(named, list):
        return [_identifiers(resource_type, each) for each in named]
    return {"type": resource_type, "id": str(named)}


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def verdict(place: Place, answer: Answer) -> str:
    if answer.status < 300:
        return OK
    error = answer.error
    if answer.status == 400:
        return str(error["code"])
    assert (answer.status, error["code"]) == (422, "VALIDATION_ERROR"), answer.document
    assert error["source"]["pointer"] == f"/data/attributes/{place.attribute}"
    return str(error["meta"]["error"])


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_every_value_at_the_edge_is_an_amount_or_refused_for_what_is_wrong_with_it(api, place):
    request, expected = Request(api, place), NO_AMOUNTS | place.verdicts
    before = fingerprint()
    told = {}

    for value in expected:
        with undone() if expected[value] == OK else nullcontext():
            told[value] = verdict(place, request.send(value))

    assert told == expected
    assert fingerprint() == before


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_an_amount_is_read_back_as_it_was_sent(api, place):
    """A change is read as the balance that it leaves."""
    sent = str(LARGEST) if place.verdicts[str(LARGEST)] == OK else str(-LARGEST)

    attributes = Request(api, place).send(sent).document["data"]["attributes"]

    read_as = {
        "_balance_change_cents": "balance_cents",
        "_capture_amount_cents": "captured_amount_cents",
        "_refund_amount_cents": "refunded_amount_cents",
    }
    read = attributes[read_as.get(place.attribute, place.attribute)]
    assert type(read) is int
    assert read == (0 if sent.startswith("-") else LARGEST)


def takers() -> set[tuple[str, str, bool]]:
    """Type, attribute and whether it is for creating, of every amount that some request may carry, whatever
    package serves it."""
    routes: list[Any] = get_resolver().url_patterns
    (served,) = (each for each in routes if str(each.pattern) == "api/")
    return {
        (declaration.type, name, creating)
        for route in served.url_patterns
        for verb, creating in (("create", True), ("update", False))
        if verb in getattr(route.callback, "actions", {}).values()
        for declaration in [declaration_of(route.callback.cls.serializer_class)]
        for name in declaration.fields
        if name.endswith("_cents") and declaration.writable(name, creating=creating)
    }


def test_no_attribute_that_takes_an_amount_is_missing_here():
    assert takers() == {(place.type, place.attribute, place.make()[0] is None) for place in PLACES}
