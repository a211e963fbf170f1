"""What is read from the database: which rows, and which columns of them.

A `Selection` says which rows a caller asks for; the columns are a plan's (`api.plans`). The two make a
statement, which the ORM compiles once for all who reach the same: from then on it is run with other keys
only. Compiling it takes ten times as long as PostgreSQL needs to answer it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count as numbers
from itertools import islice
from typing import Any, ClassVar, Final, Protocol, Self, TypeAlias
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import IntegerField, QuerySet

from api.columns import KEY_AS_TEXT, Columns
from api.declaration import Declaration
from api.told import Parameter, Told, Values, told_at
from kernel.caller import Actor, Caller
from kernel.counting import Count, as_counted, count_of_all, farthest, modes_of_whole_list
from kernel.statements import Row, array_of, rows_selected

Convert: TypeAlias = Callable[[Any], Any]

Order: TypeAlias = tuple[str, ...]
"""The columns that rows are ordered by, as `order_by` takes them. The key is the last one."""

ANY_KEY: Final = UUID("5e1ec7ed-0000-7000-8000-000000000000")
ANY_KEYS: Final = (ANY_KEY,)
"""What stand in a compiled statement in the place of the key, or the array of keys, that it is run with."""

FIRST_WINDOW: Final = (0, -1)
ANY_WINDOW: Final = (-1, -1)
"""The same of a window: of one that begins with the first row, and of others."""
TOLD: Final[Mapping[tuple[int, int] | None, str]] = {
    FIRST_WINDOW: " LIMIT %s",
    ANY_WINDOW: " LIMIT %s OFFSET %s",
}

ANYBODY: Final = Actor.system("whoever reads")
"""Stands for the actor: who calls makes no difference to what can be seen, only mode, markets and office."""


class Rows(Protocol):
    """Which rows, without the columns."""

    def rows(self, columns: Columns, caller: Caller) -> list[Row]: ...


@dataclass(frozen=True, slots=True)
class Narrowing(ABC):
    """A condition on rows, and the values that statements are told for it. Without them it is the same for
    many requests: statements are kept by what is left."""

    is_a_search: ClassVar[bool] = False
    """Whether it may leave many rows or none, depending on the values."""

    values: Values

    def without_values(self) -> Self:
        return replace(self, values=(None,) * len(self.values))

    @abstractmethod
    def narrowed(self, rows: QuerySet[Any], told: Sequence[Told], caller: Caller) -> QuerySet[Any]:
        """The rows that it holds for. `told` stands for the values."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of a declaration that a caller sees: all of them or, where `column` is given, those that have
    one of `keys` there. In an `order`, and of that from one place to another (`window`); those of some
    primary keys are in the order of the keys.

    `repeating`: the column leads to some rows several times, and each shall be there once.
    """

    declaration: Declaration
    column: str = ""
    keys: tuple[UUID | str, ...] = ()
    repeating: bool = False
    order: Order = ()
    window: tuple[int, int] | None = None
    narrowings: tuple[Narrowing, ...] = ()

    def narrowed_by(self, *narrowings: Narrowing) -> "Selection":
        return replace(self, narrowings=(*self.narrowings, *narrowings))

    def queryset(self, caller: Caller) -> QuerySet[Any]:
        rows = self.declaration.visible_to(caller)
        if self.column:
            having = self._having()
            if self.repeating:
                having = {"pk__in": self.declaration.model._default_manager.filter(**having).values("pk")}
            rows = rows.filter(**having)
        told = map(told_at, numbers())
        for narrowing in self.narrowings:
            rows = narrowing.narrowed(rows, list(islice(told, len(narrowing.values))), caller)
        if self.order:
            rows = rows.order_by(*self.order)
        return rows if self.window is None or self.window in TOLD else rows[slice(*self.window)]

    def count(self, caller: Caller, *, as_far_as: int) -> Count:
        """As `kernel.counting` does it; whether this is a list whose rows are counted is found out once."""
        reach, limit = reach_of(caller), farthest(as_far_as)
        shape = replace(self.shape, order=(), window=None)
        if not shape.column and not shape.narrowings:
            modes = _whole_list(shape, reach)
            if modes:
                return count_of_all(self.declaration.model, modes)
        found = _number(shape, limit, reach).rows(self.keys, self.values)
        return as_counted(found[0][0] if found else 0, limit)

    @property
    def values(self) -> Values:
        """What its statement is told: the values of the narrowings, then the size and start of its window.
        The first window of a whole list is written out, and the start of a search's first is."""
        values = tuple(value for each in self.narrowings for value in each.values)
        if self.window is None or not self._is_told_its_window:
            return values
        start, stop = self.window
        return (*values, stop - start, start) if start else (*values, stop)

    @property
    def _is_told_its_window(self) -> bool:
        """PostgreSQL takes a LIMIT that it doesn't know for a tenth of the rows. So it keeps a plan that fits
        all values only where it expects few rows of any; with an OFFSET that it doesn't know, not even then.
        Otherwise it would look for a value that no row has by the plan that soon finds a common one, and read
        the whole table in vain."""
        if self.window is None:
            return False
        return self.window[0] > 0 or any(each.is_a_search for each in self.narrowings)

    @property
    def shape(self) -> "Selection":
        """Without the keys and the values: what statements are kept by."""
        shape = self
        if self.column:
            shape = replace(shape, keys=(ANY_KEY,) if len(self.keys) == 1 else (ANY_KEY, ANY_KEY))
        if self.narrowings:
            shape = replace(shape, narrowings=tuple(each.without_values() for each in self.narrowings))
        if self.window is not None and self._is_told_its_window:
            shape = replace(shape, window=ANY_WINDOW if self.window[0] else FIRST_WINDOW)
        return shape

    def by_key(self, caller: Caller) -> "Selection":
        """The rows that are there now, by their keys."""
        found = self.rows(KEY_AS_TEXT, caller)
        return Selection(self.declaration, "pk", tuple(key for (key,) in found))

    def _having(self) -> dict[str, Any]:
        # PostgreSQL thinks that an array of any length has ten elements. For one, it would rather plan anew
        # each time than do what it takes to be ten times the work.
        if len(self.keys) == 1:
            return {self.column: self.keys[0]}
        return {f"{self.column}__in": list(self.keys)}

    def rows(self, columns: Columns, caller: Caller) -> list[Row]:
        if self.column and not self.keys:
            return []
        found = _statement(self.shape, columns, reach_of(caller)).rows(self.keys, self.values)
        if self.column != "pk" or len(found) < 2:
            return found
        key = columns.key
        by_key = {str(row[key]): row for row in found}
        return [by_key[each] for each in map(str, self.keys) if each in by_key]


