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

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from operator import or_
from typing import Any, Final, TypeAlias
from uuid import UUID

import orjson
from django.conf import settings
from django.core.signing import BadSignature, Signer, b64_decode, b64_encode
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac
from django.utils.encoding import force_bytes

from api.bind_parameters import BindParameter
from api.columns import columns_named
from api.selecting import Selection
from api.shapes import Narrowing, Order
from kernel.caller import Caller

PROFILE: Final = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"
MAX_SIZE_EXCEEDED: Final = f"{PROFILE}max-size-exceeded"
UNSUPPORTED_SORT: Final = f"{PROFILE}unsupported-sort"

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
    plain = b64_encode(orjson.dumps(position)).decode()
    return _signer(order, resource_type, settings.SECRET_KEY).sign(plain)


def read_cursor(text: str, order: Order, resource_type: str) -> Position | None:
    """None for what is no cursor of this order."""
    try:
        plain = _signer(order, resource_type, settings.SECRET_KEY).unsign(text)
    except BadSignature:
        return None
    return tuple(orjson.loads(b64_decode(plain.encode())))


@lru_cache(maxsize=256)
def _signer(order: Order, resource_type: str, key: str) -> Signer:
    return CursorSigner(key, salt=f"api.cursors {resource_type} {','.join(order)}")


class CursorSigner(Signer):
    """Django's own, for many texts: it derives its key from the secret one and the salt once."""

    def __init__(self, key: str, salt: str) -> None:
        super().__init__(key=key, sep=".", salt=salt)
        self._begun = salted_hmac(f"{salt}signer", b"", secret=key, algorithm=self.algorithm)

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        if key is not None and key != self.key:
            return super().signature(value, key)
        mac = self._begun.copy()
        mac.update(force_bytes(value))
        return b64_encode(mac.digest()).decode()


def find(rows: Selection, order: Order, page: CursorPage, caller: Caller) -> Found:
    met = _meet(rows, order, page, caller)
    # A page without rows has no places of its own: its neighbours begin where it was asked to.
    first = met.positions[0] if met.positions else page.after
    last = met.positions[-1] if met.positions else page.before
    before, after = met.is_any_before, met.is_any_after
    if before is None:
        before = bool(first and _walk(rows, _backwards(order), first, 1, caller))
    if after is None:
        after = bool(last and _walk(rows, order, last, 1, caller))
    return Found(met.positions, first if before else None, last if after else None, met.truncated)


@dataclass(frozen=True, slots=True)
class Met:
    """The rows of a page by their places, and whether there are any on either side; None: not known yet."""

    positions: list[Position]
    is_any_before: bool | None
    is_any_after: bool | None
    truncated: bool = False


def _meet(rows: Selection, order: Order, page: CursorPage, caller: Caller) -> Met:
    """Takes one row more than the page has, and so knows whether any follows."""
    size = page.size
    if page.before is None:
        there = _walk(rows, order, page.after, size + 1, caller)
        return Met(there[:size], None if page.after else False, len(there) > size)
    if page.after is None:
        back = _walk(rows, _backwards(order), page.before, size + 1, caller)
        return Met(back[:size][::-1], len(back) > size, None)
    there = _walk(rows, order, page.after, size + 1, caller)
    inside = _those_before(page.before, there, rows, order, caller)
    follows = len(there) > min(len(inside), size) if inside else None
    return Met(inside[:size], None, follows, truncated=len(inside) > size)


def _those_before(
    end: Position, found: list[Position], rows: Selection, order: Order, caller: Caller
) -> list[Position]:
    """Asked of the rows that were found: as a condition of finding them it would make the database read on
    to the table's end, in vain, when the range is shorter than the page."""
    ranges = _ranges(_backwards(order), _nulls(end))
    those = Keys(([position[-1] for position in found],))
    inside = set(rows.narrowed_by(Beyond(end, ranges), those).fetch(columns_named("pk"), caller))
    return [position for position in found if (position[-1],) in inside]


def _walk(rows: Selection, order: Order, start: Position | None, size: int, caller: Caller) -> list[Position]:
    """The places of the next rows from here on, or from the order's beginning."""
    columns = columns_named(*map(_name, order))
    rows = replace(rows, order=order, window=(0, size))
    if start is None:
        return rows.fetch(columns, caller)
    found: list[Position] = []
    for each in _ranges(order, _nulls(start)):
        found += rows.narrowed_by(Beyond(start, (each,))).fetch(columns, caller)
        if len(found) >= size:
            break
    return found[:size]


@dataclass(frozen=True, slots=True)
class Range:
    """Some of what comes after a place: `compared` are lookups, each with the number of the place's value
    that it takes, and `nulls` say of columns whether they are NULL."""

    compared: tuple[tuple[str, int], ...]
    nulls: tuple[tuple[str, bool], ...]

    def condition(self, place: Sequence[BindParameter]) -> Q:
        compared = {lookup: place[number] for lookup, number in self.compared}
        return Q(**compared, **{f"{column}__isnull": is_null for column, is_null in self.nulls})


@dataclass(frozen=True, slots=True)
class Beyond(Narrowing):
    """What is in one of the ranges after a place, whose values these are."""

    ranges: tuple[Range, ...]

    def narrowed(
        self, rows: QuerySet[Any], parameters: Sequence[BindParameter], caller: Caller
    ) -> QuerySet[Any]:
        return rows.filter(reduce(or_, (each.condition(parameters) for each in self.ranges)))


@dataclass(frozen=True, slots=True)
class Keys(Narrowing):
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
        for lookup, is_null in _beyond(order[depth], is_null=nulls[depth]):
            compared = [(f"{names[depth]}__{lookup}", depth)] if lookup else []
            more = [] if lookup else [(names[depth], is_null)]
            ranges.append(Range((*same, *compared), (*absent, *more)))
    return tuple(ranges)


def _beyond(column: str, *, is_null: bool) -> list[tuple[str, bool]]:
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
