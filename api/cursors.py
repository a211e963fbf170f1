"""Pages by cursor: JSON:API's Cursor Pagination profile, on every list and in every order that it can be
sorted by.

A cursor is the place of one row in the order: the values of the order's columns, the key last. A page is read
by ranges of those columns instead of by OFFSET and count, so the thousandth page costs what the first does,
and rows that come or go in between neither repeat nor hide others.

PostgreSQL's order is kept: NULL is greater than everything. What comes after (a, b, key) is, range by range,

    a = a and b = b and key > key;  a = a and b > b;  a = a and b is null;  a > a;  a is null

Each range is one an index on those columns can answer, and they follow one another in the order itself, so
they are read in turn until the page is full.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db.models import Q, QuerySet

PROFILE: Final = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"
MAX_SIZE_EXCEEDED: Final = f"{PROFILE}max-size-exceeded"
UNSUPPORTED_SORT: Final = f"{PROFILE}unsupported-sort"

Order: TypeAlias = tuple[str, ...]
"""The columns that rows are ordered by, as `order_by` takes them. The key is the last one."""
Position: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CursorPage:
    """What is asked for: so many rows, between two places or from an end."""

    size: int
    after: Position | None = None
    before: Position | None = None


@dataclass(frozen=True, slots=True)
class Found:
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


def written(position: Position, order: Order, resource_type: str) -> str:
    """A cursor's text. It is signed, so nobody can send us values of his own making, and good for this type
    in this order only."""
    return _signer(order, resource_type).sign_object([_plain(value) for value in position])


def read_cursor(text: str, order: Order, resource_type: str) -> Position | None:
    """None for what is no cursor of this order."""
    try:
        return tuple(_signer(order, resource_type).unsign_object(text))
    except BadSignature:
        return None


def _signer(order: Order, resource_type: str) -> Signer:
    return Signer(sep=".", salt=f"api.cursors {resource_type} {','.join(order)}")


def _plain(value: Any) -> Any:
    """As JSON holds it and as the ORM takes it back; a timestamp with all its microseconds."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def find(rows: QuerySet[Any], order: Order, page: CursorPage) -> Found:
    truncated = False
    if page.before is None:
        positions = _walk(rows, order, page.after, page.size)
    elif page.after is None:
        positions = _walk(rows, _backwards(order), page.before, page.size)[::-1]
    else:
        # One more than asked for shows whether the range ends here.
        more = _walk(rows, order, page.after, page.size + 1)
        positions = _those_before(page.before, more, rows, order)
        truncated = len(positions) > page.size
        positions = positions[: page.size]
    # A page without rows has no places of its own: its neighbours begin where it was asked to.
    first = positions[0] if positions else page.after
    last = positions[-1] if positions else page.before
    return Found(
        positions,
        before=first if first and _walk(rows, _backwards(order), first, 1) else None,
        after=last if last and _walk(rows, order, last, 1) else None,
        truncated=truncated,
    )


def _those_before(end: Position, found: list[Position], rows: QuerySet[Any], order: Order) -> list[Position]:
    """Asked of the rows that were found: as a condition of finding them it would make the database read on
    to the table's end, in vain, when the range is shorter than the page."""
    before_the_end = reduce(or_, _ranges(_backwards(order), end), Q(pk__in=[]))
    keys = [position[-1] for position in found]
    inside = set(rows.filter(before_the_end, pk__in=keys).values_list("pk", flat=True))
    return [position for position in found if position[-1] in inside]


def _walk(rows: QuerySet[Any], order: Order, start: Position | None, size: int) -> list[Position]:
    """The places of the next rows from here on, or from the order's beginning."""
    ordered = rows.order_by(*order).values_list(*map(_name, order))
    if start is None:
        return list(ordered[:size])
    found: list[Position] = []
    for each in _ranges(order, start):
        found += ordered.filter(each)[: size - len(found)]
        if len(found) == size:
            break
    return found


def _ranges(order: Order, start: Position) -> Iterator[Q]:
    """What comes after a place: disjoint conditions, in the order that their rows have."""
    for depth in reversed(range(len(order))):
        same = Q(*(_same(_name(order[i]), start[i]) for i in range(depth)))
        for beyond in _beyond(order[depth], start[depth]):
            yield same & beyond


def _same(column: str, value: Any) -> Q:
    return Q(**{f"{column}__isnull": True}) if value is None else Q(**{column: value})


def _beyond(column: str, value: Any) -> list[Q]:
    """The rest of one column: NULLs come last when it ascends and first when it descends."""
    name = _name(column)
    descending = column.startswith("-")
    if value is None:
        return [Q(**{f"{name}__isnull": False})] if descending else []
    if descending:
        return [Q(**{f"{name}__lt": value})]
    greater = Q(**{f"{name}__gt": value})
    return [greater] if name == "pk" else [greater, Q(**{f"{name}__isnull": True})]


def _name(column: str) -> str:
    return column.removeprefix("-")


def _backwards(order: Sequence[str]) -> Order:
    return tuple(_name(column) if column.startswith("-") else f"-{column}" for column in order)
