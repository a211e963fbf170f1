import pytest

from markets.models import Market
from tests.fixtures.cast import a_market
from tests.medusa.asking import Medusa, the_shop


@pytest.fixture
def region() -> Market:
    return a_market(name="Berlin", code="berlin", currency_code="EUR")


@pytest.fixture
def shop() -> Medusa:
    return the_shop()
