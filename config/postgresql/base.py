"""Django's PostgreSQL backend with a pool of our own."""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from config.postgresql import arrays
from config.postgresql.pool import LiveConnectionPool

arrays.register()

READER: Final = "giftcards_reader"
"""The attribute of a connection that keeps its cursor."""


class DatabaseWrapper(base.DatabaseWrapper):
    # Django's own, of which its types say nothing.
    _connection_pools: ClassVar[dict[str, Any]]
    _configure_connection: Callable[[Any], None]
    _prepare_cursor: Callable[[Any], Any]

    def rows_at_once(self, sql: str, parameters: Any) -> list[tuple[Any, ...]]:
        """All rows of a statement, as `cursor.fetchall()` has them, by a cursor that lives as long as its
        connection. A new one learns anew how each column is read, which is half of what a look-up costs.

        Nobody else may have this cursor: what is read from it by and by would be lost with the next one.
        """
        self.ensure_connection()
        reader = getattr(self.connection, READER, None)
        if reader is None:
            reader = self.create_cursor()
            setattr(self.connection, READER, reader)
        self._prepare_cursor(reader).execute(sql, parameters)
        rows: list[tuple[Any, ...]] = reader.fetchall()
        return rows

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
