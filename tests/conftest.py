from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client

from tests.schema.checks import check, in_process


@pytest.fixture(scope="session", autouse=True)
def _flush_past_the_guards() -> Iterator[None]:
    """A transactional test ends with TRUNCATE of every table, and the database refuses that for the ledger
    and the events by trigger. A replica fires no ordinary triggers: only the flush pretends to be one."""
    flush = DatabaseOperations.execute_sql_flush

    def flush_as_replica(self: DatabaseOperations, sql_list: list[str]) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
            flush(self, sql_list)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush_as_replica)
        yield


@pytest.fixture(scope="session", autouse=True)
def _every_answer_is_json_api() -> Iterator[None]:
    """Whatever a test asks of the API, in this process, has an answer that JSON:API 1.1 allows."""
    request = Client.request

    def checked(self: Client, **environment: Any) -> Any:
        response = request(self, **environment)
        check(in_process(response))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", checked)
        yield


@pytest.fixture(autouse=True)
def _ledger_is_true_after_every_test(
    request: pytest.FixtureRequest, _django_db_marker: Any
) -> Iterator[None]:
    """Asks for the database before the test does, so that it looks before the database is emptied again."""
    marked = request.node.get_closest_marker("django_db")
    uses_database = marked or {"db", "transactional_db", "live_server"} & set(request.fixturenames)
    if not uses_database or request.node.get_closest_marker("tampers"):
        yield
        return
    request.getfixturevalue("_django_db_helper")
    yield
    if connection.needs_rollback or connection.closed_in_transaction:
        return  # the test ended inside a failed transaction; nothing of it stays
    lies = lies_in_the_ledger()
    assert not lies, "\n".join(lies)


def lies_in_the_ledger() -> list[str]:
    """Of course none where there is no ledger: the wire's own tests stand without it (tests/architecture)."""
    if not apps.is_installed("giftcards"):
        return []
    verification = import_module("giftcards.verification")
    return [str(lie) for _cards, portion in verification.verify_ledger() for lie in portion]
