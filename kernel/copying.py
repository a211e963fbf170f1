"""Many new rows that differ in a few columns only, written by PostgreSQL's COPY."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Model

NULL: Final = r"\N"

_ESCAPES: Final = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


@dataclass(frozen=True, slots=True)
class NewRows:
    """`lines` are in COPY's text format, one for each of `number` rows."""

    table: str
    columns: tuple[str, ...]
    lines: bytes
    number: int

    def insert(self) -> None:
        """All of them or none. Raises IntegrityError, and LostRowsError if the database says that it took
        another number of them."""
        quoted = connection.ops.quote_name
        statement = f"COPY {quoted(self.table)} ({', '.join(map(quoted, self.columns))}) FROM STDIN"
        with connection.cursor() as cursor, connection.wrap_database_errors:
            with cursor.copy(statement) as copy:
                copy.write(self.lines)
            if cursor.rowcount != self.number:
                raise LostRowsError(self.table, self.number, cursor.rowcount)


class LostRowsError(RuntimeError):
    def __init__(self, table: str, number: int, taken: int) -> None:
        super().__init__(f"Of {number} rows for {table}, {taken} were taken.")


def new_rows(
    model: type[Model], same: Mapping[str, Any], different: Iterable[str], rows: Iterable[tuple[str, ...]]
) -> NewRows:
    """`same` holds the columns that all rows have in common, as Python values; `rows` hold the others, in the
    order of `different` and as `in_copy` gives them; a key is its text."""
    different = tuple(different)
    constant = "".join(f"\t{in_copy(value)}" for value in same.values()).replace("%", "%%")
    pattern = "\t".join(["%s"] * len(different)) + constant + "\n"
    lines = [pattern % row for row in rows]
    columns = (*different, *same)
    return NewRows(model._meta.db_table, columns, "".join(lines).encode(), len(lines))


def in_copy(value: object) -> str:
    """One value, as COPY's text format has it."""
    match value:
        case None:
            return NULL
        case bool():
            return "t" if value else "f"
        case bytes():
            return rf"\\x{value.hex()}"
        case datetime():
            return value.isoformat()
        case dict() | list():
            return json.dumps(value, cls=DjangoJSONEncoder).translate(_ESCAPES)
    return str(value).translate(_ESCAPES)
