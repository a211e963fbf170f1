"""A tiny gift-card service that can be told to get one thing wrong, and to be found out."""

import contextlib
import json
import threading
from collections.abc import Iterator
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

KEY = f"gck_test_{'0' * 49}"
NTH = 2
"""Every second debit of a card goes wrong."""


class Fault(Enum):
    NONE = auto()
    UPDATE_LOST = auto()
    KEY_IGNORED = auto()
    BODY_IGNORED = auto()
    DEBIT_VANISHES = auto()
    REFUSAL_IS_DONE = auto()
    BALANCE_UNCHECKED = auto()
    DEACTIVATION_VANISHES = auto()
    CRASH = auto()
    LIVE = auto()
    HOLD_UNCOUNTED = auto()
    RESOLVED_TWICE = auto()
    CAPTURE_VANISHES = auto()
    REFUNDS_UNCOUNTED = auto()
    PAYMENT_ENDS_EARLY = auto()
    GIVEN_BACK_TWICE = auto()


class Refused(Exception):
    pass


class Deployment:
    """Cards in memory, one lock, JSON:API enough for an attack; with or without `transactions` to read."""

    def __init__(self, fault: Fault, *, transactions: bool = True) -> None:
        self.fault = fault
        self.transactions = transactions
        self.lock = threading.Lock()
        self.cards: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, tuple[str, int, Any]] = {}
        self.numbers = count(1)
        self.writes = 0

    def get(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        found = self._found(path.strip("/").split("/"), query)
        return (404, {"errors": [{"code": "RECORD_NOT_FOUND"}]}) if found is None else (200, {"data": found})

    def _found(self, parts: list[str], query: dict[str, list[str]]) -> Any:
        found: Any = None
        match parts:
            case ["application"]:
                mode = "live" if self.fault == Fault.LIVE else "test"
                found = {"id": "1", "type": "applications", "meta": {"mode": mode}}
            case ["gift_card_transactions"] if self.transactions:
                found = []
            case ["gift_cards"]:
                (name,) = query["filter[q][reference_eq]"]
                found = [self._shown(card) for card in self.cards.values() if card["reference"] == name]
            case ["gift_cards", key] if key in self.cards:
                found = self._shown(self.cards[key])
            case ["gift_cards", key, "transactions"] if self.transactions:
                found = self.cards[key]["entries"]
            case ["gift_cards", key, "events"]:
                events = enumerate(self.cards[key]["events"])
                found = [{"attributes": {"sequence": sequence, "name": name}} for sequence, name in events]
        return found

    def write(self, path: str, body: str, key: str) -> tuple[int, Any, bool]:
        """Status, document, and whether it is replayed."""
        with self.lock:
            self.writes += 1
            known = None if self.fault == Fault.KEY_IGNORED else self.answers.get(key)
            if known is not None:
                if known[0] == path + body or self.fault == Fault.BODY_IGNORED:
                    return *known[1:], True
                return 422, {"errors": [{"code": "IDEMPOTENCY_KEY_REUSED"}]}, False
            try:
                status, card = self._done(path, json.loads(body)["data"])
            except Refused as refused:
                return 422, {"errors": [{"code": "VALIDATION_ERROR", "meta": {"error": str(refused)}}]}, False
            document = {"data": self._shown(card)}
            self.answers[key] = (path + body, status, document)
            return status, document, False

    def _done(self, path: str, data: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        _resource, _, key = path.strip("/").partition("/")
        said = data["attributes"]
        if not key:
            return 201, self._created(said)
        card = self.cards[key]
        if said.get("_purchase"):
            self._post(card, card["balance"], "issue", None, start=0)
        elif said.get("_activate"):
            self._switch(card, to="active", event="gift_cards.activate")
        elif said.get("_deactivate"):
            self._switch(card, to="inactive", event="gift_cards.deactivate")
        elif "_balance_change_cents" in said:
            self._change(card, said["_balance_change_cents"], said["_reference"])
        else:
            self._post(card, said["balance_cents"] - card["balance"], "adjustment", said["_reason"])
        return 200, card

    def _created(self, said: dict[str, Any]) -> dict[str, Any]:
        key = str(next(self.numbers))
        self.cards[key] = {
            "id": key,
            "status": "inactive",
            "balance": said["balance_cents"],
            "reference": said["reference"],
            "entries": [],
            "events": [],
            "debits": 0,
            "before": said["balance_cents"],
        }
        return self.cards[key]

    def _switch(self, card: dict[str, Any], *, to: str, event: str) -> None:
        if card["status"] == to:
            raise Refused("invalid_transition")
        if self.fault == Fault.DEACTIVATION_VANISHES and to == "inactive":
            return
        card["status"] = to
        card["events"].append(event)

    def _change(self, card: dict[str, Any], cents: int, name: str) -> None:
        if cents > 0:
            return self._post(card, cents, "recharge", name)
        unchecked = self.fault == Fault.BALANCE_UNCHECKED
        if card["status"] != "active" or (card["balance"] + cents < 0 and not unchecked):
            raise Refused("insufficient_balance")
        card["debits"] += 1
        wrong = card["debits"] % NTH == 0
        if wrong and self.fault == Fault.CRASH:
            raise RuntimeError
        if wrong and self.fault == Fault.DEBIT_VANISHES:
            return None
        # As if it had been read before the last change was written.
        stale = wrong and self.fault == Fault.UPDATE_LOST
        start = card["before"] if stale else card["balance"]
        self._post(card, cents, "debit", name, start=start)
        if wrong and self.fault == Fault.REFUSAL_IS_DONE:
            raise Refused("too_late")
        return None

    def _post(
        self,
        card: dict[str, Any],
        cents: int,
        kind: str,
        name: str | None,
        *,
        start: int | None = None,
        **related: str,
    ) -> None:
        card["before"] = card["balance"]
        card["balance"] = (card["balance"] if start is None else start) + cents
        sequence = len(card["entries"]) + 1
        entry = {"sequence": sequence, "kind": kind, "amount_cents": cents, "balance_cents": card["balance"]}
        attributes = {**entry, "reference": name, "reason": ""}
        relationships = {name: {"data": {"id": key}} for name, key in related.items()}
        card["entries"].append(
            {"id": f"{card['id']}-{sequence}", "attributes": attributes, "relationships": relationships}
        )

    def _shown(self, card: dict[str, Any]) -> dict[str, Any]:
        attributes = {"status": card["status"], "balance_cents": card["balance"]}
        return {"id": card["id"], "type": "gift_cards", "attributes": attributes}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    deployment: ClassVar[Deployment]

    def do_GET(self) -> None:
        address = urlsplit(self.path.removeprefix("/api"))
        self._answer(*self.deployment.get(address.path, parse_qs(address.query)))

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return None
        path = urlsplit(self.path.removeprefix("/api")).path
        try:
            status, document, replayed = self.deployment.write(
                path, body.decode(), self.headers["Idempotency-Key"]
            )
        except RuntimeError:
            return self._answer(500, {"errors": [{"code": "INTERNAL_SERVER_ERROR"}]})
        return self._answer(status, document, replayed=replayed)

    do_PATCH = do_POST  # noqa: N815 (http.server's name)

    def _answer(self, status: int, document: Any, *, replayed: bool = False) -> None:
        content = json.dumps(document).encode()
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if replayed:
                self.send_header("Idempotency-Replayed", "true")
            self.end_headers()
            self.wfile.write(content)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        pass


class Threads(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


@contextlib.contextmanager
def deployed(deployment: Deployment) -> Iterator[str]:
    """Its address."""
    serving = type("Serving", (Handler,), {"deployment": deployment})
    with Threads(("127.0.0.1", 0), serving) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
