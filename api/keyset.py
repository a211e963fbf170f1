"""The page between two places in an order, found by the values there (keyset pagination) instead of by OFFSET
and a count: the thousandth page costs what the first does, and rows that come or go in between neither repeat
nor hide others. It works for every order that a list can be sorted by.

PostgreSQL's order is kept: NULL is greater than everything. What comes after (a, b, key) is, range by range,

    a = a and b = b and key > key;  a = a and b > b;  a = a and b is null;  a > a;  a is null

Each range is one an index on those columns can answer, and they follow one another in the order itself, so
they are read in turn until the page is full.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from api.bind_parameters import BindParameter
from api.columns import columns_named
from api.cursors import CursorPage, Position
from api.selecting import Selection
from api.shapes import Narrowing, Order
from kernel.caller import Caller


@dataclass(frozen=True, slots=True)
class FoundPage:
    """The rows of a page by their places, and where the pages next to it begin, if there are any.

    `truncated`: a range was asked for and has more rows than the page.
    """

    positions: list[Position]
    before: Position | None
    after: Position | None
    truncated: bool = False

    @property
    def keys(self) -> list[UUID]:
        return [position[-1] for position in self.positions]


def find_page(rows: Selection, order: Order, page: CursorPage, caller: Caller) -> FoundPage:
    read = _read_page(rows, order, page, caller)
    # A page without rows has no places of its own: its neighbours begin where it was asked to.
    first = read.positions[0] if read.positions else page.after
    last = read.positions[-1] if read.positions else page.before
    before, after = read.is_any_before, read.is_any_after
    if before is None:
        before = bool(first and _walk(rows, _backwards(order), first, 1, caller))
    if after is None:
        after = bool(last and _walk(rows, order, last, 1, caller))
    return FoundPage(read.positions, first if before else None, last if after else None, read.truncated)


@dataclass(frozen=True, slots=True)
class ReadPage:
    """The rows of a page by their places, and whether there are any before and after; None: not known yet."""

    positions: list[Position]
    is_any_before: bool | None
    is_any_after: bool | None
    truncated: bool = False


def _read_page(rows: Selection, order: Order, page: CursorPage, caller: Caller) -> ReadPage:
    """Takes one row more than the page has, and so knows whether any follows."""
    size = page.size
    if page.before is None:
        there = _walk(rows, order, page.after, size + 1, caller)
        return ReadPage(there[:size], None if page.after else False, len(there) > size)
    if page.after is None:
        back = _walk(rows, _backwards(order), page.before, size + 1, caller)
        return ReadPage(back[:size][::-1], len(back) > size, None)
    there = _walk(rows, order, page.after, size + 1, caller)
    inside = _those_before(page.before, there, rows, order, caller)
    follows = len(there) > min(len(inside), size) if inside else None
    return ReadPage(inside[:size], None, follows, truncated=len(inside) > size)


def _those_before(
    end: Position, found: list[Position], rows: Selection, order: Order, caller: Caller
) -> list[Position]:
    """Asked of the rows that were found: as a condition of finding them it would make the database read on
    to the table's end, in vain, when the range is shorter than the page."""
    ranges = _ranges(_backwards(order), _nulls(end))
    those = WithKeys(([position[-1] for position in found],))
    inside = set(rows.narrowed_by(InRanges(end, ranges), those).fetch(columns_named("pk"), caller))
    return [position for position in found if (position[-1],) in inside]


def _walk(rows: Selection, order: Order, start: Position | None, size: int, caller: Caller) -> list[Position]:
    """The places of the next rows from here on, or from the order's beginning."""
    columns = columns_named(*map(_name, order))
    rows = replace(rows, order=order, window=(0, size))
    if start is None:
        return rows.fetch(columns, caller)
    found: list[Position] = []
    for each in _ranges(order, _nulls(start)):
        found += rows.narrowed_by(InRanges(start, (each,))).fetch(columns, caller)
        if len(found) >= size:
            break
    return found[:size]


@dataclass(frozen=True, slots=True)
class Range:
    """Some of what comes after a place: `compared` are lookups, each with the index of the place's value
    that it takes, and `nulls` say of columns whether they are NULL."""

    compared: tuple[tuple[str, int], ...]
    nulls: tuple[tuple[str, bool], ...]

    def condition(self, place: Sequence[BindParameter]) -> Q:
        compared = {lookup: place[index] for lookup, index in self.compared}
        return Q(**compared, **{f"{column}__isnull": is_null for column, is_null in self.nulls})


@dataclass(frozen=True, slots=True)
class InRanges(Narrowing):
    """What is in one of the ranges after a place, whose values these are."""

    ranges: tuple[Range, ...]

    def narrowed(
        self, rows: QuerySet[Any], parameters: Sequence[BindParameter], caller: Caller
    ) -> QuerySet[Any]:
        return rows.filter(reduce(or_, (each.condition(parameters) for each in self.ranges)))


@dataclass(frozen=True, slots=True)
class WithKeys(Narrowing):
    """What has one of these keys: the only value is their list."""

    def narrowed(
        self, rows: QuerySet[Any], parameters: Sequence[BindParameter], caller: Caller
    ) -> QuerySet[Any]:
        return rows.filter(pk__among=parameters[0])


@lru_cache(maxsize=512)
def _ranges(order: Order, nulls: tuple[bool, ...]) -> tuple[Range, ...]:
    """What comes after a place, of which only is known which of its values are NULL: disjoint, in the order
    that their rows have."""
    names = [_name(column) for column in order]
    ranges = []
    for depth in reversed(range(len(order))):
        same = [(names[i], i) for i in range(depth) if not nulls[i]]
        absent = [(names[i], True) for i in range(depth) if nulls[i]]
        for lookup, is_null in _rest_of(order[depth], is_null=nulls[depth]):
            compared = [(f"{names[depth]}__{lookup}", depth)] if lookup else []
            more = [] if lookup else [(names[depth], is_null)]
            ranges.append(Range((*same, *compared), (*absent, *more)))
    return tuple(ranges)


def _rest_of(column: str, *, is_null: bool) -> list[tuple[str, bool]]:
    """The rest of one column after a value, each as a comparison with it or, without one, as being NULL or
    not: NULLs come last when it ascends and first when it descends."""
    descending = column.startswith("-")
    if is_null:
        return [("", False)] if descending else []
    if descending:
        return [("lt", False)]
    return [("gt", False)] if _name(column) == "pk" else [("gt", False), ("", True)]


def _nulls(position: Position) -> tuple[bool, ...]:
    return tuple(value is None for value in position)


def _name(column: str) -> str:
    return column.removeprefix("-")


def _backwards(order: Sequence[str]) -> Order:
    return tuple(_name(column) if column.startswith("-") else f"-{column}" for column in order)
