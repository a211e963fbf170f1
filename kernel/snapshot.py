"""One moment of the database: what is read inside belongs together, whatever is written meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

# Whoever takes what is read (a slow disk, a pipe) may pause for longer than a connection may otherwise idle
# in a transaction; nobody waits for this one.
_BEGIN: Final = """
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
    SET LOCAL idle_in_transaction_session_timeout = 0
"""


@contextmanager
def one_moment() -> Iterator[None]:
    """A transaction that sees one moment and can write nothing; inside another one, that one's moment."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute(_BEGIN)
        yield
