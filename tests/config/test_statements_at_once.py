"""Rows that are wanted at once come as a cursor would bring them, by statements that outlive rollbacks."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import (
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
    transaction,
)
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from psycopg._preparing import PrepareManager

from config.postgresql import prepared
from config.settings import PREPARE_AFTER
from kernel.modes import Mode
from kernel.statements import rows_of

pytestmark = pytest.mark.django_db(transaction=True)

KEY = UUID("01930000-0000-7000-8000-000000000001")
ASK = "SELECT %s::int + 1"
NAMES = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'gc_%%'"


def asked_often(times: int = PREPARE_AFTER + 1) -> None:
    for number in range(times):
        assert rows_of(ASK, [number]) == [(number + 1,)]


def prepared_here() -> int:
    with connection.cursor() as cursor:
        cursor.execute(NAMES.replace("%%", "%"))
        return int(cursor.fetchone()[0])


def psycopg_prepares_something() -> None:
    with connection.cursor() as cursor:
        for _ in range(PREPARE_AFTER + 2):
            cursor.execute("SELECT 1 + %s::int", [1])


def rolled_back_after_psycopg_has_prepared_something() -> None:
    with transaction.atomic():
        psycopg_prepares_something()
        transaction.set_rollback(True)


@transaction.atomic
def ask_in_a_transaction(sql: str, parameters: list[Any]) -> None:
    rows_of("SELECT 1")  # with BEGIN before it
    rows_of(sql, parameters)


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT %s::text, %s::int, %s::int8", ["ü", 7, 2**40]),
        ("SELECT %(b)s::text, %(a)s::int, %(b)s::text", {"a": 1, "b": "twice"}),
        ("SELECT %s::uuid, %s::uuid[], %s::text[]", [KEY, [KEY, KEY], ["a", "b"]]),
        ("SELECT %s::bytea, %s::boolean, %s::text", [b"\0\xff", True, None]),
        ("SELECT %s::timestamptz, %s::date", [datetime(2026, 1, 2, 3, 4, 5, 6, UTC), date(2026, 1, 2)]),
        ("SELECT %s::text", [Mode.LIVE]),
        ("SELECT n, n %% 2 FROM generate_series(1, %s) AS n", [3]),
        ("SELECT 1 WHERE false", []),
        ("SELECT '{}'::jsonb, 1.50::numeric, interval '1 day'", []),
    ],
)
def test_the_rows_are_those_of_a_cursor(sql, parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        expected = cursor.fetchall()

    assert [rows_of(sql, parameters) for _ in range(PREPARE_AFTER + 2)] == [expected] * (PREPARE_AFTER + 2)


def test_times_are_in_the_time_zone_that_a_cursor_brings_them_in():
    ((at,),) = rows_of("SELECT now()")

    assert at.tzinfo is UTC


def test_what_is_sent_again_is_prepared_once_for_each_kind_of_values():
    before = prepared_here()
    asked_often(PREPARE_AFTER)
    assert prepared_here() == before
    asked_often(PREPARE_AFTER)
    assert prepared_here() == before + 1
    for _ in range(PREPARE_AFTER + 1):
        assert rows_of(ASK, [2**20]) == [(2**20 + 1,)]
    assert prepared_here() == before + 2


def test_where_prepared_statements_are_off_none_is():
    connection.close()
    connection.settings_dict["OPTIONS"]["prepare_threshold"] = None
    try:
        asked_often(3 * PREPARE_AFTER)
        assert prepared_here() == 0
    finally:
        connection.settings_dict["OPTIONS"]["prepare_threshold"] = PREPARE_AFTER
        connection.close()


def test_no_more_are_remembered_than_a_connection_should_hold(monkeypatch):
    monkeypatch.setattr(prepared, "MOST", 5)
    connection.close()
    for number in range(12):
        for _ in range(PREPARE_AFTER + 1):
            assert rows_of(f"SELECT {number}") == [(number,)]
    assert prepared_here() == 5
    connection.close()


def test_what_is_remembered_no_longer_may_be_gone_already(monkeypatch):
    monkeypatch.setattr(prepared, "MOST", 1)
    connection.close()
    asked_often()
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert rows_of("SELECT 1") == [(1,)]
    connection.close()


def test_what_is_prepared_outlives_a_rollback():
    asked_often()
    rolled_back_after_psycopg_has_prepared_something()
    assert prepared_here() == 1
    ask_in_a_transaction(ASK, [1])


def test_control_psycopg_would_have_everything_forgotten_after_a_rollback():
    asked_often()
    ours: Any = connections["default"]
    ours.connection._prepared = PrepareManager()
    ours.connection.prepare_threshold = PREPARE_AFTER
    rolled_back_after_psycopg_has_prepared_something()
    assert prepared_here() == 0
    with pytest.raises(ProgrammingError, match="does not exist"):
        ask_in_a_transaction(ASK, [1])
    connection.close()


def test_a_name_that_is_gone_is_made_anew():
    asked_often()
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    asked_often()


def by_a_cursor(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


@pytest.mark.parametrize("read", [rows_of, by_a_cursor])
def test_a_column_of_another_type_is_read_on(read):
    """As after a migration that lets a text be longer, while the server runs."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE notes (note varchar(5))")
        cursor.execute("INSERT INTO notes VALUES ('short')")
    try:
        for length in range(6, 9):
            for _ in range(PREPARE_AFTER + 1):
                assert read("SELECT note FROM notes") == [("short",)]
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER TABLE notes ALTER COLUMN note TYPE varchar({length})")
    finally:
        connection.close()


