"""Counting what callers do within a window of time, for all server processes together.

    TRIES = Window("tries", seconds=60)
    counts = TRIES.count("key 1", "address 192.0.2.1")
    if counts["key 1"].number > 600:
        refuse("Too many tries", counts["key 1"].seconds_left)

Each subject has one row, whose window begins with the first thing counted and ends `seconds` later. Counting
is one statement that must commit by itself: outside the request's transaction, so that what is rolled back or
only replayed counts too. Rows that nobody touches any more are removed by whoever begins a new one.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeAlias

from django.db import connection

from api.errors import Rejection, error
from kernel.statements import AS_ASSUMED, Row, rows_of, rows_written

LONGEST_WINDOW: Final = 3600
"""Seconds. Rows older than twice that are of no use to any window."""

ADDED: Final = """
    ON CONFLICT (scope, subject) DO UPDATE SET
        number = excluded.number + CASE
            WHEN kept.begins_at > excluded.begins_at - %(length)s::interval THEN kept.number
            ELSE 0
        END,
        begins_at = CASE
            WHEN kept.begins_at > excluded.begins_at - %(length)s::interval THEN kept.begins_at
            ELSE excluded.begins_at
        END
"""
"""To what the row has, if its window goes on; else a new window begins."""
COUNT: Final = f"""
    INSERT INTO api_throttlecount AS kept (scope, subject, begins_at, number)
    SELECT %(scope)s, subject, statement_timestamp(), %(times)s
    FROM unnest(%(subjects)s::text[]) AS subject
    WHERE {AS_ASSUMED}
    ORDER BY subject
    {ADDED}
    RETURNING scope, subject, number,
        ceil(extract(epoch FROM begins_at + %(length)s::interval - clock_timestamp()))::int AS seconds_left
"""  # noqa: S608 (no value is in it)
READ: Final = """
    SELECT scope, subject, number,
        ceil(extract(epoch FROM begins_at + %(read_length)s::interval - clock_timestamp()))::int
    FROM api_throttlecount
    WHERE scope = %(read_scope)s AND subject = ANY(%(read_subjects)s)
        AND begins_at > statement_timestamp() - %(read_length)s::interval
"""
COUNT_AND_READ: Final = f"""
    WITH counted AS ({COUNT}) SELECT * FROM counted UNION ALL {READ} AND EXISTS (SELECT FROM counted)
"""  # noqa: S608
SWEEP: Final = """
    DELETE FROM api_throttlecount WHERE (scope, subject) IN (
        SELECT scope, subject FROM api_throttlecount
        WHERE begins_at < statement_timestamp() - %s::interval
        ORDER BY begins_at LIMIT 100 FOR UPDATE SKIP LOCKED
    )
"""


@dataclass(frozen=True, slots=True)
class Count:
    """How often, in the present window, and when that ends."""

    number: int = 0
    seconds_left: int = 0


Counts: TypeAlias = dict[str, Count]
"""By subject."""


@dataclass(frozen=True, slots=True)
class Window:
    scope: str
    seconds: int

    def count(self, *subjects: str, times: int = 1) -> Counts:
        """Count `times` for each subject, and tell how often that makes."""
        counts = _counts(rows_written(COUNT, _to_count(self, subjects, times)))[self.scope]
        _sweep_if_begun(counts, times)
        return counts

    def read(self, *subjects: str) -> Counts:
        return dict.fromkeys(subjects, Count()) | _counts(rows_of(READ, _to_read(self, subjects)))[self.scope]

    def count_and_read(
        self, subjects: Collection[str], other: "Window", others: Collection[str], *, times: int = 1
    ) -> tuple[Counts, Counts]:
        """`count` of this window and `read` of another one, by one statement."""
        asked = _to_count(self, subjects, times) | _to_read(other, others)
        counts = _counts(rows_written(COUNT_AND_READ, asked))
        _sweep_if_begun(counts[self.scope], times)
        return counts[self.scope], dict.fromkeys(others, Count()) | counts[other.scope]


def _to_count(window: Window, subjects: Collection[str], times: int) -> dict[str, Any]:
    length = f"{window.seconds} seconds"
    return {"scope": window.scope, "subjects": sorted(set(subjects)), "length": length, "times": times}


def _to_read(window: Window, subjects: Collection[str]) -> dict[str, Any]:
    length = f"{window.seconds} seconds"
    return {"read_scope": window.scope, "read_subjects": sorted(set(subjects)), "read_length": length}


def _counts(rows: list[Row]) -> Mapping[str, Counts]:
    """By scope, those without any rows too."""
    counts: dict[str, Counts] = defaultdict(dict)
    for scope, subject, number, seconds_left in rows:
        counts[scope][subject] = Count(number, max(1, seconds_left))
    return counts


def _sweep_if_begun(counts: Counts, times: int) -> None:
    if any(count.number == times for count in counts.values()):
        sweep()


def refuse(what: str, seconds: int) -> NoReturn:
    """429. `what` is the sentence's beginning, "Too many …"."""
    detail = f"{what}. Try again in {seconds} {'second' if seconds == 1 else 'seconds'}."
    raise Rejection(error("THROTTLED", detail), headers={"Retry-After": str(seconds)})


def sweep() -> None:
    """Remove some rows that nobody touches any more."""
    with connection.cursor() as cursor:
        cursor.execute(SWEEP, [f"{2 * LONGEST_WINDOW} seconds"])
