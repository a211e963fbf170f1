"""Whether somebody stands between us and PostgreSQL who gives a client one process of it now, another then.

What outlives a transaction may then be gone in the next one, or meet what another client has left there.
"""

from typing import Any, Final

from psycopg import Connection

NAME: Final = b"gc_asking"
CALLED_SO: Final = b"SELECT count(*) FROM pg_prepared_statements WHERE name = $1"


def stands_between(connection: Connection[Any]) -> bool:
    """A pooler has each client cancel by a key of the pooler's own, for whichever process serves it then."""
    return connection.execute("SELECT pg_backend_pid()").fetchone() != (connection.info.backend_pid,)


def knows_statements(connection: Connection[Any]) -> bool:
    """Of a pooler: whether it prepares a statement wherever it is wanted, under a name of its own."""
    libpq = connection.pgconn
    with connection.transaction():
        libpq.prepare(NAME, CALLED_SO)
        found = libpq.exec_prepared(NAME, [NAME])
        libpq.close_prepared(NAME)
    return found.get_value(0, 0) == b"0"
