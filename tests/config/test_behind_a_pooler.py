"""A pooler gives a client one process of PostgreSQL now, another then, and what outlives a transaction may be
somebody else's there. No connection ever runs another one's statement; where a pooler is noticed, nothing is
prepared unless it knows of prepared statements."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, ProgrammingError, connection
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosWrapper
from psycopg.conninfo import conninfo_to_dict

from config.postgresql import pooler, prepared
from config.postgresql.base import DatabaseWrapper
from config.settings import PREPARE_AFTER
from giftcards.models import GiftCard
from tests.concurrency.crowd import all_at_once
from tests.fixtures.cast import an_active_card
from tests.fixtures.pooler import pooling
from tests.server import Api, a_key, serving

pytestmark = pytest.mark.django_db(transaction=True)

MINE: Final = "SELECT %s::int + 1"
YOURS: Final = "SELECT %s::int - 1"
OFTEN: Final = PREPARE_AFTER + 2
PREPARED: Final = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE ANY ('{gc%,\\_pg3%,PGB%}')"


# --- How statements are sent: wanted at once, or by a cursor


def at_once(client: DatabaseWrapper, sql: str, *values: Any) -> list[Any]:
    return client.rows_at_once(sql, values)


def by_cursor(client: DatabaseWrapper, sql: str, *values: Any) -> list[Any]:
    with client.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


Send: TypeAlias = Callable[..., list[Any]]
BOTH_WAYS: Final = pytest.mark.parametrize("send", [at_once, by_cursor])


@contextmanager
def clients(number: int, address: str = "") -> Iterator[list[DatabaseWrapper]]:
    """Connections of their own, to the address of a pooler or to PostgreSQL itself."""
    to = {name.upper(): value for name, value in conninfo_to_dict(address).items()}
    options = {**connection.settings_dict["OPTIONS"]}
    told = {**connection.settings_dict, **to, "OPTIONS": options}
    with ExitStack() as open_ones:
        yield [open_ones.enter_context(closing(DatabaseWrapper(told, "default"))) for _ in range(number)]


@contextmanager
def transaction_of(client: DatabaseWrapper) -> Iterator[None]:
    """It has a process of PostgreSQL for itself meanwhile."""
    client.set_autocommit(False)
    try:
        yield
        client.commit()
    finally:
        client.rollback()
        client.set_autocommit(True)


def process_of(client: DatabaseWrapper) -> Any:
    """By a statement that begins its transaction."""
    return client.rows_at_once("SELECT pg_backend_pid()", ())


def swap(one: DatabaseWrapper, other: DatabaseWrapper) -> None:
    """As a pooler does: each goes on with the other's process."""
    mine, yours = one.connection, other.connection
    mine.pgconn, yours.pgconn = yours.pgconn, mine.pgconn
    one._statements._libpq, other._statements._libpq = other._statements._libpq, one._statements._libpq


# --- What a pooler may do that nobody notices


@pytest.fixture
def two_who_prepared() -> Iterator[list[DatabaseWrapper]]:
    """Connections to PostgreSQL itself; what each prepared first is another statement."""
    with clients(2) as (one, other):
        for send in (at_once, by_cursor):
            for _ in range(OFTEN):
                assert send(one, MINE, 10) == [(11,)]
                assert send(other, YOURS, 10) == [(9,)]
        swap(one, other)
        yield [one, other]
        swap(one, other)


@pytest.fixture
def names_counted_from_0(monkeypatch) -> None:
    """As psycopg counts them, and we did."""
    monkeypatch.setattr(prepared, "randbits", lambda _bits: 0)


def test_with_another_ones_process_a_statement_is_sent_anew(two_who_prepared):
    one, other = two_who_prepared

    assert [at_once(one, MINE, 10), at_once(other, YOURS, 10)] == [[(11,)], [(9,)]]


def test_with_another_ones_process_a_cursor_fails(two_who_prepared):
    for client, statement in zip(two_who_prepared, (MINE, YOURS), strict=True):
        with pytest.raises(ProgrammingError, match="does not exist"):
            by_cursor(client, statement, 10)


