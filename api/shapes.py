"""What the statements of many selections have in common, and these statements, compiled once and kept.

A shape is a Selection (`api.selecting`) without the keys and values that it is about. It holds nothing of
anybody's, and its queryset has bind parameters in their places.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count, islice
from typing import Any, ClassVar, Final, Self, TypeAlias

from django.db.models import QuerySet

from api.bind_parameters import BindParameter, Values, parameter_at
from api.columns import Columns
from api.compiled_statements import CompiledStatement, compiled
from api.declaration import Declaration
from kernel.caller import Caller
from kernel.counting import modes_of_whole_list

Order: TypeAlias = tuple[str, ...]
"""The columns that rows are ordered by, as `order_by` takes them. The key is the last one."""

Window: TypeAlias = tuple[int, int]
"""From one place in the order to another."""

LIMIT: Final = " LIMIT %s"
LIMIT_AND_OFFSET: Final = " LIMIT %s OFFSET %s"


@dataclass(frozen=True, slots=True)
class Narrowing(ABC):
    """A condition on rows, and the values that statements are run with for it."""

    is_a_search: ClassVar[bool] = False
    """Whether it may leave many rows or none, depending on the values."""

    values: Values

    def without_values(self) -> Self:
        """The same for many requests; how many values there are is left."""
        return replace(self, values=(None,) * len(self.values))

    @abstractmethod
    def narrowed(
        self, rows: QuerySet[Any], parameters: Sequence[BindParameter], caller: Caller
    ) -> QuerySet[Any]:
        """The rows that it holds for. `parameters` stand for the values."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields are those of a Selection. `has_one_key`: it asks for one key, and not for an array of them.
    `window` is written out; one whose numbers the statement is run with is the text of `bound_window`."""

    declaration: Declaration
    column: str
    has_one_key: bool
    repeating: bool
    order: Order
    window: Window | None
    bound_window: str
    narrowings: tuple[Narrowing, ...]

    def queryset(self, caller: Caller) -> QuerySet[Any]:
        """All but the bound window. The first parameter stands for the key or keys, if there are any, the
        next ones for the values of the narrowings."""
        rows = self.declaration.visible_to(caller)
        parameters = map(parameter_at, count())
        if self.column:
            rows = rows.filter(**self._having(next(parameters)))
        for narrowing in self.narrowings:
            rows = narrowing.narrowed(rows, list(islice(parameters, len(narrowing.values))), caller)
        if self.order:
            rows = rows.order_by(*self.order)
        return rows if self.window is None else rows[slice(*self.window)]

    def _having(self, parameter: BindParameter) -> dict[str, Any]:
        # PostgreSQL thinks that an array of any length has ten elements. For one, it would rather plan anew
        # each time than do what it takes to be ten times the work.
        having = {self.column if self.has_one_key else f"{self.column}__among": parameter}
        if not self.repeating:
            return having
        return {"pk__in": self.declaration.model._default_manager.filter(**having).values("pk")}


@lru_cache(maxsize=512)
def select_of(shape: Shape, columns: Columns, reach: Caller) -> CompiledStatement:
    """The cache is bounded because windows, fields and includes are the client's to choose."""
    statement = compiled(shape.queryset(reach).values_list(*columns.selected))
    if statement.sql is None or not shape.bound_window:
        return statement
    numbers = [parameter_at(index) for index in range(-shape.bound_window.count("%s"), 0)]
    return replace(
        statement,
        sql=statement.sql + shape.bound_window,
        parameters=(*statement.parameters, *numbers),
    )


@lru_cache(maxsize=512)
def count_of(shape: Shape, limit: int, reach: Caller) -> CompiledStatement:
    """How many there are, up to one more than the limit. That is written out: with a limit that PostgreSQL
    doesn't know, it would keep a plan that reads the whole table for a value that few rows have."""
    statement = compiled(shape.queryset(reach).order_by()[: limit + 1].values_list("pk"))
    if statement.sql is None:
        return statement
    sql = f"SELECT COUNT(*) FROM ({statement.sql}) AS those"  # noqa: S608 (the ORM's own text)
    return CompiledStatement(sql, statement.parameters, ())


@lru_cache(maxsize=256)
def modes_of(shape: Shape, reach: Caller) -> Collection[str]:
    """Those whose rows these are, if this is the whole list of a counted model; else none."""
    return modes_of_whole_list(shape.queryset(reach))
