from collections.abc import Iterator
from functools import partialmethod
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

from tests.emptying import empty, kept_rows, truncate_as_replica
from tests.schema.checks import check, in_process


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Extends pytest-django's: transactional tests end in what tests/emptying.py says."""
    with django_db_blocker.unblock():
        kept = kept_rows()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", partialmethod(empty, kept))
        patch.setattr(DatabaseOperations, "execute_sql_flush", truncate_as_replica)
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_found_once() -> Iterator[None]:
    """Every `Client` has middleware of its own, and WhiteNoise's looks at two hundred files to begin with."""
    find = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[tuple[Any, ...], dict[str, Any]] = {}

    def find_once(self: WhiteNoiseMiddleware) -> None:
        like_it = (self.static_prefix, self.max_age, self.charset, self.allow_all_origins)
        others, self.files = self.files, {}
        if like_it not in found:
            find(self)
            found[like_it] = self.files
        self.files = {**others, **found[like_it]}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", find_once)
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