@BOTH_WAYS
def test_with_another_ones_process_a_transaction_fails(two_who_prepared, send):
    one, _ = two_who_prepared

    with transaction_of(one):
        process_of(one)
        with pytest.raises(ProgrammingError, match="does not exist"):
            send(one, MINE, 10)


@BOTH_WAYS
def test_control_with_names_that_others_have_too_the_wrong_statement_is_run(
    names_counted_from_0, two_who_prepared, send
):
    one, other = two_who_prepared

    assert [send(one, MINE, 10), send(other, YOURS, 10)] == [[(9,)], [(11,)]]


def test_nobody_stands_between_us_and_the_tests_database():
    with clients(1) as (client,):
        for send in (at_once, by_cursor):
            for _ in range(OFTEN):
                send(client, MINE, 1)

        assert at_once(client, PREPARED) == [(2,)]


# --- A pooler that knows nothing of prepared statements


@pytest.fixture
def ignorant() -> Iterator[str]:
    with pooling(knows_statements=False) as address:
        yield address


@pytest.fixture
def unnoticed(monkeypatch) -> None:
    monkeypatch.setattr(pooler, "stands_between", lambda _connection: False)


@BOTH_WAYS
def test_through_it_nothing_is_prepared(ignorant, send):
    with clients(1, ignorant) as (client,):
        for _ in range(OFTEN):
            assert send(client, MINE, 1) == [(2,)]

        assert at_once(client, PREPARED) == [(0,)]


@BOTH_WAYS
def test_control_if_it_is_not_noticed_it_is_prepared(ignorant, unnoticed, send):
    with clients(1, ignorant) as (client,):
        for _ in range(OFTEN):
            assert send(client, MINE, 1) == [(2,)]

        assert at_once(client, PREPARED) == [(1,)]


def rows_in_the_process_of_another(address: str, send: Send) -> list[Any]:
    """Of MINE, where somebody else has prepared YOURS."""
    with clients(4, address) as (one, other, *holders):
        with transaction_of(one), transaction_of(other):
            process_of(one)
            theirs = process_of(other)
            for _ in range(OFTEN):
                assert send(one, MINE, 10) == [(11,)]
                assert send(other, YOURS, 10) == [(9,)]
        with transaction_of(holders[0]), transaction_of(holders[1]):  # of both there are, and so there is
            (free,) = (each for each in holders if process_of(each) == theirs)  # one choice
            free.commit()
            return send(one, MINE, 10)


@BOTH_WAYS
def test_through_it_two_clients_get_their_own_rows(ignorant, send):
    assert rows_in_the_process_of_another(ignorant, send) == [(11,)]


def test_if_it_is_not_noticed_a_statement_is_sent_anew(ignorant, unnoticed):
    assert rows_in_the_process_of_another(ignorant, at_once) == [(11,)]


def test_if_it_is_not_noticed_a_cursor_fails(ignorant, unnoticed):
    with pytest.raises(ProgrammingError, match="does not exist"):
        rows_in_the_process_of_another(ignorant, by_cursor)


@BOTH_WAYS
def test_control_with_names_that_others_have_too_it_runs_the_wrong_statement(
    ignorant, unnoticed, names_counted_from_0, send
):
    assert rows_in_the_process_of_another(ignorant, send) == [(9,)]


# --- Rows that are fetched by and by


def fetched_beside_another(address: str) -> list[Any]:
    """The second of two portions; before it, somebody else takes the process that the first came from."""
    with clients(2, address) as (one, other), one.chunked_cursor() as rows:
        rows.execute("SELECT n FROM generate_series(1, 3) AS n")
        rows.fetchmany(2)
        with transaction_of(other):
            process_of(other)
            return list(rows.fetchmany(2))


def test_rows_come_by_and_by_whoever_is_served_in_between(ignorant):
    assert fetched_beside_another(ignorant) == [(3,)]


