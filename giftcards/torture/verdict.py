"""Whether what a deployment holds agrees with what it has answered.

Every change that it acknowledged is there once, every one that it refused is not, every unknown one is there
at most once, nothing else is there, and the balance is what all that makes. Whatever is not so is a sentence.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from giftcards.torture.authorized import authorization_findings
from giftcards.torture.paid import payment_findings, payments_of
from giftcards.torture.reading import CardState, Entry, Reader
from giftcards.torture.records import (
    ACKNOWLEDGED,
    REFUSED,
    UNKNOWN,
    Card,
    Evidence,
    Story,
    by_card,
    with_verb,
)
from giftcards.torture.scenarios import SCENARIOS

SIGNS: Final = {"debit": -1, "recharge": +1, "refund": +1}
MONEYLESS: Final = frozenset({"purchase", "activate", "deactivate"})
REFUSALS: Final = frozenset({409, 422})


def findings(evidence: Evidence, scenario: str, reader: Reader) -> list[str]:
    """What is wrong in one scenario; nothing if it holds. Raises Unreadable."""
    stories = evidence.of_scenario(scenario)
    on_card = by_card(stories)
    return [
        *_answers(stories),
        *(
            sentence
            for card in evidence.cards
            if card.scenario == scenario
            for sentence in _card(card, on_card[card.id], reader)
        ),
        *authorization_findings(stories, reader),
        *payment_findings(stories, reader),
        *SCENARIOS[scenario].expect(stories, reader),
        *(sentence for name, sentence in evidence.findings if name == scenario),
    ]


def _answers(stories: Iterable[Story]) -> Iterator[str]:
    """A refusal is 422, or 409 for a conflict; a crash is never an answer."""
    for story in stories:
        failures = {each.status for each in story.attempts if (each.status or 0) >= 400 and not each.again}
        for status in failures - REFUSALS:
            yield f"{_called(story)} was answered {status}."


def _card(card: Card, stories: list[Story], reader: Reader) -> Iterator[str]:
    state = reader.card(card.id)
    if state is None:
        yield f"Card {card.id} is gone."
        return
    if state.entries is None:
        yield from _by_arithmetic(card, state, stories)
        return
    yield from _chain(card, state, state.entries)
    for story in with_verb(stories, *SIGNS, "adjust"):
        yield from _effect(story, [entry for entry in state.entries if story.change.name in entry.names])
    ours = {story.made for story in with_verb(stories, "authorize")} | payments_of(stories, reader)
    yield from _strays(card, {story.change.name for story in stories}, ours, state.entries)


def _by_arithmetic(card: Card, state: CardState, stories: list[Story]) -> Iterator[str]:
    """All that can be said without transactions, and only while nothing but known amounts moved."""
    moving = [story for story in stories if story.change.verb not in MONEYLESS]
    if any(story.change.verb not in SIGNS for story in moving):
        return
    known = card.start_cents + sum(_cents(story) for story in moving if story.outcome == ACKNOWLEDGED)
    unknown = [_cents(story) for story in moving if story.outcome == UNKNOWN]
    least, most = (known + sum(cents for cents in unknown if sign * cents > 0) for sign in (-1, +1))
    if not least <= state.balance_cents <= most:
        yield f"Card {card.id}: {_balance_is(state, known)}"


def _chain(card: Card, state: CardState, entries: tuple[Entry, ...]) -> Iterator[str]:
    if [entry.sequence for entry in entries] != list(range(1, len(entries) + 1)):
        yield f"Card {card.id}: its transactions are not numbered one by one."
    before = 0
    for entry in entries:
        if entry.balance_cents != before + entry.cents:
            yield (
                f"Card {card.id}: transaction {entry.sequence} moves {entry.cents}, from {before} to "
                f"{entry.balance_cents}."
            )
        before = entry.balance_cents
    if entries and (entries[0].kind, entries[0].cents) != ("issue", card.start_cents):
        yield f"Card {card.id}: its first transaction is not the issue of {card.start_cents}."
    known = sum(entry.cents for entry in entries)
    if state.balance_cents != known:
        yield f"Card {card.id}: {_balance_is(state, known)}"
    if not 0 <= (state.available_cents or 0) <= state.balance_cents:
        yield f"Card {card.id}: {state.available_cents} is available of {state.balance_cents}."


def _balance_is(state: CardState, known: int) -> str:
    difference = known - state.balance_cents
    word = "lost" if difference > 0 else "invented"
    return (
        f"the balance is {state.balance_cents}, and what is known to have moved makes {known}: "
        f"{abs(difference)} {word}."
    )


def _effect(story: Story, entries: list[Entry]) -> Iterator[str]:
    if len(entries) > 1:
        yield f"{_called(story)} has {len(entries)} effects under one key."
    elif entries and story.outcome == REFUSED:
        yield f"{_called(story)} was refused, and is there."
    elif not entries and story.outcome == ACKNOWLEDGED:
        yield f"{_called(story)} was acknowledged, and is not there."
    for entry in entries:
        is_it = entry.balance_cents == story.change.cents
        if story.change.verb != "adjust":
            is_it = entry.cents == _cents(story)
        if not is_it:
            yield f"{_called(story)} is there as {entry.cents}."


def _strays(card: Card, names: set[str], ours: set[str | None], entries: tuple[Entry, ...]) -> Iterator[str]:
    """The names are ours alone, so an entry without one is of nobody."""
    for entry in entries[1:]:
        if not (names & entry.names or {entry.authorization, entry.payment} & ours - {None}):
            called = f"transaction {entry.sequence}, {entry.kind} of {entry.cents}"
            yield f"Card {card.id}: nobody asked for {called}."


def _cents(story: Story) -> int:
    return SIGNS[story.change.verb] * (story.change.cents or 0)


def _called(story: Story) -> str:
    change = story.change
    amount = "" if change.cents is None else f" of {change.cents}"
    return f"{change.verb} {change.name}{amount}"
