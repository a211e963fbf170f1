"""How a transactional test leaves an empty database to the next one.

Django truncates all of its tables and then finds out again what permissions there are: 70 ms after a test
that wrote five rows. Here only tables with rows in them are emptied, and what Django keeps for every model
stays, unless the test has touched it.
"""

from typing import Any, Final

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import TransactionTestCase

KEPT: Final = tuple(model._meta.db_table for model in (ContentType, Permission))
TRUNCATE_AND_MIGRATE: Final = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
TRUNCATE: Final = DatabaseOperations.execute_sql_flush


def kept_rows() -> list[Any]:
    """What Django keeps for every model, so that it can be compared."""
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM {t} t" for t in KEPT)  # noqa: S608
        )
        return list(cursor.fetchall())


def empty(test: TransactionTestCase, kept: list[Any]) -> None:
    """`kept` is what `kept_rows` said before the first test, and when it had to be made again."""
    if kept_rows() != kept:
        TRUNCATE_AND_MIGRATE(test)
        kept[:] = kept_rows()
        return
    with transaction.atomic(), connection.cursor() as cursor:
        pretend_to_be_a_replica()
        tables = _emptied_tables()
        # As TRUNCATE does: what a server is still writing is waited for, and goes with the rest.
        cursor.execute(f"LOCK TABLE {', '.join(tables)}")
        has_rows = "SELECT {} WHERE EXISTS (SELECT FROM {})".format
        cursor.execute(" UNION ALL ".join(map(has_rows, range(len(tables)), tables)))
        for (number,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {tables[number]}")  # noqa: S608


def truncate_as_replica(operations: DatabaseOperations, sql_list: list[str]) -> None:
    with transaction.atomic():
        pretend_to_be_a_replica()
        TRUNCATE(operations, sql_list)


def pretend_to_be_a_replica() -> None:
    """Until the transaction ends. The ledger and the events refuse by trigger to be emptied, and a replica
    fires no ordinary triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")


def _emptied_tables() -> list[str]:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return [connection.ops.quote_name(table) for table in sorted({*tables} - {*KEPT})]
