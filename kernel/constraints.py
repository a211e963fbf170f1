"""What the database refused, read from its answer: the constraints are the last word, also in a race."""

from typing import Final

import psycopg
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from kernel.refusals import InUse

OTHER_RECORDS: Final = "other records"


def violated_constraint(error: IntegrityError) -> str | None:
    """The constraint's name, as the migrations call it."""
    cause = error.__cause__
    return cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None


def is_foreign_key_violation(error: IntegrityError) -> bool:
    return isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation)


def delete_unless_in_use(resource: models.Model, resource_type: str) -> None:
    """Delete one row, or raise InUse and leave everything as it was.

    The database decides, so nothing can slip in between a look and the deletion. Model.delete() would load
    every dependent row (a market may have a million cards) only to name them.
    """
    table = connection.ops.quote_name(_table(resource))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Django's own foreign keys would otherwise wait for COMMIT.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [resource.pk])  # noqa: S608 (a table's name)
    except IntegrityError as error:
        if not is_foreign_key_violation(error):
            raise
        raise InUse(resource_type, f"{_dependents(error)} depend on it") from error


def _dependents(error: IntegrityError) -> str:
    cause = error.__cause__
    table = cause.diag.table_name if isinstance(cause, psycopg.Error) else None
    dependents = (model for model in apps.get_models() if _table(model) == table)
    return next((str(model._meta.verbose_name_plural) for model in dependents), OTHER_RECORDS)


def _table(model: models.Model | type[models.Model]) -> str:
    return model._meta.db_table
