from itertools import chain
from random import Random
from typing import Final

from giftcards.torture.attack import Attack, Client
from giftcards.torture.records import ACKNOWLEDGED, Change
from giftcards.torture.requests import PAYMENTS
from giftcards.torture.scenarios.base import Scenario
from giftcards.torture.taking_turns import Queue

CARDS: Final = 3
START: Final = 1000
WRITES: Final = 4
"""Of each connection in one round."""


class Payments(Scenario):
    """Payments over the same cards, named in every order, more than there is. Then each is given back, whole
    and in part, at the same time."""

    name = "payments"
    needs = (PAYMENTS,)

    def play(self, attack: Attack, number: int) -> None:
        cards = [attack.issue(self.name, START) for _ in range(CARDS)]
        paid: list[Change] = []
        made: dict[str, str] = {}

        def pay(client: Client, chance: Random) -> None:
            for _ in range(WRITES):
                order = chance.sample(cards, chance.randint(2, CARDS))
                change = attack.change(self.name, "pay", *order, cents=chance.randint(1, START // 2))
                answer = client.get(change).as_attempt()
                if answer.outcome == ACKNOWLEDGED and answer.made:
                    made[change.name] = answer.made
                    paid.append(change)

        attack.crowd(
            [
                lambda client, who=who: pay(client, attack.chance(self.name, number, who))  # type: ignore[misc]
                for who in range(attack.connections)
            ]
        )
        chance = attack.chance(self.name, number)
        back = chain.from_iterable(_given_back(attack, each, made[each.name], chance) for each in paid)
        attack.crowd([Queue(back).work] * attack.connections)


def _given_back(attack: Attack, paid: Change, payment: str, chance: Random) -> list[Change]:
    part = chance.randint(1, paid.cents or 1)
    given_back = [
        attack.change(Payments.name, "give_back", *paid.cards, about=payment, cents=part),
        attack.change(Payments.name, "give_back", *paid.cards, about=payment, cents=part),
        attack.change(Payments.name, "give_all_back", *paid.cards, about=payment),
    ]
    chance.shuffle(given_back)
    return given_back[: chance.randint(0, 3)]
