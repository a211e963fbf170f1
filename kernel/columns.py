"""What is said of columns in SQL that the ORM does not write."""

from typing import Any

from django.db import connection
from django.db.models import Field


def type_of(field: "Field[Any, Any]") -> str:
    """Without its length: a cast to varchar(4) would cut silently where an insert refuses, and a function's
    argument has none."""
    return str(field.db_type(connection)).split("(")[0]
