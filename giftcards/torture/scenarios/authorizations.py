from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from random import Random
from typing import Final

from giftcards.torture.attack import Attack, Client
from giftcards.torture.reading import Reader
from giftcards.torture.records import ACKNOWLEDGED, Change, Story, with_verb
from giftcards.torture.requests import AUTHORIZATIONS
from giftcards.torture.scenarios.base import Scenario
from giftcards.torture.taking_turns import Queue

HELD: Final = 100
START: Final = 10 * HELD


class Authorizations(Scenario):
    """More is asked to be held, and debited, than there is. Then each hold is captured, captured in part and
    voided at the same time, and one of these wins."""

    name = "authorizations"
    needs = (AUTHORIZATIONS,)

    def play(self, attack: Attack, number: int) -> None:
        card_id = attack.issue(self.name, START)
        held: list[str] = []

        def hold(client: Client) -> None:
            for verb in ("authorize", "authorize", "debit"):
                answer = client.get(attack.change(self.name, verb, card_id, cents=HELD)).as_attempt()
                if verb == "authorize" and answer.outcome == ACKNOWLEDGED and answer.made:
                    held.append(answer.made)

        attack.crowd([hold] * attack.connections)
        chance = attack.chance(self.name, number)
        rivals = chain.from_iterable(_rivals(attack, card_id, each, chance) for each in held)
        attack.crowd([Queue(rivals).work] * attack.connections)

    def expect(self, stories: list[Story], reader: Reader) -> Iterator[str]:
        taken: dict[str, int] = defaultdict(int)
        for story in with_verb(stories, "authorize", "debit"):
            if story.outcome == ACKNOWLEDGED:
                taken[story.change.cards[0]] += story.change.cents or 0
        for card_id, cents in taken.items():
            if cents > START:
                yield f"Card {card_id}: {cents} were held or debited, of {START} that there were."


def _rivals(attack: Attack, card_id: str, held: str, chance: Random) -> list[Change]:
    part = chance.randint(1, HELD)
    rivals = [
        attack.change(Authorizations.name, "capture", card_id, about=held),
        attack.change(Authorizations.name, "capture_part", card_id, about=held, cents=part),
        attack.change(Authorizations.name, "void", card_id, about=held),
    ]
    chance.shuffle(rivals)
    return rivals[: chance.randint(0, 3)]
