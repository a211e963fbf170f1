"""Statements in SQL whose rows are few and wanted at once."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

from django.db import connection

Row: TypeAlias = tuple[Any, ...]


def rows_of(sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
    return cast(list[Row], cast(Any, connection).rows_at_once(sql, parameters))
