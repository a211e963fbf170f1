"""Which rows a request is about.

A `Selection` says it; the columns are a plan's (`api.plans`). Its statement is compiled once for all who ask
the same of other keys and values, or reach the same (`api.shapes`).
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

from api.bind_parameters import Values
from api.columns import KEY_AS_TEXT, Columns
from api.compiled_statements import reach_of
from api.declaration import Declaration
from api.shapes import (
    LIMIT,
    LIMIT_AND_OFFSET,
    Narrowing,
    Order,
    Shape,
    Window,
    count_of,
    modes_of,
    select_of,
)
from kernel.caller import Caller
from kernel.counting import Count, as_counted, count_of_all, limit_for
from kernel.statements import Row, array_of


class Rows(Protocol):
    """Which rows, without the columns."""

    def fetch(self, columns: Columns, caller: Caller) -> list[Row]: ...


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
    window: Window | None = None
    narrowings: tuple[Narrowing, ...] = ()

    def narrowed_by(self, *narrowings: Narrowing) -> "Selection":
        return replace(self, narrowings=(*self.narrowings, *narrowings))

    def fetch(self, columns: Columns, caller: Caller) -> list[Row]:
        """Raises NoLongerSoError (`kernel.statements`)."""
        if self.column and not self.keys:
            return []
        rows = select_of(self.shape, columns, reach_of(caller)).fetch(self.values)
        if self.column != "pk" or len(rows) < 2:
            return rows
        key = columns.key
        by_key = {str(row[key]): row for row in rows}
        return [by_key[each] for each in map(str, self.keys) if each in by_key]

    def fetch_keys(self, caller: Caller) -> "Selection":
        """The same rows as they are there now, named by their keys: what reads them next has one plan for
        all pages and all that is searched for (docs/adr/0030)."""
        keys = tuple(key for (key,) in self.fetch(KEY_AS_TEXT, caller))
        return Selection(self.declaration, "pk", keys)

    def count(self, caller: Caller, *, as_far_as: int) -> Count:
        """As `kernel.counting` does it. Neither the order nor the window matters."""
        all_of_them = replace(self, order=(), window=None)
        shape, reach, limit = all_of_them.shape, reach_of(caller), limit_for(as_far_as)
        if not shape.column and not shape.narrowings:
            modes = modes_of(shape, reach)
            if modes:
                return count_of_all(self.declaration.model, modes)
        found = count_of(shape, limit, reach).fetch(all_of_them.values)
        return as_counted(found[0][0] if found else 0, limit)

    @property
    def shape(self) -> Shape:
        bound_window = self._bound_window
        return Shape(
            declaration=self.declaration,
            column=self.column,
            has_one_key=len(self.keys) == 1,
            repeating=self.repeating,
            order=self.order,
            window=None if bound_window else self.window,
            bound_window=bound_window,
            narrowings=tuple(each.without_values() for each in self.narrowings),
        )

    @property
    def values(self) -> Values:
        """What its statement is run with, in the order of the shape's parameters."""
        values: list[Any] = []
        if self.column:
            values.append(self.keys[0] if len(self.keys) == 1 else array_of(self.keys))
        for each in self.narrowings:
            values += each.values
        if self.window is not None and self._bound_window:
            start, stop = self.window
            values += (stop - start, start) if start else (stop,)
        return tuple(values)

    @property
    def _bound_window(self) -> str:
        """The first window of a whole list is written out, and the start of a search's first is.

        PostgreSQL takes a LIMIT that it doesn't know for a tenth of the rows. So it keeps a plan that fits
        all values only where it expects few rows of any; with an OFFSET that it doesn't know, not even then.
        Otherwise it would look for a value that no row has by the plan that soon finds a common one, and read
        the whole table in vain.
        """
        if self.window is None:
            return ""
        if self.window[0] > 0:
            return LIMIT_AND_OFFSET
        return LIMIT if any(each.is_a_search for each in self.narrowings) else ""
