"""Writing a new or a locked row and reading its times back: by one statement each, whose text is made once.
Django would make it anew each time, and that takes longer than PostgreSQL does with it."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from django.db import connection
from django.db.models import Field, Model

from kernel.models import Resource

_TIMES: Final = ("created_at", "updated_at")


def insert(resource: Resource) -> None:
    """A new row. The times that the database gives it are read back."""
    model = type(resource)
    statement, fields = _insertion(model)
    values = [field.get_db_prep_save(getattr(resource, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        resource.created_at, resource.updated_at = cursor.fetchone()
    resource._state.adding, resource._state.db = False, connection.alias


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


@cache
def _insertion(model: type[Model]) -> tuple[str, Sequence["Field[Any, Any]"]]:
    fields = [field for field in model._meta.concrete_fields if field.attname not in _TIMES]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(["%s"] * len(fields))
    statement = (
        f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({values})'  # noqa: S608
        ' RETURNING "created_at", "updated_at"'
    )
    return statement, fields


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    field: Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]  # none is a relation back
    return field