@dataclass(frozen=True, slots=True)
class Statement:
    """`sql` is None where nothing can be found, whatever is asked."""

    sql: str | None
    parameters: tuple[Any, ...]
    converters: tuple[tuple[int, Convert], ...]

    def rows(self, keys: Sequence[UUID | str], values: Values = ()) -> list[Row]:
        if self.sql is None:
            return []
        rows = rows_selected(self.sql, self._filled(keys, values))
        return [self._converted(row) for row in rows] if self.converters else rows

    def _filled(self, keys: Sequence[UUID | str], values: Values) -> list[Any]:
        return [
            array_of(keys)
            if each is ANY_KEYS
            else keys[0]
            if each is ANY_KEY
            else each.made(values)
            if type(each) is Parameter
            else each
            for each in self.parameters
        ]

    def _converted(self, row: Row) -> Row:
        values = list(row)
        for place, convert in self.converters:
            values[place] = convert(values[place])
        return tuple(values)


def reach_of(caller: Caller) -> Caller:
    """Whoever sees the same: statements are compiled once for all of them."""
    return Caller(caller.mode, ANYBODY, caller.market_ids, caller.administers)


@lru_cache(maxsize=256)
def _whole_list(selection: Selection, reach: Caller) -> Collection[str]:
    return modes_of_whole_list(selection.queryset(reach))


@lru_cache(maxsize=512)
def _statement(selection: Selection, columns: Columns, reach: Caller) -> Statement:
    """The cache is bounded because windows, fields and includes are the client's to choose."""
    statement = compiled(selection.queryset(reach).values_list(*columns.selected))
    told = TOLD.get(selection.window, "")
    if statement.sql is None or not told:
        return statement
    window = (told_at(place).parameter for place in range(-told.count("%s"), 0))
    return replace(statement, sql=statement.sql + told, parameters=(*statement.parameters, *window))


@lru_cache(maxsize=512)
def _number(selection: Selection, limit: int, reach: Caller) -> Statement:
    """How many there are, up to one more than the limit. That is written out: with a limit that PostgreSQL
    doesn't know, it would keep a plan that reads the whole table for a value that few rows have."""
    statement = compiled(selection.queryset(reach).order_by()[: limit + 1].values_list("pk"))
    if statement.sql is None:
        return statement
    sql = f"SELECT COUNT(*) FROM ({statement.sql}) AS those"  # noqa: S608 (the ORM's own text)
    return Statement(sql, statement.parameters, ())


def compiled(rows: QuerySet[Any]) -> Statement:
    """Of a `values_list`, with what the ORM makes of each column's values."""
    compiler = rows.query.get_compiler(connection=connection)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return Statement(None, (), ())
    selected = [expression for expression, _, _ in compiler.select[: compiler.col_count]]
    # PostgreSQL's integers are integers already.
    converters = {
        place: _convert(functions, expression)
        for place, (functions, expression) in compiler.get_converters(selected).items()
        if not isinstance(expression.output_field, IntegerField)
    }
    return Statement(sql, tuple(_placeholder(each) for each in parameters), tuple(converters.items()))


def _placeholder(parameter: Any) -> Any:
    """Of a key that stands for others: the very object, so that it is known by being it."""
    if parameter == ANY_KEY:
        return ANY_KEY
    return ANY_KEYS if isinstance(parameter, list) and ANY_KEY in parameter else parameter


def _convert(functions: list[Any], expression: Any) -> Convert:
    def convert(value: Any) -> Any:
        for function in functions:
            value = function(value, expression, connection)
        return value

    return convert
