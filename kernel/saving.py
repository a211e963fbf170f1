"""Writing a new or a locked row by a statement whose text is made once. Django would make it anew each time,
and that takes longer than PostgreSQL does with it."""

import json
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final

from django.db import connection
from django.db.models import Field, Model

from kernel.columns import type_of
from kernel.models import Resource

_TIMES: Final = ("created_at", "updated_at")


@cache
def insertion(model: type[Resource]) -> str:
    """`INSERT INTO … (…) SELECT …` of a new row, to be followed by FROM. The values are those of `texts_of`;
    the times are given by the database."""
    fields = _fields_of_new(model)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(f"%({field.attname})s::{type_of(field)}" for field in fields)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {values}'


def texts_of(resource: Resource) -> dict[str, str | None]:
    """A new row's values by name, as PostgreSQL reads them: as texts, they make the same statement whatever
    they are."""
    names, values = _names_of_new(type(resource)), vars(resource)
    return {name: None if (value := values[name]) is None else _text(value) for name in names}


def save_locked(resource: Resource, names: Sequence[str]) -> None:
    """Write the fields `names` and `updated_at`, which becomes the time of this statement."""
    fields = [_field(type(resource), name) for name in names]
    values = [field.get_db_prep_save(getattr(resource, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_statement(type(resource), tuple(names)), [*values, resource.pk])
        (resource.updated_at,) = cursor.fetchone()


@lru_cache(maxsize=256)
def _statement(model: type[Model], names: tuple[str, ...]) -> str:
    """The cache is bounded because what a request changes is the client's to combine."""
    columns = ", ".join(f'"{_field(model, name).column}" = %s' for name in names)
    return (
        f'UPDATE "{model._meta.db_table}" SET {columns}, "updated_at" = statement_timestamp()'  # noqa: S608
        ' WHERE "id" = %s RETURNING "updated_at"'
    )


@cache
def _fields_of_new(model: type[Model]) -> Sequence["Field[Any, Any]"]:
    return [field for field in model._meta.concrete_fields if field.attname not in _TIMES]


@cache
def _names_of_new(model: type[Model]) -> Sequence[str]:
    return [field.attname for field in _fields_of_new(model)]


def _text(value: object) -> str:
    match value:
        case str():
            return str(value)  # of an enumeration, its text
        case bytes():
            return rf"\x{value.hex()}"
        case dict() | list():
            return json.dumps(value)
    return str(value)


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    field: Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]  # none is a relation back
    return field
