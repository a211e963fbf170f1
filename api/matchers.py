"""The matchers of `filter[q][<attribute>_<matcher>]` (contract §6): a table to extend, one row each.

A row says what stands behind the equals sign, which kinds of attributes the matcher is for and which
condition it builds for a column. NULL matches `null`, `blank`, their opposites turned false, and the
`_or_null` forms; every other matcher leaves it out, also the negative ones.

Letters match in either case in `matches`, `start`, `end`, `cont` and their kin, as they do in Ransack on
PostgreSQL, and count in `eq` and `in` (docs/adr/0011). A timestamp is compared by the milliseconds that the
wire shows of it, whatever microseconds the column holds.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import reduce
from operator import and_, or_
from typing import Any, ClassVar, Final, TypeAlias

from django.db.models import CharField, Lookup, Q, TextField
from rest_framework.serializers import Field

from api.fields import Metadata, StrictBoolean, StrictChoice, StrictInteger, StrictString, Timestamp, Uuid
from kernel.caller import Caller


class Operand(Enum):
    """What stands behind the equals sign."""

    VALUE = auto()  # one value of the attribute's own type
    VALUES = auto()  # several, separated by commas
    TEXT = auto()  # text, whatever the attribute accepts
    TEXTS = auto()  # several, separated by commas
    BOOLEAN = auto()  # true or false: whether the matcher or its opposite is meant
    OBJECT = auto()  # a JSON object


class Kind(Enum):
    """What an attribute holds, as far as matchers care."""

    TEXT = auto()
    CHOICE = auto()  # text out of a list
    NUMBER = auto()
    TIME = auto()
    KEY = auto()
    TRUTH = auto()
    OBJECT = auto()


KINDS: Final[tuple[tuple[type[Field[Any, Any, Any, Any]], Kind], ...]] = (
    (StrictString, Kind.TEXT),
    (StrictChoice, Kind.CHOICE),
    (StrictInteger, Kind.NUMBER),
    (Timestamp, Kind.TIME),
    (Uuid, Kind.KEY),
    (StrictBoolean, Kind.TRUTH),
    (Metadata, Kind.OBJECT),
)


def kind_of(field: Field[Any, Any, Any, Any]) -> Kind | None:
    """None for a field of another making: it is filtered by an AttributeFilter or not at all."""
    return next((kind for kinds, kind in KINDS if isinstance(field, kinds)), None)


ALL: Final = frozenset(Kind)
SCALARS: Final = ALL - {Kind.OBJECT}
ORDERED: Final = SCALARS - {Kind.TRUTH}
TEXTS: Final = frozenset({Kind.TEXT, Kind.CHOICE})

EMPTY: Final[Mapping[Kind, Any]] = {Kind.TEXT: "", Kind.CHOICE: "", Kind.OBJECT: {}}
"""What is blank beside NULL."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its ORM path, and what its attribute holds."""

    path: str
    kind: Kind | None

    def holds(self, lookup: str, value: Any) -> Q:
        """The column compared by one of the ORM's lookups; NULL is left out by name, because Django takes
        `< 10**13` on a 32-bit column for a condition that is always true."""
        return Q(**{f"{self.path}__{lookup}": value}) & self.is_null(answer=False)

    def is_null(self, *, answer: bool = True) -> Q:
        return Q(**{f"{self.path}__isnull": answer})


Build: TypeAlias = Callable[[Column, Any], Q]


@dataclass(frozen=True, slots=True)
class Matcher:
    operand: Operand
    kinds: frozenset[Kind]
    build: Build


class AttributeFilter(ABC):
    """An attribute that brings matchers of its own, because its values are not simply a column's.

    `build` gets the text behind the equals sign and the ORM path to the attribute's model (`""` or
    `"gift_card__"`); it raises ValueError for a value that cannot be one of this attribute.
    """

    matchers: ClassVar[frozenset[str]]
    """Which of MATCHERS the attribute has."""

    @abstractmethod
    def build(self, matcher: str, value: str, *, prefix: str, caller: Caller) -> Q: ...


@CharField.register_lookup
@TextField.register_lookup
class Matches(Lookup[Any]):
    """`%` stands for any text, every other character for itself in either case."""

    lookup_name = "matches"

    def get_prep_lookup(self) -> str:
        return str(self.rhs).replace("\\", "\\\\").replace("_", "\\_")

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, column_params = self.process_lhs(compiler, connection)
        pattern, pattern_params = self.process_rhs(compiler, connection)
        return f"UPPER({column}::text) LIKE UPPER({pattern})", (*column_params, *pattern_params)


def first(value: Any) -> Any:
    """A timestamp's millisecond begins here; any other value is its own beginning and end."""
    if not isinstance(value, datetime):
        return value
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def last(value: Any) -> Any:
    return first(value) + timedelta(microseconds=999) if isinstance(value, datetime) else value


