from collections.abc import Iterable
from threading import Lock

from giftcards.torture.attack import Client
from giftcards.torture.records import Change


class Queue:
    """Changes that a crowd takes one after the other, so that neighbours are sent at about the same time."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._changes = iter(list(changes))
        self._lock = Lock()

    def work(self, client: Client) -> None:
        while (change := self._next()) is not None:
            client.get(change)

    def _next(self) -> Change | None:
        with self._lock:
            return next(self._changes, None)
