"""Django's PostgreSQL backend with a pool of our own."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from config.postgresql import arrays
from config.postgresql.pool import LiveConnectionPool

arrays.register()


class DatabaseWrapper(base.DatabaseWrapper):
    # Django's own, of which its types say nothing.
    _connection_pools: ClassVar[dict[str, Any]]
    _configure_connection: Callable[[Any], None]

    @property
    def pool(self) -> Any:
        """Made on first use, like Django's own; None where the settings ask for none."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            pool = LiveConnectionPool(
                kwargs=self.get_connection_params() | {"autocommit": True},
                open=False,
                configure=self._configure_connection,
                **options,
            )
            # Several threads may make one; the first to put it here wins, and the others are never opened.
            self._connection_pools.setdefault(self.alias, pool)
        return self._connection_pools[self.alias]
