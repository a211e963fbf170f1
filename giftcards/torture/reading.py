"""What a deployment holds: read over HTTP, again and again until it answers."""

import threading
import time
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

from giftcards.torture.requests import AUTHORIZATIONS, CARDS, PAYMENTS, TRANSACTIONS
from giftcards.torture.wire import CURSORS, Answer, Lost, Request, Target

PAUSE: Final = 0.2
ENTRY_FIELDS: Final = ("sequence", "kind", "amount_cents", "balance_cents", "reason", "reference")
LINKS: Final = {"authorization": AUTHORIZATIONS, "payment": PAYMENTS}
"""An entry's relationships, where the deployment has these resources."""


class Unreadable(Exception):
    """The deployment does not tell; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One of a card's transactions. `cents` is signed, `balance_cents` is the balance after it."""

    id: str
    sequence: int
    kind: str
    cents: int
    balance_cents: int
    names: frozenset[str]
    """Its reference and its reason: one of them is the name of a change of ours."""
    authorization: str | None
    payment: str | None

    @classmethod
    def of(cls, resource: dict[str, Any]) -> "Entry":
        said = resource["attributes"]
        return cls(
            id=resource["id"],
            sequence=said["sequence"],
            kind=said["kind"],
            cents=said["amount_cents"],
            balance_cents=said["balance_cents"],
            names=frozenset(filter(None, [said.get("reference"), said.get("reason")])),
            authorization=_linked(resource, "authorization"),
            payment=_linked(resource, "payment"),
        )


@dataclass(frozen=True, slots=True)
class CardState:
    """`entries` are None where the deployment has no transactions to read."""

    id: str
    status: str
    balance_cents: int
    available_cents: int | None
    entries: tuple[Entry, ...] | None


class Reader:
    """Raises Unreadable from every method: after `patience` seconds without an answer, or for a refusal."""

    def __init__(self, target: Target, patience: float, stop: threading.Event | None = None) -> None:
        self._connection = target.connect()
        self._patience = patience
        self._stop = stop or threading.Event()
        self._cards: dict[str, CardState | None] = {}
        self._known: dict[str, bool] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._connection.close()

    def mode(self) -> str | None:
        """Of the key, in the deployment's words."""
        answer = self._get("/application")
        if answer.status != 200:
            raise Unreadable(f"The deployment answers {answer.status} {answer.error or ''}".rstrip() + ".")
        meta = answer.document.get("data", {}).get("meta", {})
        mode = meta.get("mode")
        return None if mode is None else str(mode)

    def knows(self, resource: str) -> bool:
        if resource not in self._known:
            self._known[resource] = self._get(f"/{resource}?page[size]=1").status != 404
        return self._known[resource]

    def card(self, card_id: str) -> CardState | None:
        """None if there is no such card. Read once; what comes later is not looked at."""
        if card_id not in self._cards:
            self._cards[card_id] = self._card(card_id)
        return self._cards[card_id]

    def named(self, resource: str, reference: str) -> list[dict[str, Any]]:
        return self._list(f"/{resource}?filter[q][reference_eq]={reference}&page[size]=25")

    def events(self, card_id: str) -> list[str]:
        """The names of a card's events, oldest first."""
        events = [each["attributes"] for each in self._list(f"/{CARDS}/{card_id}/events?page[size]=25")]
        return [event["name"] for event in sorted(events, key=lambda event: int(event["sequence"]))]

    def _card(self, card_id: str) -> CardState | None:
        """A request that was hung up on may still be at work, so the card is read on both sides of its
        entries."""
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            answer = self._get(f"/{CARDS}/{card_id}")
            if answer.status == 404:
                return None
            said = _data(answer)["attributes"]
            entries = self._entries(card_id) if self.knows(TRANSACTIONS) else None
            if said == _data(self._get(f"/{CARDS}/{card_id}"))["attributes"]:
                return CardState(
                    id=card_id,
                    status=said["status"],
                    balance_cents=said["balance_cents"],
                    available_cents=said.get("available_balance_cents"),
                    entries=entries,
                )
        raise Unreadable(f"Card {card_id} does not come to rest.")

    def _entries(self, card_id: str) -> tuple[Entry, ...]:
        fields = [*ENTRY_FIELDS, *(link for link, resource in LINKS.items() if self.knows(resource))]
        sparse = f"fields[{TRANSACTIONS}]={','.join(fields)}"
        entries = self._list(f"/{CARDS}/{card_id}/transactions?page[size]=25&{sparse}")
        return tuple(sorted(map(Entry.of, entries), key=lambda entry: entry.sequence))

    def _list(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        following: str | None = path
        while following is not None:
            answer = self._get(following)
            found += _data(answer)
            following = _path(answer.document.get("links", {}).get("next"))
        return found

    def _get(self, path: str) -> Answer:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                answer = self._connection.ask(Request("GET", path), accept=CURSORS)
                complaint = f"is answered {answer.status}"
                if not answer.again:
                    return answer
            except Lost as lost:
                complaint = f"finds no answer ({lost})"
            if time.monotonic() > deadline or self._stop.wait(PAUSE):
                raise Unreadable(f"GET /api{path.partition('?')[0]} {complaint}.")


def _data(answer: Answer) -> Any:
    """Raises Unreadable for whatever is no success."""
    if answer.status != 200 or "data" not in answer.document:
        raise Unreadable(f"A read is answered {answer.status} {answer.error or ''}".rstrip() + ".")
    return answer.document["data"]


def _path(link: str | None) -> str | None:
    """What stands after `/api` in a link, whatever host the deployment takes itself for."""
    if link is None:
        return None
    parts = urlsplit(link)
    return f"{parts.path.partition('/api')[2]}?{parts.query}"


def _linked(resource: dict[str, Any], name: str) -> str | None:
    linkage = resource.get("relationships", {}).get(name, {}).get("data")
    return None if linkage is None else str(linkage["id"])
