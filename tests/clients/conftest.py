import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.clients.official_clients import HERE, MissingClientsError, Node, find_node
from tests.clients.tap import tap
from tests.clients.tls_server import tls_server
from tests.server import server

__all__ = ["server", "tap", "tls_server"]


@pytest.fixture(scope="session")
def node() -> Node:
    """Node with the official clients installed. Without a network they may be missing, but not unnoticed."""
    try:
        found = find_node()
        with _one_at_a_time():
            found.install()
    except MissingClientsError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(f"The official clients were not run. {missing}")
    return found


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Among all that run the tests in this folder. The kernel takes the lock back, however we end."""
    handle = os.open(HERE, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@pytest.fixture(params=["@commercelayer/sdk", "sdk6"], ids=["sdk 7", "sdk 6"])
def sdk(request: pytest.FixtureRequest) -> str:
    package: str = request.param
    return package
