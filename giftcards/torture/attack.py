"""Many connections at once. What has no answer yet is asked for again, with the same key."""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from random import Random
from typing import Final

from giftcards.torture.log import Log
from giftcards.torture.reading import Reader
from giftcards.torture.records import ACKNOWLEDGED, Attempt, Card, Change
from giftcards.torture.requests import request_for
from giftcards.torture.wire import Answer, Connection, HangUp, Lost, Request, Target

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0
READY: Final = 30
"""Seconds within which all of a crowd have their connections."""


class CannotAttack(Exception):
    """The deployment refuses what an attack begins with; the message is a sentence."""


class Stopped(Exception):
    """No answer for as long as our patience lasts, or somebody wants to stop."""


@dataclass(slots=True)
class Attack:
    """`patience` is in seconds: how long a change is repeated that finds no answer, while somebody restarts
    the server or its database."""

    target: Target
    log: Log
    connections: int
    patience: float
    seed: int
    has: frozenset[str] = frozenset()
    """The optional resources that the deployment knows, by their types."""
    stop: threading.Event = field(default_factory=threading.Event)
    _number: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def change(
        self,
        scenario: str,
        verb: str,
        *cards: str,
        cents: int | None = None,
        about: str | None = None,
    ) -> Change:
        return Change(f"{self.log.evidence.run}-{next(self._number)}", scenario, verb, cards, cents, about)

    def chance(self, *about: object) -> Random:
        """The same numbers for the same seed, whichever thread is faster."""
        return Random("/".join(map(str, [self.seed, *about])))  # noqa: S311 (it hides nothing)

    def crowd(self, tasks: Sequence[Callable[["Client"], None]]) -> None:
        """Each in its own thread, on its own open connection, all beginning at the same moment.

        Raises Stopped when one of them had to give up, after all have ended.
        """
        barrier = threading.Barrier(len(tasks))

        def begin(task: Callable[[Client], None]) -> None:
            with self.target.connect() as connection:
                connection.open()
                barrier.wait(READY)
                task(Client(self, connection))

        with ThreadPoolExecutor(len(tasks)) as threads:
            futures = [threads.submit(begin, task) for task in tasks]
            try:
                wait(futures)
            except KeyboardInterrupt:
                self.stop.set()
                raise
        for future in futures:
            future.result()

    def reader(self) -> Reader:
        return Reader(self.target, self.patience, self.stop)

    def issue(self, scenario: str, cents: int) -> str:
        """The id of a new active card with this balance.

        Raises CannotAttack if it is refused, Stopped if there is no answer.
        """
        card_id = self.must(self.change(scenario, "create", cents=cents))
        for verb in ("purchase", "activate"):
            self.must(self.change(scenario, verb, card_id))
        self.log.card(Card(card_id, scenario, cents))
        return card_id

    def must(self, change: Change) -> str:
        """The id in the answer. Raises CannotAttack if it was not done."""
        with self.target.connect() as connection:
            answer = Client(self, connection).get(change)
        attempt = answer.as_attempt()
        if attempt.outcome != ACKNOWLEDGED or attempt.made is None:
            raise CannotAttack(
                f"{change.verb} is answered {answer.status} {answer.error or ''}".rstrip() + "."
            )
        return attempt.made


class Client:
    """One connection of an attack."""

    def __init__(self, attack: Attack, connection: Connection) -> None:
        self.attack = attack
        self._connection = connection

    def get(self, change: Change) -> Answer:
        """The answer that says what has become of it, sending it as often as needed.

        Raises Stopped, or CannotAttack if the key may not do it.
        """
        deadline = time.monotonic() + self.attack.patience
        for pause in _pauses():
            answer = self.send(change)
            if answer is not None and answer.status in {401, 403}:
                raise CannotAttack(f"{change.verb} is answered {answer.status} {answer.error}: see --key.")
            if answer is not None and not answer.again:
                return answer
            if time.monotonic() > deadline:
                self.attack.stop.set()
            if self.attack.stop.wait(pause):
                break
        raise Stopped(f"{change.verb} {change.name} found no answer")

    def send(self, change: Change) -> Answer | None:
        """Once; None if the connection ended before the answer. Raises Stopped instead of beginning."""
        if self.attack.stop.is_set():
            raise Stopped("stopped")
        self.attack.log.sent(change)
        answer = _asked(self._connection, request_for(change))
        attempt = Attempt(status=None) if answer is None else answer.as_attempt()
        self.attack.log.answered(change, attempt)
        return answer

    def send_and_hang_up(self, change: Change, when: HangUp, moment: float) -> None:
        """Once, and nobody will know the answer."""
        if self.attack.stop.is_set():
            raise Stopped("stopped")
        self.attack.log.sent(change)
        with contextlib.suppress(Lost):  # then it was the deployment that hung up: all the same to us
            self._connection.ask_and_hang_up(request_for(change), when, moment)
        self.attack.log.answered(change, Attempt(status=None))

    def read(self, path: str) -> Answer | None:
        return _asked(self._connection, Request("GET", path))


def _asked(connection: Connection, request: Request) -> Answer | None:
    try:
        return connection.ask(request)
    except Lost:
        return None


def _pauses() -> "itertools.accumulate[float]":
    """Seconds, twice as long each time up to the longest."""
    return itertools.accumulate(
        itertools.repeat(0.0), lambda pause, _: min(pause * 2, LONGEST_PAUSE), initial=FIRST_PAUSE
    )
