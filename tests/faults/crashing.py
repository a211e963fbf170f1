"""The service with mistakes in it: reading a market and deleting it end in exceptions nobody expected."""

from unittest.mock import patch

from config.wsgi import application
from markets import operations
from markets.api.views import MarketViewSet
from tests.faults.only_for_the_log import SECRET

__all__ = ["application"]

patch.object(operations, "delete_market", side_effect=RuntimeError(SECRET)).start()
patch.object(MarketViewSet, "retrieve", side_effect=KeyError(SECRET)).start()
