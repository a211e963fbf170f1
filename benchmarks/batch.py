"""Many cards issued at once, beside raw COPY of the very same rows into equal tables.

In turns, as requests are: a round issues a part of the batch by the command, and copies its rows into tables
that have all the columns, conditions and indexes of the service's, but no foreign keys and no triggers.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final, Self, TypeAlias

import psycopg

from benchmarks.databases import asked, migrated
from benchmarks.processes import Usage
from benchmarks.servers import DEV, ROOT, Cluster

Connection: TypeAlias = "psycopg.Connection[Any]"

CARDS: Final = "SELECT gift_card_id FROM giftcards_ledgerentry WHERE mode = 'test' AND reference = '{}'"
TABLES: Final = {
    "giftcards_giftcard": "id",
    "giftcards_ledgerentry": "gift_card_id",
    "events_event": "subject_id",
}
"""That a card of a batch has a row in, with what names the card there."""

NAME: Final = "batch"
BLOCK: Final = 1 << 20


class LostRowsError(Exception):
    """Says of what there are more, or fewer, than cards were issued."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Seconds by the clock, CPU seconds of program and PostgreSQL, and the program's memory at its most."""

    seconds: float
    program: float
    postgres: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class OfBatch:
    """Medians over the rounds: cards by the second, microseconds of CPU for each card, and how many times
    raw COPY's time it took. `megabytes` is the program's most."""

    cards: int
    rounds: int
    per_second: float
    of_copy: float
    program_us: float
    postgres_us: float
    copy_postgres_us: float
    megabytes: float

    @classmethod
    def of(cls, part: int, issued: list[Turn], copied: list[Turn]) -> Self:
        def each(seconds: list[float]) -> float:
            return round(median(seconds) / part * 1e6, 2)

        return cls(
            cards=part * len(issued),
            rounds=len(issued),
            per_second=round(part / median(turn.seconds for turn in issued)),
            of_copy=round(
                median(mine.seconds / raw.seconds for mine, raw in zip(issued, copied, strict=True)), 3
            ),
            program_us=each([turn.program for turn in issued]),
            postgres_us=each([turn.postgres for turn in issued]),
            copy_postgres_us=each([turn.postgres for turn in copied]),
            megabytes=round(max(turn.megabytes for turn in issued), 1),
        )


def measured(cluster: Cluster, cards: int, rounds: int) -> OfBatch:
    """Raises LostRowsError."""
    part = max(1, cards // rounds)
    environment = migrated(cluster, NAME)
    issued, copied = [], []
    with TemporaryDirectory() as folder, psycopg.connect(cluster.psql(NAME)) as connection:
        kept = Path(folder)
        for table in TABLES:
            connection.execute(f"CREATE TABLE raw_{table} (LIKE {table} INCLUDING ALL)")
        connection.commit()
        for turn in range(rounds):
            DEV.say(f"Batch {turn + 1} of {rounds} ...")
            reference = f"round-{turn}"
            issued.append(_issue(cluster, environment, reference, part, kept))
            copied.append(_copy(cluster, connection, reference, kept))
        _require_all_rows(cluster, part * rounds, kept)
    return OfBatch.of(part, issued, copied)


def _issue(cluster: Cluster, environment: dict[str, str], reference: str, cards: int, kept: Path) -> Turn:
    """As an operator issues them, codes and all, in a process of its own."""
    words = f"--count={cards} --amount=2500 --currency=EUR --reference={reference}".split()
    command = [DEV.PYTHON, "manage.py", "issue_gift_cards", *words, f"--codes-to={kept / reference}.csv"]
    before, began = Usage.of(cluster.pid), time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds, postgres = time.monotonic() - began, Usage.of(cluster.pid) - before
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise DEV.Trouble("issue_gift_cards failed; its own words are above.")
    return Turn(seconds, used.ru_utime + used.ru_stime, postgres, used.ru_maxrss / 1024)


def _copy(cluster: Cluster, connection: Connection, reference: str, kept: Path) -> Turn:
    """Files that hold the round's rows in the order of their making, put into the other tables by one
    transaction of a COPY for each."""
    columns = {table: _columns(connection, table) for table in TABLES}
    for table, key in TABLES.items():
        rows = (
            f"SELECT {columns[table]} FROM {table} WHERE {key} IN ({CARDS.format(reference)}) ORDER BY ctid"
        )
        with (kept / table).open("wb") as file, connection.cursor().copy(f"COPY ({rows}) TO STDOUT") as out:
            for block in out:
                file.write(block)
    connection.commit()
    before, began = Usage.of(cluster.pid), time.monotonic()
    for table in TABLES:
        command = f"COPY raw_{table} ({columns[table]}) FROM STDIN"
        with (kept / table).open("rb") as file, connection.cursor().copy(command) as into:
            while block := file.read(BLOCK):
                into.write(block)
    connection.commit()
    return Turn(time.monotonic() - began, 0, Usage.of(cluster.pid) - before, 0)


def _require_all_rows(cluster: Cluster, cards: int, kept: Path) -> None:
    """Every card has a code of its own and a row of each kind, here and where raw COPY has put them. Raises
    LostRowsError."""
    tables = [*TABLES, *(f"raw_{table}" for table in TABLES)]
    found = {table: asked(cluster, NAME, f"SELECT count(*) FROM {table}") for table in tables}
    found["codes"] = len({code for file in kept.glob("*.csv") for code in _codes_in(file)})
    for what, number in found.items():
        if number != cards:
            raise LostRowsError(f"{cards} cards were issued, and there are {number} in {what}.")


def _codes_in(file: Path) -> Iterator[str]:
    with file.open() as lines:
        next(lines)
        for line in lines:
            yield line.partition(",")[2]


def _columns(connection: Connection, table: str) -> str:
    """All but those that PostgreSQL makes itself."""
    rows = connection.execute(
        """SELECT quote_ident(attname) FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        ORDER BY attnum""",
        [table],
    )
    return ", ".join(name for (name,) in rows)
