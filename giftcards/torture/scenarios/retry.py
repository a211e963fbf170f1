"""Answers that nobody reads, and requests that are repeated."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Final

from giftcards.torture.attack import Attack, Client
from giftcards.torture.reading import Reader
from giftcards.torture.records import ACKNOWLEDGED, REFUSED, Change, Story, with_verb
from giftcards.torture.requests import AUTHORIZATIONS, PAYMENTS
from giftcards.torture.scenarios.base import Scenario
from giftcards.torture.wire import HangUp

WRITES: Final = 5
"""Of each connection in one round."""
LONGEST_MOMENT: Final = 0.03
"""Seconds between sending and hanging up: about as long as a write takes."""
REUSED: Final = "IDEMPOTENCY_KEY_REUSED"


class Retry(Scenario):
    """The client hangs up, at various points, before it has read the answer. Then it repeats the request with
    the same key, sometimes on two connections at once. Each key has one effect, and never a second body."""

    name = "retry"

    def play(self, attack: Attack, number: int) -> None:
        card_id = attack.issue(self.name, 1_000_000)

        def write(client: Client, chance: Random) -> None:
            for _ in range(WRITES):
                self._swallowed(client, _some_change(attack, card_id, chance), chance)

        attack.crowd(
            [
                lambda client, who=who: write(client, attack.chance(self.name, number, who))  # type: ignore[misc]
                for who in range(attack.connections)
            ]
        )

    def _swallowed(self, client: Client, change: Change, chance: Random) -> None:
        for _ in range(chance.randint(1, 2)):
            client.send_and_hang_up(change, chance.choice(list(HangUp)), chance.uniform(0, LONGEST_MOMENT))
        if chance.random() < 0.5:
            client.attack.crowd([lambda twin: _ask(twin, change)] * 2)
        if client.get(change).as_attempt().outcome != ACKNOWLEDGED:
            return  # nothing was done under this key, so it may still be used
        self._replayed(client, change)
        if change.cents is not None and chance.random() < 0.3:
            self._reused(client, replace(change, cents=change.cents + 1))

    def _replayed(self, client: Client, change: Change) -> None:
        """Twice more: each answer is the first one again, and says so."""
        first, second = client.get(change), client.get(change)
        if second.headers.get("idempotency-replayed") != "true":
            client.attack.log.found(
                self.name,
                f"{change.verb} {change.name}: repeating it was answered {second.status} without "
                "Idempotency-Replayed.",
            )
        elif (first.status, first.document) != (second.status, second.document):
            client.attack.log.found(
                self.name, f"{change.verb} {change.name}: repeating it was answered with something else."
            )

    def _reused(self, client: Client, other: Change) -> None:
        answer = client.get(other)
        if answer.status != 422 or REUSED not in (answer.error or ""):
            client.attack.log.found(
                self.name,
                f"{other.verb} {other.name}: the same key with another body was answered {answer.status} "
                f"{answer.error or ''}".rstrip()
                + f", not 422 {REUSED}.",
            )

    def expect(self, stories: list[Story], reader: Reader) -> Iterator[str]:
        for story in with_verb(stories, "create"):
            cards = len(reader.named("gift_cards", story.change.name))
            if cards > 1 or (cards < 1 and story.outcome == ACKNOWLEDGED):
                yield f"create {story.change.name}: one key made {cards} cards."
            if cards and story.outcome == REFUSED:
                yield f"create {story.change.name}: it was refused, and made a card."


def _ask(client: Client, change: Change) -> None:
    client.get(change)


def _some_change(attack: Attack, card_id: str, chance: Random) -> Change:
    verbs = ["debit", "debit", "recharge", "create"]
    verbs += ["authorize"] * (AUTHORIZATIONS in attack.has) + ["pay"] * (PAYMENTS in attack.has)
    verb = chance.choice(verbs)
    cards = () if verb == "create" else (card_id,)
    return attack.change(Retry.name, verb, *cards, cents=chance.randint(1, 100))
