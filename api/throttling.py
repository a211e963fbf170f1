"""Counting what callers do within a window of time, for all server processes together.

    TRIES = Window("tries", seconds=60)
    counts = TRIES.count("key 1", "address 192.0.2.1")
    if counts["key 1"].number > 600:
        refuse(counts["key 1"].seconds_left)

Each subject has one row, whose window begins with the first thing counted and ends `seconds` later. Counting
is one statement that must commit by itself: outside the request's transaction, so that what is rolled back or
only replayed counts too. Rows that nobody touches any more are removed by whoever begins a new one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from django.db import connection

from api.errors import Rejection, error

LONGEST_WINDOW: Final = 3600
"""Seconds. Rows older than twice that are of no use to any window."""

COUNT: Final = """
    INSERT INTO api_throttlecount AS kept (scope, subject, begins_at, number)
    SELECT %(scope)s, subject, statement_timestamp(), %(times)s
    FROM unnest(%(subjects)s::text[]) AS subject
    ORDER BY subject
    ON CONFLICT (scope, subject) DO UPDATE SET
        number = excluded.number + CASE
            WHEN kept.begins_at > excluded.begins_at - %(length)s::interval THEN kept.number
            ELSE 0
        END,
        begins_at = CASE
            WHEN kept.begins_at > excluded.begins_at - %(length)s::interval THEN kept.begins_at
            ELSE excluded.begins_at
        END
    RETURNING subject, number, ceil(extract(epoch FROM begins_at + %(length)s::interval - clock_timestamp()))
"""
READ: Final = """
    SELECT subject, number, ceil(extract(epoch FROM begins_at + %(length)s::interval - clock_timestamp()))
    FROM api_throttlecount
    WHERE scope = %(scope)s AND subject = ANY(%(subjects)s)
        AND begins_at > statement_timestamp() - %(length)s::interval
"""
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


@dataclass(frozen=True, slots=True)
class Window:
    scope: str
    seconds: int

    def count(self, *subjects: str, times: int = 1) -> Mapping[str, Count]:
        """Count `times` for each subject, and tell how often that makes."""
        counts = self._ask(COUNT, subjects, times=times)
        if any(count.number == times for count in counts.values()):
            sweep()
        return counts

    def read(self, *subjects: str) -> Mapping[str, Count]:
        return dict.fromkeys(subjects, Count()) | self._ask(READ, subjects)

    def _ask(self, statement: str, subjects: Sequence[str], *, times: int = 0) -> dict[str, Count]:
        length, named = f"{self.seconds} seconds", sorted(set(subjects))
        with connection.cursor() as cursor:
            cursor.execute(
                statement, {"scope": self.scope, "subjects": named, "length": length, "times": times}
            )
            return {subject: Count(number, max(1, int(left))) for subject, number, left in cursor.fetchall()}


def refuse(what: str, seconds: int) -> NoReturn:
    """429. `what` is the sentence's beginning, "Too many …"."""
    detail = f"{what}. Try again in {seconds} {'second' if seconds == 1 else 'seconds'}."
    raise Rejection(error("THROTTLED", detail), headers={"Retry-After": str(seconds)})


def sweep() -> None:
    """Remove some rows that nobody touches any more."""
    with connection.cursor() as cursor:
        cursor.execute(SWEEP, [f"{2 * LONGEST_WINDOW} seconds"])
