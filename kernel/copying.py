"""Many new rows that differ in a few columns only, written by PostgreSQL's COPY."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Model

NULL: Final = r"\N"
AT_A_TIME: Final = 1 << 16

_ESCAPES: Final = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class NewRows:
    """Rows of one model, to be added one by one and inserted together.

    `same` holds the columns that all of them have in common, as Python values; `different` names the others.
    """

    def __init__(self, model: type[Model], same: Mapping[str, Any], different: Sequence[str]) -> None:
        self._table = model._meta.db_table
        self._columns = (*different, *same)
        constant = "".join(f"\t{in_copy(value)}" for value in same.values()).replace("%", "%%")
        self._pattern = "\t".join(["%s"] * len(different)) + constant + "\n"
        self._lines = bytearray()
        self.number = 0

    def add(self, *different: str) -> None:
        """The values of the columns that differ, in their order and as `in_copy` gives them; a key is its
        text."""
        self._lines += (self._pattern % different).encode()
        self.number += 1

    def insert(self) -> None:
        """All of them or none. Raises IntegrityError, and LostRowsError if the database says that it took
        another number of them."""
        quoted = connection.ops.quote_name
        statement = f"COPY {quoted(self._table)} ({', '.join(map(quoted, self._columns))}) FROM STDIN"
        with connection.cursor() as cursor, connection.wrap_database_errors:
            with cursor.copy(statement) as copy:
                for begin in range(0, len(self._lines), AT_A_TIME):
                    copy.write(self._lines[begin : begin + AT_A_TIME])
            if cursor.rowcount != self.number:
                raise LostRowsError(self._table, self.number, cursor.rowcount)


class LostRowsError(RuntimeError):
    def __init__(self, table: str, number: int, taken: int) -> None:
        super().__init__(f"Of {number} rows for {table}, {taken} were taken.")


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
