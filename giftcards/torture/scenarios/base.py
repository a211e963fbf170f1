"""What a scenario is: rounds of writes, and what must be true of them besides what holds for all writes."""

from collections.abc import Iterator
from typing import ClassVar

from giftcards.torture.attack import Attack
from giftcards.torture.reading import Reader
from giftcards.torture.records import Story


class Scenario:
    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    """Types of resources without which there is nothing to attack."""

    def play(self, attack: Attack, number: int) -> None:
        """One round, on cards of its own. `number` counts the rounds from 1. Raises Stopped, CannotAttack."""
        raise NotImplementedError

    def expect(self, stories: list[Story], reader: Reader) -> Iterator[str]:
        """Sentences about what is not as it should be."""
        yield from ()
