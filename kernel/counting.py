"""How many rows a list has, without reading all of them.

Of a model that is `counted`, the database keeps how many rows of each mode there are: triggers write it down
in the transaction of the change. So its whole list has an exact count at once. Whatever else is asked for is
counted up to a limit: exactly as far as that, and beyond it is only known that there are more. See
docs/adr/0032-counting.md.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.db.models.expressions import Col
from django.db.models.lookups import Exact

from kernel.modes import Mode
from kernel.statements import rows_selected

LIMIT: Final = 10_000

M = TypeVar("M", bound=Model)

_counted: Final[list[type[Model]]] = []


@dataclass(frozen=True, slots=True)
class Count:
    """`number` rows or, where it is not exact, at least so many."""

    number: int
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class Miscount:
    model: type[Model]
    mode: str
    kept: int
    found: int

    def __str__(self) -> str:
        what = self.model._meta.verbose_name_plural
        return f"Of {what} of the {self.mode} mode there are {self.found}, and {self.kept} are counted."


def counted(model: type[M]) -> type[M]:
    """Says of a model with a mode that the database counts its rows. A migration gives its table the triggers
    for that, and counts what is there."""
    _counted.append(model)
    return model


def counted_models() -> Collection[type[Model]]:
    return tuple(_counted)


def count(rows: QuerySet[Any], *, as_far_as: int = 0) -> Count:
    """Exact for the whole list of a counted model, in one mode or both, and for whatever has `LIMIT` rows or
    fewer. `as_far_as` moves the limit: who reads the rows up to that one pays for them anyway."""
    modes = modes_of_whole_list(rows)
    if modes:
        return count_of_all(rows.model, modes)
    limit = limit_for(as_far_as)
    return as_counted(rows.order_by()[: limit + 1].count(), limit)


def limit_for(as_far_as: int) -> int:
    """How far rows are counted for who reads them up to that one."""
    return max(LIMIT, as_far_as)


def as_counted(number: int, limit: int) -> Count:
    """Of rows that were counted up to one more than the limit."""
    return Count(number, is_exact=number <= limit)


def miscounts() -> list[Miscount]:
    """Where what is kept is not what is there. Reads every counted table."""
    both = ((model, mode) for model in _counted for mode in Mode.values)
    seen = (Miscount(model, mode, *_kept_and_found(model, mode)) for model, mode in both)
    return [each for each in seen if each.kept != each.found]


def count_anew() -> None:
    """Nobody adds or removes rows meanwhile; reading goes on."""
    for model in _counted:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {_table(model)} IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute("SELECT count_rows_anew(%s)", [model._meta.db_table])


def modes_of_whole_list(rows: QuerySet[Any]) -> Collection[str]:
    """Those whose rows these are, all of them; none if anything else is asked of the rows."""
    query = rows.query
    if rows.model not in _counted or query.is_sliced or query.combinator or query.distinct:
        return ()
    if query.group_by is not None or len(query.alias_map) > 1 or query.where.negated:
        return ()
    match query.where.children:
        case []:
            return Mode.values
        case [Exact(lhs=Col(target=column), rhs=str(mode))] if column is rows.model._meta.get_field("mode"):
            return (mode,)
    return ()


def count_of_all(model: type[Model], modes: Collection[str]) -> Count:
    """Of a counted model: `modes_of_whole_list` says when that is what is asked for."""
    ((number,),) = rows_selected(
        "SELECT coalesce(sum(rows), 0)::bigint FROM kernel_rowcount WHERE counted = %s AND of_mode = ANY(%s)",
        [model._meta.db_table, [str(mode) for mode in modes]],
    )
    return Count(int(number))


def _kept_and_found(model: type[Model], mode: str) -> tuple[int, int]:
    """In one statement, and so at one moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT coalesce(sum(rows), 0)::bigint FROM kernel_rowcount"  # noqa: S608 (a table's name)
            " WHERE counted = %(table)s AND of_mode = %(mode)s),"
            f" (SELECT count(*) FROM {_table(model)} WHERE mode = %(mode)s)",
            {"table": model._meta.db_table, "mode": mode},
        )
        kept, found = cursor.fetchone()
    return kept, found


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
