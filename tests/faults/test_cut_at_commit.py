"""The connection to PostgreSQL ends exactly at COMMIT, before it arrives or before its answer does; and the
connection to the client when the answer is due. Two server processes, one effect."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import psycopg
import pytest
from django.db import connection

from api.models import IdempotencyKey
from giftcards.models import GiftCard, Kind, LedgerEntry
from kernel.keys import uuid7
from tests.concurrency.crowd import assert_ledger_is_true
from tests.fixtures.cast import a_draft, an_active_card
from tests.fixtures.proxy import AnswerSwallower, CommitCutter, Moment
from tests.server import CHECKED, PATIENCE, Server, a_key, serving

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS_ARE_BOTH_MET = 4  # connections, each of which the kernel gives to any of the two


@pytest.fixture(scope="module")
def postgresql(django_db_setup: None) -> Iterator[CommitCutter]:
    """By whichever way the tests reach it themselves."""
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres") as ours:
        host, port = ours.info.host, ours.info.port

    def connect() -> socket.socket:
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        there = socket.socket(socket.AF_UNIX)
        there.connect(f"{host}/.s.PGSQL.{port}")
        return there

    with CommitCutter(connect) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def server(postgresql: CommitCutter) -> Iterator[Server]:
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres") as ours:
        who = ":".join(quote(part) for part in (ours.info.user, ours.info.password) if part)
    name = connection.settings_dict["NAME"]
    through = f"postgresql://{who}@127.0.0.1:{postgresql.port}/{name}?sslmode=disable&gssencmode=disable"
    with serving(CHECKED, DATABASE_URL=through) as running:
        yield running


class Order(NamedTuple):
    """A write, and how often its effect is there."""

    method: str
    path: str
    document: dict[str, Any]
    effects: Callable[[], int]


def a_debit() -> Order:
    card = an_active_card()
    data = {"type": "gift_cards", "id": str(card.pk), "attributes": {"_balance_change_cents": -100}}
    return Order("PATCH", f"gift_cards/{card.pk}", data, lambda: debits_of(card))


def a_payment() -> Order:
    card = an_active_card()
    attributes = {"amount_cents": 100, "codes": [card.code().reveal()]}
    data = {"type": "gift_card_payments", "attributes": attributes}
    return Order("POST", "gift_card_payments", data, lambda: debits_of(card))


def a_new_card() -> Order:
    a_draft()  # the first code under a key makes the key known, which is a transaction of its own
    attributes = {"currency_code": "USD", "balance_cents": 100, "reference": str(uuid7())}
    cards = GiftCard.objects.filter(reference=attributes["reference"])
    return Order("POST", "gift_cards", {"type": "gift_cards", "attributes": attributes}, cards.count)


ORDERS = (a_debit, a_payment, a_new_card)
MOMENTS: tuple[Moment, ...] = ("before", "after")


def debits_of(card: GiftCard) -> int:
    return LedgerEntry.objects.filter(gift_card_id=card.pk, kind=Kind.DEBIT).count()


def send(server: Server, key: str, order: Order, retry_key: str | None) -> httpx.Response:
    """Over a connection of its own, so that any of the processes may get it."""
    headers = {} if retry_key is None else {"Idempotency-Key": retry_key}
    with server.caller(key) as caller:
        content = json.dumps({"data": order.document})
        return caller.request(order.method, f"/{order.path}", content=content, headers=headers)


def insist(server: Server, key: str, order: Order, retry_key: str) -> httpx.Response:
    """As a client does that is told to try again: PostgreSQL may not have found out yet that the connection
    is closed, and keep the first request's lock."""
    deadline = time.monotonic() + PATIENCE
    while (answer := send(server, key, order, retry_key)).status_code == 409:
        assert answer.json()["errors"][0]["code"] == "IDEMPOTENCY_KEY_IN_USE"
        assert answer.headers["Retry-After"] == "1"
        assert time.monotonic() < deadline
    return answer


def assert_nobody_knows(answer: httpx.Response, advice: str) -> None:
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert "this may have been done or not" in error["detail"]
    assert advice in error["detail"]
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("prepare", ORDERS)
def test_without_a_key_the_client_is_told_that_nobody_knows(
    server: Server, postgresql: CommitCutter, prepare: Callable[[], Order], moment: Moment
):
    key, order = a_key(), prepare()
    postgresql.arm(moment)

    answer = send(server, key, order, None)

    assert postgresql.disarm() is None
    assert_nobody_knows(answer, "Read the resource before you repeat the request")
    assert order.effects() == (1 if moment == "after" else 0)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("prepare", ORDERS)
def test_with_a_key_the_retry_has_exactly_one_effect(
    server: Server, postgresql: CommitCutter, prepare: Callable[[], Order], moment: Moment
):
    key = a_key()
    for number in range(WORKERS_ARE_BOTH_MET):
        order, retry_key = prepare(), f"order {number}"
        postgresql.arm(moment)
        assert_nobody_knows(send(server, key, order, retry_key), "Retry with the same key")
        assert postgresql.disarm() is None
        assert order.effects() == (1 if moment == "after" else 0)

        answers = [insist(server, key, order, retry_key) for _ in range(2)]

        assert {answer.status_code for answer in answers} <= {200, 201}
        replayed = ["Idempotency-Replayed" in answer.headers for answer in answers]
        assert replayed == [moment == "after", True]
        assert order.effects() == 1
    assert IdempotencyKey.objects.count() == WORKERS_ARE_BOTH_MET
    assert_ledger_is_true()


# --- Between the client and the service


@pytest.fixture
def swallower(server: Server) -> Iterator[AnswerSwallower]:
    with AnswerSwallower(partial(socket.create_connection, ("127.0.0.1", server.port))) as proxy:
        yield proxy


@pytest.fixture
def beyond(server: Server, swallower: AnswerSwallower) -> Server:
    """The service as it is reached through the proxy."""
    return Server(server.process, swallower.port, Path(os.devnull))


@pytest.mark.parametrize("prepare", ORDERS)
def test_an_answer_that_is_swallowed_can_be_had_again(
    beyond: Server, swallower: AnswerSwallower, prepare: Callable[[], Order]
):
    key = a_key()
    for number in range(WORKERS_ARE_BOTH_MET):
        order, retry_key = prepare(), f"order {number}"
        swallower.arm()
        with pytest.raises(httpx.RemoteProtocolError):
            send(beyond, key, order, retry_key)
        assert order.effects() == 1

        answer = send(beyond, key, order, retry_key)

        assert answer.headers["Idempotency-Replayed"] == "true"
        assert order.effects() == 1
    assert_ledger_is_true()


@pytest.mark.parametrize("prepare", ORDERS)
def test_without_a_key_whoever_repeats_a_swallowed_answer_has_it_done_twice(
    beyond: Server, swallower: AnswerSwallower, prepare: Callable[[], Order]
):
    key, order = a_key(), prepare()
    swallower.arm()
    with pytest.raises(httpx.RemoteProtocolError):
        send(beyond, key, order, None)

    send(beyond, key, order, None)

    assert order.effects() == 2
