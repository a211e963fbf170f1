"""The matchers of `filter[q][<attribute>_<matcher>]` (contract §6): a table to extend, one row each.

A row says what stands behind the equals sign, which kinds of attributes the matcher is for and which
condition it builds for a column: one for all values, which a statement is run with (`api.bind_parameters`).
NULL matches `null`, `blank`, their opposites turned false, and the `_or_null` forms; every other matcher
leaves it out, also the negative ones.

Letters match in either case in `matches`, `start`, `end`, `cont` and their kin, as they do in Ransack on
PostgreSQL, and count in `eq` and `in` (docs/adr/0011). A timestamp is compared by the milliseconds that the
wire shows of it, whatever microseconds the column holds.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import reduce
from operator import and_, or_
from typing import Any, ClassVar, Final, TypeAlias

from django.db.models import CharField, Lookup, Q, TextField
from django.http import HttpRequest
from psycopg.types.json import Jsonb
from rest_framework.serializers import Field

from api.bind_parameters import BindParameter, Values, array
from api.credential import Credential
from api.fields import Metadata, StrictBoolean, StrictChoice, StrictInteger, StrictString, Timestamp, Uuid


class OperandKind(Enum):
    """How what stands behind the equals sign is read."""

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
        """The column compared by one of the ORM's lookups; NULL is left out by name, so that the opposite
        leaves it out too."""
        return Q(**{f"{self.path}__{lookup}": value}) & self.is_null(answer=False)

    def is_null(self, *, answer: bool = True) -> Q:
        return Q(**{f"{self.path}__isnull": answer})


@dataclass(frozen=True, slots=True)
class Operand:
    """What stands behind an equals sign: the `values` that a statement is run with and, where it takes more
    than their number to know which statement that is, its `form`."""

    values: Values
    form: Hashable = None

    @property
    def shape(self) -> "OperandShape":
        return OperandShape(len(self.values), self.form)


@dataclass(frozen=True, slots=True)
class OperandShape:
    """What statements are kept by. It holds no value that might be a secret."""

    value_count: int
    form: Hashable


Build: TypeAlias = Callable[[Column, Any], Q]
"""The condition for a column, from a `BindParameter` where one value stands behind the equals sign, from
several for several, and from true or false themselves."""


@dataclass(frozen=True, slots=True)
class Matcher:
    operand: OperandKind
    kinds: frozenset[Kind]
    build: Build


class AttributeFilter(ABC):
    """An attribute that brings matchers of its own, because its values are not simply a column's."""

    matchers: ClassVar[frozenset[str]]
    """Which of MATCHERS the attribute has."""

    @abstractmethod
    def read(self, matcher: str, text: str) -> Operand:
        """The text behind the equals sign; raises ValueError for one that cannot be of this attribute."""

    @abstractmethod
    def build(self, matcher: str, parameters: Sequence[BindParameter], form: Any, *, prefix: str) -> Q:
        """The condition for what was read: each value's `BindParameter`, and the form. `prefix` is the ORM's
        path to the attribute's model: `""` or `"gift_card__"`."""

    def admit(  # noqa: B027 (most attributes may be searched as often as anybody likes)
        self, matcher: str, text: str, request: HttpRequest, credential: Credential
    ) -> None:
        """Before it is searched for so. Raises Rejection (429) for whoever has tried too often."""

    def note(  # noqa: B027 (the same)
        self, matcher: str, text: str, request: HttpRequest, credential: Credential, *, found: bool
    ) -> None:
        """Afterwards: whether the page that was asked for has anything on it."""


@CharField.register_lookup
@TextField.register_lookup
class Like(Lookup[Any]):
    """SQL's LIKE, in which letters match in either case."""

    lookup_name = "like"
    prepare_rhs = False

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


def equal(column: Column, value: BindParameter) -> Q:
    if column.kind is Kind.TIME:
        return column.holds("range", (value.then(first), value.then(last)))
    return column.holds("exact", value)


def one_of(column: Column, values: Sequence[BindParameter]) -> Q:
    if column.kind is Kind.TIME:
        return any_of(equal)(column, values)
    return column.holds("among", array(values))


def before(column: Column, value: BindParameter) -> Q:
    return column.holds("lt", value.then(first))


def until(column: Column, value: BindParameter) -> Q:
    return column.holds("lte", value.then(last))


def after(column: Column, value: BindParameter) -> Q:
    return column.holds("gt", value.then(last))


