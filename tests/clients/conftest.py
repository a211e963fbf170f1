import os

import pytest

from tests.clients.official_clients import MissingClientsError, Node, find_node
from tests.server import server

__all__ = ["server"]


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