def equal(column: Column, value: Any) -> Q:
    if isinstance(value, datetime):
        return column.holds("range", (first(value), last(value)))
    return column.holds("exact", value)


def one_of(column: Column, values: Sequence[Any]) -> Q:
    if column.kind is Kind.TIME:
        return any_of(equal)(column, values)
    return column.holds("in", values)


def before(column: Column, value: Any) -> Q:
    return column.holds("lt", first(value))


def until(column: Column, value: Any) -> Q:
    return column.holds("lte", last(value))


def after(column: Column, value: Any) -> Q:
    return column.holds("gt", last(value))


def since(column: Column, value: Any) -> Q:
    return column.holds("gte", first(value))


def null(column: Column, value: Any) -> Q:
    return column.is_null(answer=value)


def blank(column: Column, value: Any) -> Q:
    if column.kind is None or column.kind not in EMPTY:
        return null(column, value)
    empty = Q(**{column.path: EMPTY[column.kind]})
    return empty | column.is_null() if value else ~empty & column.is_null(answer=False)


def true(column: Column, value: Any) -> Q:
    return column.holds("exact", value)


def lookup(name: str) -> Build:
    return lambda column, value: column.holds(name, value)


def other_than(build: Build) -> Build:
    """What has a value, and another one."""
    return lambda column, value: ~build(column, value) & column.is_null(answer=False)


def or_null(build: Build) -> Build:
    return lambda column, value: build(column, value) | column.is_null()


def reverse(build: Build) -> Build:
    """A boolean matcher's opposite: it is told the opposite."""
    return lambda column, value: build(column, not value)


def any_of(build: Build) -> Build:
    return lambda column, values: reduce(or_, (build(column, value) for value in values))


def all_of(build: Build) -> Build:
    return lambda column, values: reduce(and_, (build(column, value) for value in values))


matches, start, end, cont = map(lookup, ("matches", "istartswith", "iendswith", "icontains"))

SINGLE: Final[Mapping[str, Matcher]] = {
    "lt": Matcher(Operand.VALUE, ORDERED, before),
    "lteq": Matcher(Operand.VALUE, ORDERED, until),
    "gt": Matcher(Operand.VALUE, ORDERED, after),
    "gteq": Matcher(Operand.VALUE, ORDERED, since),
    "matches": Matcher(Operand.TEXT, TEXTS, matches),
    "does_not_match": Matcher(Operand.TEXT, TEXTS, other_than(matches)),
    "start": Matcher(Operand.TEXT, TEXTS, start),
    "not_start": Matcher(Operand.TEXT, TEXTS, other_than(start)),
    "end": Matcher(Operand.TEXT, TEXTS, end),
    "not_end": Matcher(Operand.TEXT, TEXTS, other_than(end)),
    "cont": Matcher(Operand.TEXT, TEXTS, cont),
    "not_cont": Matcher(Operand.TEXT, TEXTS, other_than(cont)),
}
"""The matchers that have an `_any` and an `_all` form, which take several operands separated by commas."""

SEVERAL: Final = {Operand.VALUE: Operand.VALUES, Operand.TEXT: Operand.TEXTS}

MATCHERS: Final[Mapping[str, Matcher]] = {
    "eq": Matcher(Operand.VALUE, SCALARS, equal),
    "not_eq": Matcher(Operand.VALUE, SCALARS, other_than(equal)),
    "eq_or_null": Matcher(Operand.VALUE, SCALARS, or_null(equal)),
    "not_eq_or_null": Matcher(Operand.VALUE, SCALARS, or_null(other_than(equal))),
    "in": Matcher(Operand.VALUES, SCALARS, one_of),
    "not_in": Matcher(Operand.VALUES, SCALARS, other_than(one_of)),
    "in_or_null": Matcher(Operand.VALUES, SCALARS, or_null(one_of)),
    "not_in_or_null": Matcher(Operand.VALUES, SCALARS, or_null(other_than(one_of))),
    "null": Matcher(Operand.BOOLEAN, ALL, null),
    "not_null": Matcher(Operand.BOOLEAN, ALL, reverse(null)),
    "blank": Matcher(Operand.BOOLEAN, ALL, blank),
    "present": Matcher(Operand.BOOLEAN, ALL, reverse(blank)),
    "true": Matcher(Operand.BOOLEAN, frozenset({Kind.TRUTH}), true),
    "false": Matcher(Operand.BOOLEAN, frozenset({Kind.TRUTH}), reverse(true)),
    "i_cont": Matcher(Operand.TEXT, TEXTS, cont),
    "jcont": Matcher(Operand.OBJECT, frozenset({Kind.OBJECT}), lookup("contains")),
    **SINGLE,
    **{
        f"{name}_any": Matcher(SEVERAL[row.operand], row.kinds, any_of(row.build))
        for name, row in SINGLE.items()
    },
    **{
        f"{name}_all": Matcher(SEVERAL[row.operand], row.kinds, all_of(row.build))
        for name, row in SINGLE.items()
    },
}
