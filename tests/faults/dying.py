"""A program that does operations in processes of its own, which die on the way: it is asked line by line.

    capture 01a1fe92-1dc2-7099-b308-ba1a5a645576 5

does that capture and dies after its fifth statement; if it has fewer, right after its COMMIT, before anybody
hears of it. Nothing is cleaned up: SIGKILL is what a machine that loses its power does to a process.
"""

import os
import signal
import sys
from uuid import UUID

import django

django.setup()

from django.db import connection  # noqa: E402

from tests.faults.doing import BY_KEY  # noqa: E402
from tests.fixtures.failpoints import Failpoint, at_commit  # noqa: E402


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def do(name: str, key: UUID, nth: int) -> None:
    connection.ensure_connection()  # which asks for types by statements that are none of the operation's
    with connection.execute_wrapper(Failpoint(nth, die)), at_commit(after=die):
        BY_KEY[name](key)


def end_of(name: str, key: UUID, nth: int) -> str:
    """No connection is open yet: each process makes its own."""
    child = os.fork()
    if child == 0:
        do(name, key, nth)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return "killed" if status == -signal.SIGKILL else f"exit status {status}"


if __name__ == "__main__":
    for line in sys.stdin:
        name, key, nth = line.rsplit(maxsplit=2)
        sys.stdout.write(f"{end_of(name, UUID(key), int(nth))}\n")
        sys.stdout.flush()
