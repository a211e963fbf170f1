"""SELECTs as the ORM has compiled them, which are run again and again with other values.

Compiling one takes ten times as long as PostgreSQL needs to answer it. `kernel.statements` sends them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import IntegerField, QuerySet

from api.bind_parameters import BindParameter, Values
from kernel.caller import Actor, Caller
from kernel.statements import Row, rows_selected

Convert: TypeAlias = Callable[[Any], Any]

ANYBODY: Final = Actor.system("whoever reads")
"""Stands for the actor: who calls makes no difference to what can be seen, only mode, markets and office."""


@dataclass(frozen=True, slots=True)
class CompiledStatement:
    """`sql` is None where nothing can be found, whatever it is run with. `converters` are what the ORM makes
    of the values of some columns, each with the column's index."""

    sql: str | None
    parameters: tuple[Any, ...]
    converters: tuple[tuple[int, Convert], ...]

    def fetch(self, values: Values = ()) -> list[Row]:
        """All rows. Raises NoLongerSoError (`kernel.statements`)."""
        if self.sql is None:
            return []
        bound = [each.value_of(values) if type(each) is BindParameter else each for each in self.parameters]
        rows = rows_selected(self.sql, bound)
        return [self._converted(row) for row in rows] if self.converters else rows

    def _converted(self, row: Row) -> Row:
        values = list(row)
        for index, convert in self.converters:
            values[index] = convert(values[index])
        return tuple(values)


def compiled(rows: QuerySet[Any]) -> CompiledStatement:
    """Of a `values_list`."""
    compiler = rows.query.get_compiler(connection=connection)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return CompiledStatement(None, (), ())
    selected = [expression for expression, _, _ in compiler.select[: compiler.col_count]]
    # PostgreSQL's integers are integers already.
    converters = {
        index: _convert(functions, expression)
        for index, (functions, expression) in compiler.get_converters(selected).items()
        if not isinstance(expression.output_field, IntegerField)
    }
    return CompiledStatement(sql, tuple(parameters), tuple(converters.items()))


def _convert(functions: list[Any], expression: Any) -> Convert:
    def convert(value: Any) -> Any:
        for function in functions:
            value = function(value, expression, connection)
        return value

    return convert


def reach_of(caller: Caller) -> Caller:
    """Whoever sees the same: statements are compiled once for all of them."""
    return Caller(caller.mode, ANYBODY, caller.market_ids, caller.administers)
