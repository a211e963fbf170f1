"""The database goes away: callers are told to try again, nothing is half done, and service resumes."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from psycopg import sql

from giftcards.models import GiftCard, Kind, LedgerEntry
from tests.fixtures.cast import an_active_card
from tests.fixtures.locks import until_someone_waits_for_us
from tests.server import Server, a_key

pytestmark = pytest.mark.django_db(transaction=True)

THREADS, DEBITS = 8, 25
DISCONNECT = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = %s AND pid <> pg_backend_pid()
"""


def disconnect_everyone() -> None:
    with connection.cursor() as cursor:
        cursor.execute(DISCONNECT, [connection.settings_dict["NAME"]])


@transaction.atomic
def disconnect_whoever_waits_for(card_id: UUID) -> None:
    """So that somebody is in the middle of a debit for sure."""
    GiftCard.objects.select_for_update().values_list("pk").get(pk=card_id)
    until_someone_waits_for_us()
    disconnect_everyone()


def assert_serves_again(server: Server, key: str, *, within: float) -> None:
    """Many requests in a row, which both processes share, are answered as ever."""
    deadline = time.monotonic() + within
    answered = 0
    while answered < 40:
        with server.caller(key) as caller:
            answer = caller.get("/gift_cards")
        assert answer.status_code in {200, 503}
        answered = answered + 1 if answer.status_code == 200 else 0
        assert time.monotonic() < deadline, answer.text


def test_disconnected_debits_are_answered_503_and_every_200_has_its_entry(server: Server):
    key, card = a_key(), an_active_card(balance_cents=100_000)
    answers: SimpleQueue[int] = SimpleQueue()

    def spend() -> None:
        with server.caller(key) as caller:
            for _ in range(DEBITS):
                answer = caller.trigger(card.id, _balance_change_cents=-1)
                if answer.status_code == 503:
                    assert answer.json()["errors"][0]["code"] == "SERVICE_UNAVAILABLE"
                    assert ("Retry-After" in answer.headers) == ("nothing has changed" in answer.text)
                answers.put(answer.status_code)

    statuses: Counter[int] = Counter()
    with ThreadPoolExecutor(THREADS) as threads:
        spenders = [threads.submit(spend) for _ in range(THREADS)]
        for number in range(THREADS * DEBITS):
            statuses[answers.get(timeout=60)] += 1
            if number in {20, 60, 100}:
                disconnect_whoever_waits_for(card.id)
        for spender in spenders:
            spender.result()

    assert statuses.keys() == {200, 503}
    assert_each_success_is_an_entry(card.id, statuses)
    assert_serves_again(server, key, within=10)


def assert_each_success_is_an_entry(card_id: UUID, statuses: Counter[int]) -> None:
    """A 503 may come after the debit was written, when it is the answer that could not be read; never
    before a 200."""
    entries = LedgerEntry.objects.filter(gift_card_id=card_id, kind=Kind.DEBIT).count()
    assert statuses[200] <= entries <= statuses.total()
    assert GiftCard.objects.get(pk=card_id).balance_cents == 100_000 - entries


@contextmanager
def closed_database() -> Iterator[None]:
    """No connection lives and none is made, as while PostgreSQL is restarted."""
    name = connection.settings_dict["NAME"]
    connection.close()
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres", autocommit=True) as outside:
        database = sql.Identifier(name)
        outside.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(database))
        outside.execute(DISCONNECT, [name])
        try:
            yield
        finally:
            outside.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(database))


def test_while_the_database_is_gone_the_service_says_so_and_it_comes_back_by_itself(server: Server):
    key = a_key()
    with server.caller(key) as caller:
        assert caller.get("/gift_cards").status_code == 200
        with closed_database(), ThreadPoolExecutor() as threads:
            ready = threads.submit(server.is_ready)
            answer = caller.get("/gift_cards")
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "SERVICE_UNAVAILABLE")
            assert not ready.result()
            assert caller.get(f"{server.address}/healthz/live").status_code == 200

    assert_serves_again(server, key, within=30)


def test_idle_connections_that_were_ended_are_noticed_before_they_are_used(server: Server):
    """As after a restart of PostgreSQL: each thread has kept one."""
    key = a_key()

    def read() -> int:
        with server.caller(key) as caller:
            return caller.get("/gift_cards").status_code

    with ThreadPoolExecutor(2 * THREADS) as threads:
        warmed = [threads.submit(read) for _ in range(40 * THREADS)]
        assert {each.result() for each in warmed} == {200}
    disconnect_everyone()

    assert [read() for _ in range(4 * THREADS)] == [200] * 4 * THREADS
