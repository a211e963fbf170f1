"""Statements in SQL whose rows are few and wanted at once.

A question can go along: what somebody has assumed is asked together with the first statement that is sent, so
that it costs no round trip of its own, and no statement is answered before it.

| the first statement is sent by | and the question is asked |
|---|---|
| `rows_selected` | beside it, in one SELECT: without a yes, its rows are void |
| `rows_written` | within it, as a condition: without a yes, it does nothing |
| anything else | before it, by itself |
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeAlias, cast
from uuid import UUID

from django.db import connection

Row: TypeAlias = tuple[Any, ...]

AS_ASSUMED: Final = "(true /* as assumed */)"
"""A condition in each statement of `rows_written`: that the question holds, which takes its place if there is
one to ask."""


class NoLongerSoError(Exception):
    """What was assumed does not hold: whoever assumed it must begin anew."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether something still holds. `sql` has one row, of one boolean named `holds`, or none where it does
    not. `forget` is called before NoLongerSoError is raised."""

    sql: str
    parameters: Sequence[Any]
    forget: Callable[[], None]

    def ask(self) -> None:
        """By itself. Raises NoLongerSoError."""
        if rows_of(self.sql, self.parameters) != [(True,)]:
            self.denied()

    def denied(self) -> NoReturn:
        self.forget()
        raise NoLongerSoError


def rows_of(sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
    return cast(list[Row], cast(Any, connection).rows_at_once(sql, parameters))


def array_of(keys: Iterable[UUID | str]) -> str:
    """A parameter that is an array, as PostgreSQL writes it: psycopg takes ten times as long over a list."""
    return f"{{{','.join(map(str, keys))}}}"


def rows_selected(sql: str, parameters: Sequence[Any]) -> list[Row]:
    """Of a SELECT that a question may go along with. Raises NoLongerSoError."""
    return cast(list[Row], cast(Any, connection).rows_beside_question(sql, parameters))


def rows_written(sql: str, parameters: Mapping[str, Any]) -> list[Row]:
    """Of a statement that neither changes nor returns anything unless its condition AS_ASSUMED holds. Raises
    NoLongerSoError."""
    return cast(list[Row], cast(Any, connection).rows_if_assumed(sql, parameters))


def ask_with_next(question: Question | None) -> None:
    """With the next statement of this thread; by itself, if that is none of `rows_selected` or
    `rows_written`. None takes back what was not asked yet."""
    cast(Any, connection).question = question


def ask_now() -> None:
    """What was not asked yet. Raises NoLongerSoError."""
    cast(Any, connection).ask_now()
