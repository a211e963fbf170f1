"""What is asked of the service, as the bytes that go over the wire. Standard library alone: the load
generator has nothing else.

In paths and bodies, `<spent>`, `<read>`, `<code>`, `<unique>`, `<number>` and `<page>` are chosen at random
for each request; `<lean>`, `<market>` and `<cursor>` stand for the same in every one.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from benchmarks.cards import LISTED, code_of, first_spent, key_of

MEDIA_TYPE: Final = "application/vnd.api+json"
PAGES: Final = LISTED // 25
LENGTH: Final = 36
"""Of every key, code and unique text, so that the length of a body does not depend on what is chosen."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What requests must know of a database. `card`, where it is not 0, is the only one that is asked for."""

    cards: int
    key: str
    fields: str
    market: str
    deep_cursor: str
    card: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    keyed: bool = False
    status: int = 200
    connections: int = 0
    """As many as are asked for, unless it says so."""
    hot: bool = False
    """All of them ask for one card."""


def _debit(query: str, **particulars: Any) -> Request:
    attributes = {"_balance_change_cents": -1, "_reference": "order-<unique>"}
    body = {"type": "gift_cards", "id": "<spent>", "attributes": attributes}
    return Request("PATCH", f"/api/gift_cards/<spent>{query}", body, **particulars)


def _create(query: str) -> Request:
    market = {"data": {"type": "markets", "id": "<market>"}}
    attributes = {"balance_cents": 5000, "reference": "<unique>"}
    body = {"type": "gift_cards", "attributes": attributes, "relationships": {"market": market}}
    return Request("POST", f"/api/gift_cards{query}", body, status=201)


# From the oldest on: the newest are what other requests have created, without recipients and logs.
LIST: Final = "/api/gift_cards?sort=id&page[size]=25&include=market,gift_card_recipient"
LOOK_UP: Final = {"type": "gift_card_lookups", "attributes": {"code": "<code>"}}

REQUESTS: Final[Mapping[str, Request]] = {
    "debit": _debit("?<lean>"),
    "debit_keyed": _debit("?<lean>", keyed=True),
    "debit_full": _debit(""),
    "hot": _debit("?<lean>", hot=True),
    "hot_64": _debit("?<lean>", hot=True, connections=64),
    "retrieve": Request("GET", "/api/gift_cards/<read>?<lean>"),
    "retrieve_full": Request("GET", "/api/gift_cards/<read>"),
    "list": Request("GET", f"{LIST}&page[number]=<page>&<lean>"),
    "list_full": Request("GET", f"{LIST}&page[number]=<page>"),
    "list_deep": Request("GET", f"{LIST}&page[after]=<cursor>&<lean>"),
    "filter_one": Request("GET", f"{LIST}&filter[q][reference_eq]=card-<number>&<lean>"),
    "filter_many": Request("GET", f"{LIST}&filter[q][status_eq]=active&<lean>"),
    "create": _create("?<lean>"),
    "look_up": Request("POST", "/api/gift_card_lookups", LOOK_UP),
}

Make = Callable[[], bytes]
Choose = Callable[[], str]


def maker(name: str, subject: Subject, seed: str) -> Make:
    """A function that makes the next request each time it is called."""
    made = written(name, subject)
    choices = [
        (mark.encode(), choose) for mark, choose in _choices(subject, seed).items() if mark.encode() in made
    ]

    def make() -> bytes:
        request = made
        for mark, choose in choices:
            request = request.replace(mark, choose().encode())
        return request

    return make


def written(name: str, subject: Subject) -> bytes:
    """The request with what is the same in each, and with its marks."""
    request = REQUESTS[name]
    lines = ["Host: 127.0.0.1", f"Authorization: Bearer {subject.key}", f"Accept: {MEDIA_TYPE}"]
    if request.keyed:
        lines.append("Idempotency-Key: <unique>")
    content = ""
    if request.body is not None:
        content = json.dumps({"data": request.body}).replace("<market>", subject.market)
        length = len(content)
        for mark in ("<spent>", "<unique>", "<code>"):
            length += content.count(mark) * (LENGTH - len(mark))
        lines += [f"Content-Type: {MEDIA_TYPE}", f"Content-Length: {length}"]
    path = request.path.replace("<lean>", f"fields[gift_cards]={subject.fields}")
    path = path.replace("<cursor>", subject.deep_cursor)
    return "\r\n".join([f"{request.method} {path} HTTP/1.1", *lines, "", content]).encode()


def _choices(subject: Subject, seed: str) -> dict[str, Choose]:
    """Cards of even numbers are spent: those of odd ones, which are read, keep the past they were loaded
    with, so that reading costs the same at the end of a run as at its beginning."""
    chance = random.Random(seed)
    half, first = subject.cards // 2, first_spent(subject.cards)

    def spent() -> str:
        return key_of(subject.card or 2 * chance.randint(first // 2, half))

    def odd() -> int:
        return 2 * chance.randrange(half) + 1

    # All places of one request name the same card, so each mark is chosen once for a request.
    return {
        "<spent>": spent,
        "<read>": lambda: key_of(subject.card or odd()),
        "<code>": lambda: code_of(odd()),
        "<unique>": lambda: str(UUID(int=chance.getrandbits(128))),
        "<number>": lambda: str(odd()),
        "<page>": lambda: str(chance.randint(1, PAGES)),
    }
