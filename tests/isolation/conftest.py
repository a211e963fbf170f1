from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.isolation.everything import Case, cases
from tests.server import server

__all__ = ["server"]


@pytest.fixture(scope="module")
def everybody(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Case]]:
    """Made once, in a transaction that is never committed; the tests' own are savepoints in it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield dict(cases())
        transaction.set_rollback(True)
