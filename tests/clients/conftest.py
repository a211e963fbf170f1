import os

import pytest

from tests.clients.official_clients import MissingClientsError, Node, find_node
from tests.clients.tap import tap
from tests.server import server

__all__ = ["server", "tap"]


@pytest.fixture(scope="session")
def node() -> Node:
    """Node with the official clients installed. Without a network they may be missing, but not unnoticed."""
    try:
        found = find_node()
        found.install()
    except MissingClientsError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(f"The official clients were not run. {missing}")
    return found


@pytest.fixture(params=["@commercelayer/sdk", "sdk6"], ids=["sdk 7", "sdk 6"])
def sdk(request: pytest.FixtureRequest) -> str:
    package: str = request.param
    return package
