from collections.abc import Iterator
from typing import Final

from giftcards.torture.attack import Attack, Client
from giftcards.torture.reading import Reader
from giftcards.torture.records import ACKNOWLEDGED, UNKNOWN, Story, by_card, counted, with_verb
from giftcards.torture.scenarios.base import Scenario

SPENDERS: Final = 50
BALANCE: Final = 5000


class DoubleSpend(Scenario):
    """Fifty at once want the whole balance. One gets it, all others are refused as 422."""

    name = "double-spend"

    def play(self, attack: Attack, number: int) -> None:
        card_id = attack.issue(self.name, BALANCE)

        def spend(client: Client) -> None:
            client.get(attack.change(self.name, "debit", card_id, cents=BALANCE))

        attack.crowd([spend] * SPENDERS)

    def expect(self, stories: list[Story], reader: Reader) -> Iterator[str]:
        for card_id, debits in by_card(with_verb(stories, "debit")).items():
            won = counted(debits, ACKNOWLEDGED)
            if won > 1 or (won == 0 and not counted(debits, UNKNOWN)):
                yield f"Card {card_id}: {won} of {len(debits)} debits of its whole balance were acknowledged."
