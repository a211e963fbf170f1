import os
import re
from collections.abc import Iterator
from functools import partialmethod
from importlib import import_module
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

from tests.emptying import empty, kept_rows, truncate_as_replica
from tests.schema import described
from tests.schema.checks import check, in_process

# A UUID with or without its hyphens, and what stands for one.
RANDOM_PART: Final = re.compile("[0-9a-f-]{31,}")
DATABASE_FIXTURES: Final = {"db", "transactional_db", "live_server"}


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """A run of the whole suite gets a worker for each processor. A few tests are done sooner in one process,
    and so is whatever names its tests, looks for the last failures or wants a debugger."""
    option = config.option
    is_worker = hasattr(config, "workerinput")
    is_said = getattr(option, "numprocesses", 0) is not None  # by -n, or in effect by -p no:xdist
    picks = ("keyword", "lf", "stepwise", "usepdb", "trace", "collectonly")
    is_whole = config.args_source is config.ArgsSource.TESTPATHS and not any(
        getattr(option, name, None) for name in picks
    )
    processors = os.cpu_count() or 1
    if is_whole and processors > 1 and not is_worker and not is_said:
        option.numprocesses = processors
        option.dist = "worksteal"


def pytest_make_parametrize_id(val: object) -> str | None:
    """Workers must agree on the names of the tests, so no name may hold what is made up while it is read."""
    return RANDOM_PART.sub("random", val) if isinstance(val, str) and RANDOM_PART.search(val) else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests of all need no database. None of them shall begin when other workers run dry."""
    items.sort(key=_uses_database)


def _uses_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or not DATABASE_FIXTURES.isdisjoint(fixtures)


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
    """Whatever a test asks of the API, in this process, has an answer that JSON:API 1.1 allows, and that the
    OpenAPI document tells of."""
    request = Client.request

    def checked(self: Client, **environment: Any) -> Any:
        response = request(self, **environment)
        check(in_process(response))
        described.check(response)
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", checked)
        yield


@pytest.fixture(autouse=True)
def _ledger_is_true_after_every_test(
    request: pytest.FixtureRequest, _django_db_marker: Any
) -> Iterator[None]:
    """Asks for the database before the test does, so that it looks before the database is emptied again."""
    if not _uses_database(request.node) or request.node.get_closest_marker("tampers"):
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
