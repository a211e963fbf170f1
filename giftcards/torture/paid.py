"""What must be true of payments over several cards: all or nothing, and given back at most once."""

from collections.abc import Iterator
from typing import Final

from giftcards.torture.reading import Entry, Reader
from giftcards.torture.records import ACKNOWLEDGED, REFUSED, UNKNOWN, Story, with_verb
from giftcards.torture.requests import PAYMENTS

TAKEN: Final = "debit"


def payments_of(stories: list[Story], reader: Reader) -> set[str | None]:
    """The ids of all payments that were asked for: also of those whose answer was lost. Raises Unreadable."""
    return {
        payment["id"]
        for story in with_verb(stories, "pay")
        for payment in ([{"id": story.made}] if story.made else reader.named(PAYMENTS, story.change.name))
    }


def payment_findings(stories: list[Story], reader: Reader) -> Iterator[str]:
    """Of one scenario. Raises Unreadable."""
    for story in with_verb(stories, "pay"):
        called = f"pay {story.change.name} of {story.change.cents}"
        found = reader.named(PAYMENTS, story.change.name)
        if len(found) > 1:
            yield f"{called} has {len(found)} effects under one key."
        elif found and story.outcome == REFUSED:
            yield f"{called} was refused, and is there."
        elif not found and story.outcome == ACKNOWLEDGED:
            yield f"{called} was acknowledged, and is not there."
        for payment in found:
            given_back = [
                each
                for each in with_verb(stories, "give_back", "give_all_back")
                if each.change.about == payment["id"]
            ]
            yield from _moved(called, story, given_back, _entries(story, payment["id"], reader))


def _entries(story: Story, payment: str, reader: Reader) -> list[Entry]:
    states = [reader.card(card_id) for card_id in story.change.cards]
    return [
        entry
        for state in states
        if state is not None
        for entry in state.entries or ()
        if entry.payment == payment
    ]


def _moved(called: str, story: Story, given_back: list[Story], entries: list[Entry]) -> Iterator[str]:
    whole = story.change.cents or 0
    taken = -sum(entry.cents for entry in entries if entry.kind == TAKEN)
    back = sum(entry.cents for entry in entries if entry.kind != TAKEN)
    if taken != whole:
        yield f"{called} took {taken}."
    least = _sum(given_back, ACKNOWLEDGED, whole)
    most = (
        whole
        if any(_is_all(each, UNKNOWN) for each in given_back)
        else least + _sum(given_back, UNKNOWN, whole)
    )
    if any(_is_all(each, ACKNOWLEDGED) for each in given_back):
        least = most = whole
    if not least <= back <= min(most, whole):
        yield f"{called} gave back {back}, and {least} of it was acknowledged."


def _sum(given_back: list[Story], outcome: str, whole: int) -> int:
    """Of the parts. A part is never more than the whole."""
    return sum(
        min(each.change.cents or 0, whole)
        for each in given_back
        if each.outcome == outcome and each.change.verb == "give_back"
    )


def _is_all(story: Story, outcome: str) -> bool:
    return story.outcome == outcome and story.change.verb == "give_all_back"
