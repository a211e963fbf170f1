from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from giftcards.torture.attack import Attack
from giftcards.torture.reading import Reader
from giftcards.torture.records import ACKNOWLEDGED, Story, with_verb
from giftcards.torture.requests import REFUNDS, TRANSACTIONS
from giftcards.torture.scenarios.base import Scenario
from giftcards.torture.taking_turns import Queue

DEBIT: Final = 1000
PART: Final = 300
PARTS: Final = 8


class Refunds(Scenario):
    """Parts of one debit are refunded at the same time, in sum more than the debit."""

    name = "refunds"
    needs = (REFUNDS, TRANSACTIONS)

    def play(self, attack: Attack, number: int) -> None:
        card_id = attack.issue(self.name, 2 * DEBIT)
        debit = attack.change(self.name, "debit", card_id, cents=DEBIT)
        attack.must(debit)
        with attack.reader() as reader:
            state = reader.card(card_id)
        entries = state.entries if state is not None else None
        for entry in entries or ():
            if debit.name in entry.names:
                refunds = [
                    attack.change(self.name, "refund", card_id, about=entry.id, cents=PART)
                    for _ in range(PARTS)
                ]
                attack.crowd([Queue(refunds).work] * attack.connections)

    def expect(self, stories: list[Story], reader: Reader) -> Iterator[str]:
        refunded: dict[str, int] = defaultdict(int)
        for story in with_verb(stories, "refund"):
            if story.outcome == ACKNOWLEDGED:
                refunded[story.change.about or ""] += story.change.cents or 0
        for debit, cents in refunded.items():
            if cents > DEBIT:
                yield f"Transaction {debit}: {cents} of a debit of {DEBIT} were refunded."
