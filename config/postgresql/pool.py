"""Connections that are handed out alive, also in the moment after PostgreSQL was restarted."""

import select
from time import monotonic
from typing import Any

from psycopg import Connection
from psycopg_pool import ConnectionPool


class LiveConnectionPool(ConnectionPool[Connection[Any]]):
    """Looks at a connection before it gives it away: a server that has ended it has said so, and that lies
    unread in its socket.

    psycopg's own check asks the server, a tenth of a millisecond for every request, and waits a second and
    then ever longer after each dead connection; a restart leaves as many of those as there are threads.
    """

    def getconn(self, timeout: float | None = None) -> Connection[Any]:
        """Raises PoolTimeout."""
        deadline = monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            connection = super().getconn(max(deadline - monotonic(), 0))
            if not has_something_to_read(connection):
                return connection
            connection.close()
            self.putconn(connection)  # which replaces what is closed


def has_something_to_read(connection: Connection[Any]) -> bool:
    """Of an idle connection: the server's farewell, or the end of the line."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
