from collections.abc import Iterator

import pytest

from tests.server import Server, server, serving

__all__ = ["server"]


@pytest.fixture(scope="module")
def server_without_lock(django_db_setup: None) -> Iterator[Server]:
    with serving("tests.concurrency.without_lock:application") as running:
        yield running
