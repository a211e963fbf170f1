import pytest

from tests.fixtures.client import ApiClient, api_client


@pytest.fixture
def api(db) -> ApiClient:
    """A test key with every scope, in every market."""
    return api_client()
