from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Final

from giftcards.torture.attack import Attack, Client
from giftcards.torture.reading import Reader
from giftcards.torture.records import ACKNOWLEDGED, UNKNOWN, Change, Story, by_card, counted, with_verb
from giftcards.torture.requests import TRANSACTIONS
from giftcards.torture.scenarios.base import Scenario

WRITES: Final = 8
"""Of each connection in one round."""
STEP: Final = 1_000_000
"""Debits and recharges are multiples of it, and adjustments end in a number of their own: so none asks for
the balance that there is already, which would be nothing to post."""
START: Final = 1_000 * STEP


class Verbs(Scenario):
    """Switching on and off, debits, recharges and adjustments of one card, all against each other."""

    name = "verbs"

    def play(self, attack: Attack, number: int) -> None:
        card_id = attack.issue(self.name, START)

        def write(client: Client, who: int) -> None:
            chance = attack.chance(self.name, number, who)
            for own in range(who * WRITES, (who + 1) * WRITES):
                client.get(_some_change(attack, card_id, chance, own))

        attack.crowd(
            [lambda client, who=who: write(client, who) for who in range(attack.connections)]  # type: ignore[misc]
        )

    def expect(self, stories: list[Story], reader: Reader) -> Iterator[str]:
        for card_id, of_card in by_card(stories).items():
            switches = [name for name in reader.events(card_id) if name in SWITCHES.values()]
            if any(one == next_one for one, next_one in pairwise(switches)):
                yield f"Card {card_id}: its events switch it on, or off, twice in a row."
            for verb, event in SWITCHES.items():
                asked, happened = with_verb(of_card, verb), switches.count(event)
                least = counted(asked, ACKNOWLEDGED)
                if not least <= happened <= least + counted(asked, UNKNOWN):
                    yield f"Card {card_id}: {least} of {verb} were acknowledged, its events say {happened}."


SWITCHES: Final = {"activate": "gift_cards.activate", "deactivate": "gift_cards.deactivate"}


def _some_change(attack: Attack, card_id: str, chance: Random, own: int) -> Change:
    verbs = [*SWITCHES, "debit", "debit", "recharge"] + ["adjust"] * (TRANSACTIONS in attack.has)
    verb = chance.choice(verbs)
    cents = None if verb in SWITCHES else chance.randint(1, 5) * STEP
    if verb == "adjust":
        cents = START + own + 1
    return attack.change(Verbs.name, verb, card_id, cents=cents)
