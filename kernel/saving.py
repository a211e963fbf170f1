"""Writing a locked row and reading its time of change back, by one statement, as Django can't."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model

from kernel.models import Resource


def save_locked(resource: Resource, names: Sequence[str]) -> None:
    """Write the fields `names` and `updated_at`, which becomes the time of this statement."""
    fields = [_field(type(resource), name) for name in names]
    values = [field.get_db_prep_save(getattr(resource, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_statement(type(resource), tuple(names)), [*values, resource.pk])
        (resource.updated_at,) = cursor.fetchone()


@cache
def _statement(model: type[Model], names: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{_field(model, name).column}" = %s' for name in names)
    return (
        f'UPDATE "{model._meta.db_table}" SET {columns}, "updated_at" = statement_timestamp()'  # noqa: S608
        ' WHERE "id" = %s RETURNING "updated_at"'
    )


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    field: Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]  # none is a relation back
    return field