def since(column: Column, value: BindParameter) -> Q:
    return column.holds("gte", value.then(first))


def null(column: Column, value: bool) -> Q:  # noqa: FBT001 (what stands behind the equals sign)
    return column.is_null(answer=value)


def blank(column: Column, value: bool) -> Q:  # noqa: FBT001 (the same)
    if column.kind is None or column.kind not in EMPTY:
        return null(column, value)
    empty = Q(**{column.path: EMPTY[column.kind]})
    return empty | column.is_null() if value else ~empty & column.is_null(answer=False)


def true(column: Column, value: bool) -> Q:  # noqa: FBT001 (the same)
    return column.holds("exact", value)


def contains(column: Column, value: BindParameter) -> Q:
    return column.holds("contains", value.then(Jsonb))


def like(pattern: Callable[[str], str]) -> Build:
    """By a pattern that is made of the text."""
    return lambda column, value: column.holds("like", value.then(pattern))


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


def with_percent_signs(text: str) -> str:
    """`%` stands for any text, every other character for itself."""
    return text.replace("\\", "\\\\").replace("_", "\\_")


def literally(text: str) -> str:
    return with_percent_signs(text).replace("%", "\\%")


matches = like(with_percent_signs)
start = like(lambda text: f"{literally(text)}%")
end = like(lambda text: f"%{literally(text)}")
cont = like(lambda text: f"%{literally(text)}%")

AS_AN_ARRAY: Final = frozenset({"in", "not_in", "in_or_null", "not_in_or_null"})
"""The matchers that compare any number of values at once, unless they are timestamps."""

SINGLE: Final[Mapping[str, Matcher]] = {
    "lt": Matcher(OperandKind.VALUE, ORDERED, before),
    "lteq": Matcher(OperandKind.VALUE, ORDERED, until),
    "gt": Matcher(OperandKind.VALUE, ORDERED, after),
    "gteq": Matcher(OperandKind.VALUE, ORDERED, since),
    "matches": Matcher(OperandKind.TEXT, TEXTS, matches),
    "does_not_match": Matcher(OperandKind.TEXT, TEXTS, other_than(matches)),
    "start": Matcher(OperandKind.TEXT, TEXTS, start),
    "not_start": Matcher(OperandKind.TEXT, TEXTS, other_than(start)),
    "end": Matcher(OperandKind.TEXT, TEXTS, end),
    "not_end": Matcher(OperandKind.TEXT, TEXTS, other_than(end)),
    "cont": Matcher(OperandKind.TEXT, TEXTS, cont),
    "not_cont": Matcher(OperandKind.TEXT, TEXTS, other_than(cont)),
}
"""The matchers that have an `_any` and an `_all` form, which take several operands separated by commas."""

SEVERAL: Final = {OperandKind.VALUE: OperandKind.VALUES, OperandKind.TEXT: OperandKind.TEXTS}

MATCHERS: Final[Mapping[str, Matcher]] = {
    "eq": Matcher(OperandKind.VALUE, SCALARS, equal),
    "not_eq": Matcher(OperandKind.VALUE, SCALARS, other_than(equal)),
    "eq_or_null": Matcher(OperandKind.VALUE, SCALARS, or_null(equal)),
    "not_eq_or_null": Matcher(OperandKind.VALUE, SCALARS, or_null(other_than(equal))),
    "in": Matcher(OperandKind.VALUES, SCALARS, one_of),
    "not_in": Matcher(OperandKind.VALUES, SCALARS, other_than(one_of)),
    "in_or_null": Matcher(OperandKind.VALUES, SCALARS, or_null(one_of)),
    "not_in_or_null": Matcher(OperandKind.VALUES, SCALARS, or_null(other_than(one_of))),
    "null": Matcher(OperandKind.BOOLEAN, ALL, null),
    "not_null": Matcher(OperandKind.BOOLEAN, ALL, reverse(null)),
    "blank": Matcher(OperandKind.BOOLEAN, ALL, blank),
    "present": Matcher(OperandKind.BOOLEAN, ALL, reverse(blank)),
    "true": Matcher(OperandKind.BOOLEAN, frozenset({Kind.TRUTH}), true),
    "false": Matcher(OperandKind.BOOLEAN, frozenset({Kind.TRUTH}), reverse(true)),
    "i_cont": Matcher(OperandKind.TEXT, TEXTS, cont),
    "jcont": Matcher(OperandKind.OBJECT, frozenset({Kind.OBJECT}), contains),
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