def test_what_cursors_have_prepared_is_closed_without_ours():
    asked_often()
    psycopg_prepares_something()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE notes (note text)")
        cursor.execute("DROP TABLE notes")
        cursor.execute("SELECT name FROM pg_prepared_statements")
        assert [name[:3] for (name,) in cursor.fetchall()] == ["gc_"]


def test_what_postgresql_cannot_do_at_all_is_refused_each_time():
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.unless_0(n int) RETURNS int LANGUAGE plpgsql AS"
            " 'BEGIN IF n <> 0 THEN RETURN n; END IF; RAISE feature_not_supported; END'"
        )
    for number in [*range(1, PREPARE_AFTER + 2), *[0] * (PREPARE_AFTER + 2), 1]:
        if number:
            assert rows_of("SELECT pg_temp.unless_0(%s::int)", [number]) == [(number,)]
        else:
            with pytest.raises(NotSupportedError):
                rows_of("SELECT pg_temp.unless_0(%s::int)", [number])
    connection.close()


def test_a_savepoint_that_is_rolled_back_is_a_rollback_too():
    asked_often()
    with transaction.atomic():
        rows_of("SELECT 1")
        with transaction.atomic():
            psycopg_prepares_something()
            transaction.set_rollback(True)
        asked_often()


def test_the_first_statement_of_a_transaction_begins_it():
    with transaction.atomic():
        ((inside,),) = rows_of("SELECT pg_current_xact_id()::text")
        assert rows_of("SELECT pg_current_xact_id()::text") == [(inside,)]
    assert rows_of("SELECT pg_current_xact_id()::text") != [(inside,)]


def test_whoever_looks_at_statements_sees_these_too():
    with CaptureQueriesContext(connection) as seen:
        asked_often(1)
    assert len(seen) == 1


def test_refusals_are_djangos_and_break_a_transaction():
    with pytest.raises(ProgrammingError) as refused:
        rows_of("SELECT nothing_like_it()")
    assert isinstance(refused.value.__cause__, psycopg.errors.UndefinedFunction)

    with transaction.atomic():
        with pytest.raises(ProgrammingError):
            ask_in_a_transaction("SELECT nothing_like_it()", [])
        asked_often(1)
        connection.needs_rollback = True
        with pytest.raises(TransactionManagementError):
            rows_of("SELECT 1")
        connection.needs_rollback = False


def test_a_connection_that_breaks_under_a_statement_is_lost_and_replaced():
    asked_often()
    with pytest.raises(OperationalError):
        rows_of("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close_if_unusable_or_obsolete()
    asked_often()
