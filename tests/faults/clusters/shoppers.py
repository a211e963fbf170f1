"""Clients under whose hands a database goes away, with a log of their own of whatever they were answered.

They and their log are those of `manage.py torture`, and so is the verdict.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from giftcards.torture.attack import Attack, Client
from giftcards.torture.log import Log
from giftcards.torture.records import ACKNOWLEDGED, Story
from giftcards.torture.requests import TRANSACTIONS
from giftcards.torture.run import Result, judged
from giftcards.torture.wire import Target
from tests.faults.clusters.cluster import until
from tests.faults.clusters.service import Service
from tests.server import PATIENCE

SCENARIO: Final = "lost-update"
MANY: Final = 4
PLENTY: Final = 1_000_000
"""Cents on each card."""

THOUGHT: Final = 0.01
"""Seconds between an answer and the next request, so that something is left of the processors for others."""


class Shoppers:
    """Each debits a card of its own, again and again. What has no answer they ask for again with the same
    key; the last one doesn't, and goes home."""

    def __init__(self, attack: Attack) -> None:
        self.attack = attack
        self._cards = [attack.issue(SCENARIO, PLENTY) for _ in range(MANY)]
        self._enough, self._one_went_home = threading.Event(), threading.Event()
        self._crowd = threading.Thread(target=self._shop)

    def _shop(self) -> None:
        *patient, last = self._cards
        self.attack.crowd([self._debiting(card, patiently=True) for card in patient] + [self._debiting(last)])

    def _debiting(self, card_id: str, *, patiently: bool = False) -> Callable[[Client], None]:
        def debit(client: Client) -> None:
            while not self._enough.wait(THOUGHT):
                change = self.attack.change(SCENARIO, "debit", card_id, cents=1)
                answer = client.get(change) if patiently else client.send(change)
                if answer is None or answer.status != 200:
                    self._one_went_home.set()
                    return

        return debit

    def begin(self) -> None:
        self._crowd.start()

    def end(self) -> None:
        """When all have their answers."""
        self._enough.set()
        self._crowd.join()

    def stories(self) -> list[Story]:
        stories = list(self.attack.log.evidence.stories.values())  # at once: others write to it
        return [
            story for story in stories if (story.change.scenario, story.change.verb) == (SCENARIO, "debit")
        ]

    def sent(self) -> set[str]:
        """Whether answered or not."""
        return {story.change.name for story in self.stories()}

    def acknowledged(self) -> set[str]:
        return {story.change.name for story in self.stories() if story.outcome == ACKNOWLEDGED}

    def statuses(self) -> "Counter[int | None]":
        return Counter(attempt.status for story in self.stories() for attempt in list(story.attempts))

    def until_acknowledged(self, more: int) -> None:
        before = len(self.acknowledged())
        until(lambda: len(self.acknowledged()) >= before + more, f"{more} more debits")

    def until_one_goes_home(self) -> None:
        """Whatever he had asked for last is unknown to him."""
        assert self._one_went_home.wait(PATIENCE)

    def ask_again(self, stories: Iterable[Story]) -> None:
        """For the same, with the same keys."""
        with self.attack.target.connect() as connection:
            client = Client(self.attack, connection)
            for story in stories:
                assert client.get(story.change).status == 200

    def verdict(self, scenario: str = SCENARIO) -> Result:
        with self.attack.reader() as reader:
            return judged(self.attack.log.evidence, scenario, reader)

    def missed(self, verdict: Result) -> set[str]:
        """What was acknowledged and is not there; the verdict says nothing else."""
        names = set()
        for sentence in verdict.sentences:
            match = re.fullmatch(r"debit (\S+) of 1 was acknowledged, and is not there\.", sentence)
            assert match, sentence
            names.add(match[1])
        return names


@contextmanager
def shopping(at: Service, log: Path) -> Iterator[Shoppers]:
    """While the block runs, unless they were told before that it is enough."""
    with Log(log, run=f"torture-{log.name}", url=at.server.address, seed=1, told=lambda: None) as evidence:
        attack = Attack(
            target=Target(at.server.address, at.key),
            log=evidence,
            connections=MANY,
            patience=PATIENCE,
            seed=1,
            has=frozenset({TRANSACTIONS}),
        )
        shoppers = Shoppers(attack)
        shoppers.begin()
        try:
            yield shoppers
        except BaseException:
            attack.stop.set()
            raise
        finally:
            shoppers.end()
