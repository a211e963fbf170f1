"""From PostgreSQL's log to a script for pgbench."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from benchmarks.asking import REQUESTS
from benchmarks.cards import key_of
from benchmarks.statements import (
    BALANCE,
    HASH,
    SENTINEL,
    SEQUENCE,
    NotRepeatableError,
    Statement,
    lines,
    prepared_names,
    statements,
)

LOG = """\
2026-11-21 17:18:16.123 UTC [77] LOG:  statement: SELECT 1
\tFROM two_lines
2026-11-21 17:18:16.124 UTC [77] LOG:  execute _pg3_1: SELECT $1, $2
2026-11-21 17:18:16.124 UTC [77] DETAIL:  Parameters: $1 = 'it''s', $2 = NULL
2026-11-21 17:18:16.125 UTC [77] LOG:  execute <unnamed>: SELECT $1
2026-11-21 17:18:16.125 UTC [77] DETAIL:  parameters: $1 = '5'
2026-11-21 17:18:16.126 UTC [78] LOG:  checkpoint complete
"""
Connection = psycopg.Connection[Any]
KEY, OTHER = "019f0a0b-0000-7000-8000-000000000001", "019f0a0b-0000-7000-8000-000000000002"


@pytest.fixture
def asked(db: None) -> Iterator[Connection]:
    """Not the test's own, whose transaction ends with the first statement that is refused."""
    with connection.get_new_connection(connection.get_connection_params()) as own:
        own.autocommit = True
        yield own


def inserting(key: str) -> Statement:
    return Statement(f"INSERT INTO t VALUES ('{key}')")  # noqa: S608 (sent to nobody)


def script(first: list[Statement], second: list[Statement], asked: Connection) -> list[str]:
    return list(lines(first, second, asked))


def test_the_log_is_read_with_its_further_lines_and_parameters() -> None:
    assert statements(LOG) == [
        Statement("SELECT 1\nFROM two_lines"),
        Statement("SELECT $1, $2", "_pg3_1", ("'it''s'", "NULL")),
        Statement("SELECT '5'"),
    ]


def test_what_was_inserted_under_a_fresh_key_gets_a_new_one_each_time(asked: Connection) -> None:
    first, second = ([inserting(key)] for key in (KEY, OTHER))
    assert script(first, second, asked) == ["INSERT INTO t VALUES ('019f0000-:stream-7000-8000-:unique');"]


def test_what_was_only_read_stays(asked: Connection) -> None:
    first, second = ([Statement(f"SELECT '{key}'")] for key in (KEY, OTHER))
    assert script(first, second, asked) == [f"SELECT '{KEY}';"]


def test_the_card_is_another_each_time_however_its_key_is_written(asked: Connection) -> None:
    key = key_of(SENTINEL)
    sent = [Statement(f"SELECT '{key}', '{key.replace('-', '')}'")]
    number = "'01930000-0000-7000-8000-:number'"
    assert script(sent, sent, asked) == [f"SELECT {number}, {number};"]


def test_what_follows_from_the_card_follows_from_what_pgbench_has_read(asked: Connection) -> None:
    sent = [
        Statement("SELECT * FROM card FOR NO KEY UPDATE"),
        Statement(f"SELECT {BALANCE - 1}, {SEQUENCE + 1}, f('\\x{HASH}')"),
    ]
    assert script(sent, sent, asked) == [
        "SELECT * FROM card FOR NO KEY UPDATE \\gset card_",
        "\\set next_sequence :card_ledger_sequence + 1",
        "\\set next_balance :card_balance_cents - 1",
        "SELECT :next_balance, :next_sequence, f(':card_ledger_hash');",
    ]


def test_what_is_prepared_is_prepared_once_in_each_connection(asked: Connection) -> None:
    sent = [Statement("SELECT now() - $1", "_pg3_7", ("'00:01:00'",))]
    written = script(sent, sent, asked)
    assert written == [
        "\\if :has__pg3_7 = 0",
        "PREPARE _pg3_7(interval) AS SELECT now() - $1;",
        "\\set has__pg3_7 1",
        "\\endif",
        "EXECUTE _pg3_7('00:01:00');",
    ]
    assert prepared_names("\n".join(written)) == ["has__pg3_7"]


def test_what_postgresql_does_not_understand_is_said(asked: Connection) -> None:
    sent = [Statement("SELECT nothing_like_it($1)", "_pg3_7", ("'x'",))]
    with pytest.raises(NotRepeatableError, match="nothing_like_it"):
        script(sent, sent, asked)


def test_every_request_that_spends_names_its_card_in_the_address() -> None:
    assert all("<spent>" in each.path for each in REQUESTS.values() if each.method == "PATCH")
