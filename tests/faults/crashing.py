"""The service with mistakes in it: reading a market and deleting it end in exceptions nobody expected."""

from unittest.mock import patch

from config.wsgi import application
from markets import operations
from markets.api.views import MarketViewSet

__all__ = ["application"]

SECRET = "what only the log may tell"

patch.object(operations, "delete_market", side_effect=RuntimeError(SECRET)).start()
patch.object(MarketViewSet, "retrieve", side_effect=KeyError(SECRET)).start()