def test_control_a_cursor_of_postgresqls_own_is_in_one_process_only(ignorant, monkeypatch):
    monkeypatch.setattr(DatabaseWrapper, "chunked_cursor", DjangosWrapper.chunked_cursor)

    with pytest.raises(DatabaseError, match="does not exist"):
        fetched_beside_another(ignorant)


def test_without_a_pooler_the_rest_stays_with_postgresql_until_it_is_wanted():
    with clients(1) as (client,), client.chunked_cursor() as rows:
        rows.execute("SELECT 1")
        assert at_once(client, "SELECT count(*) FROM pg_cursors WHERE name LIKE '\\_django%'") == [(1,)]


# --- A pooler that answers although PostgreSQL is away


@pytest.fixture
def away(monkeypatch) -> Iterator[None]:
    with monkeypatch.context() as for_now:

        def says_so(_connection: Any) -> bool:
            for_now.undo()
            raise psycopg.OperationalError("the database is away")

        for_now.setattr(pooler, "stands_between", says_so)
        yield


def test_a_connection_that_was_never_set_up_is_none(away):
    with clients(1) as (client,):
        with pytest.raises(OperationalError):
            at_once(client, MINE, 1)
        assert at_once(client, MINE, 1) == [(2,)]


def test_control_django_would_use_it(away, monkeypatch):
    monkeypatch.setattr(DatabaseWrapper, "connect", DjangosWrapper.connect)
    with clients(1) as (client,):
        with pytest.raises(OperationalError):
            at_once(client, MINE, 1)
        with pytest.raises(AttributeError):
            at_once(client, MINE, 1)


# --- A pooler that knows of prepared statements


@pytest.fixture
def aware() -> Iterator[str]:
    with pooling(knows_statements=True) as address:
        yield address


@BOTH_WAYS
def test_it_is_noticed_that_it_knows_them(aware, send):
    with clients(1, aware) as (client,):
        for _ in range(OFTEN):
            assert send(client, MINE, 1) == [(2,)]

        assert at_once(client, PREPARED) != [(0,)]


@BOTH_WAYS
def test_it_sees_to_it_that_everyone_gets_their_own_rows(aware, send):
    assert rows_in_the_process_of_another(aware, send) == [(11,)]


@BOTH_WAYS
def test_what_it_keeps_outlives_a_rollback(aware, send):
    with clients(1, aware) as (client,):
        for _ in range(OFTEN):
            send(client, MINE, 1)
        with transaction_of(client):
            process_of(client)
            client.rollback()
        with transaction_of(client):
            process_of(client)
            assert send(client, MINE, 1) == [(2,)]


# --- The service


THREADS: Final = 8
DEBITS: Final = 6


def spend(caller: Api, card_id: UUID) -> list[int]:
    """Debits that are a statement each, and within a transaction; reads. The statuses of the answers."""
    to = f"/gift_cards/{card_id}"
    debit = {"data": {"type": "gift_cards", "id": str(card_id), "attributes": {"_balance_change_cents": -1}}}
    answers = []
    for _ in range(DEBITS // 2):
        answers.append(caller.trigger(card_id, _balance_change_cents=-1))
        answers.append(caller.patch(to, json=debit, headers={"Idempotency-Key": uuid4().hex}))
        answers.append(caller.get(to))
    return [each.status_code for each in answers]


def spent_through(address: str) -> tuple[Counter[int], int]:
    """How many answers had which status, and what was spent of a card."""
    card, key = an_active_card(), a_key()
    with serving(DATABASE_URL=address) as server:
        answers = all_at_once(server, key, [lambda caller: spend(caller, card.pk)] * THREADS)
    statuses = sum(map(Counter, answers), Counter())
    return statuses, card.balance_cents - GiftCard.objects.get(pk=card.pk).balance_cents


SPENT: Final = ({200: THREADS * DEBITS * 3 // 2}, THREADS * DEBITS)


def test_the_service_goes_about_its_business_through_one_that_knows_nothing(ignorant):
    assert spent_through(ignorant) == SPENT


def test_the_service_goes_about_its_business_through_one_that_knows_statements(aware):
    assert spent_through(aware) == SPENT
