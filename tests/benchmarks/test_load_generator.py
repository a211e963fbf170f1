"""The load generator against real server processes."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from benchmarks.asking import LENGTH, REQUESTS, Subject, maker
from benchmarks.cards import code_of, key_of
from benchmarks.load import Task, result_of
from giftcards.models import GiftCard
from kernel.caller import Actor, Caller
from kernel.modes import Mode
from markets.operations import create_market
from tests.server import ROOT, Server, a_key, server

__all__ = ["server"]

NOBODY = Subject(cards=100, key="no key", fields="code", market="m" * LENGTH, deep_cursor="c")


def task(port: int, request: str, subject: Subject, requests: int) -> Task:
    return Task(port, request, asdict(subject), connections=4, seconds=30, requests=requests)


@pytest.mark.django_db(transaction=True)
def test_every_request_is_sent_once_and_every_answer_counted(server: Server) -> None:
    market = create_market(
        caller=Caller(Mode.TEST, Actor.system("tests")), name="Europe", currency_code="EUR"
    )
    subject = Subject(cards=100, key=a_key(), fields="code", market=str(market.pk), deep_cursor="")

    result = result_of(task(server.port, "create", subject, 25))

    assert result.statuses == {"201": 25}
    assert result.requests == 25
    assert GiftCard.objects.filter(market=market).count() == 25
    assert 0 < result.p50 <= result.p99


@pytest.mark.django_db(transaction=True)
def test_what_is_refused_is_counted_by_its_status(server: Server) -> None:
    assert result_of(task(server.port, "retrieve", NOBODY, 9)).statuses == {"401": 9}


@pytest.mark.django_db(transaction=True)
def test_it_runs_as_a_process_of_its_own_that_needs_no_settings(server: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        cwd=ROOT,
        env={},
        input=json.dumps(asdict(task(server.port, "list", NOBODY, 3))),
        text=True,
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["statuses"] == {"401": 3}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_says_how_long_its_body_is_whatever_was_chosen(name: str) -> None:
    make = maker(name, NOBODY, "seed")
    made = [make() for _ in range(20)]
    for request in made:
        head, _, body = request.partition(b"\r\n\r\n")
        length = next((line for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), b": 0")
        assert len(body) == int(length.partition(b": ")[2])
        assert b"<" not in request
        assert not body or json.loads(body)
    assert len(set(made)) > 1 or name in {"list_deep", "filter_many"}


def test_other_seeds_ask_otherwise_and_the_same_one_asks_the_same() -> None:
    first, again, other = (maker("debit_keyed", NOBODY, seed)() for seed in ("one", "one", "two"))
    assert first == again != other


def test_a_card_is_either_spent_or_read() -> None:
    spending, reading = maker("debit", NOBODY, "seed"), maker("retrieve", NOBODY, "seed")
    for _ in range(50):
        spent, read = (int(make().split(b"?")[0][-12:]) for make in (spending, reading))
        assert (spent % 2, read % 2) == (0, 1)


def test_keys_and_codes_are_as_long_as_the_generator_takes_them_for() -> None:
    assert {len(key_of(number)) for number in (1, 10_000_000)} == {LENGTH}
    assert len(code_of(7)) == LENGTH


@pytest.fixture
def hanging_up() -> Iterator[int]:
    """A port whose server takes a request and closes the connection."""

    def serve() -> None:
        connection, _ = listening.accept()
        connection.recv(1000)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_a_lost_connection_ends_the_run_instead_of_being_passed_over(hanging_up: int) -> None:
    alone = Task(hanging_up, "retrieve", asdict(NOBODY), connections=1, seconds=30)
    with pytest.raises(ConnectionError):
        result_of(alone)
