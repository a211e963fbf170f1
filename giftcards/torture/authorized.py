"""What must be true of authorizations: each is there once, resolves once, and holds what it says."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from giftcards.torture.reading import Reader
from giftcards.torture.records import ACKNOWLEDGED, REFUSED, UNKNOWN, Story, counted, with_verb
from giftcards.torture.requests import AUTHORIZATIONS

RESOLVED: Final = {"capture": "captured", "capture_part": "captured", "void": "voided"}


def authorization_findings(stories: list[Story], reader: Reader) -> Iterator[str]:
    """Of one scenario. Raises Unreadable."""
    held: dict[str, int] = defaultdict(int)
    for story in with_verb(stories, "authorize"):
        found = reader.named(AUTHORIZATIONS, story.change.name)
        yield from _count(story, len(found))
        for authorization in found:
            yield from _authorization(authorization, story, stories, reader)
            if authorization["attributes"]["status"] == "open":
                card_id = story.change.cards[0]
                held[card_id] = held[card_id] + authorization["attributes"]["amount_cents"]
    for card_id, cents in held.items():
        state = reader.card(card_id)
        if state is None or state.available_cents is None:
            continue
        if state.available_cents != state.balance_cents - cents:
            yield (
                f"Card {card_id}: {state.available_cents} is available of {state.balance_cents}, although "
                f"{cents} is held."
            )


def _count(story: Story, found: int) -> Iterator[str]:
    called = f"authorize {story.change.name} of {story.change.cents}"
    if found > 1:
        yield f"{called} has {found} effects under one key."
    elif found and story.outcome == REFUSED:
        yield f"{called} was refused, and is there."
    elif not found and story.outcome == ACKNOWLEDGED:
        yield f"{called} was acknowledged, and is not there."


def _authorization(
    authorization: dict[str, Any], story: Story, stories: list[Story], reader: Reader
) -> Iterator[str]:
    said, called = authorization["attributes"], f"Authorization {authorization['id']}"
    if said["amount_cents"] != story.change.cents:
        yield f"{called} holds {said['amount_cents']}, and {story.change.cents} was asked for."
    asked = [each for each in with_verb(stories, *RESOLVED) if each.change.about == authorization["id"]]
    won = counted(asked, ACKNOWLEDGED)
    if won > 1:
        yield f"{called} was resolved {won} times."
    possible = {_end(each, story) for each in asked if each.outcome in ({ACKNOWLEDGED} if won else {UNKNOWN})}
    if not won:
        possible |= {("open", 0), ("expired", 0)}
    if (said["status"], said["captured_amount_cents"]) not in possible:
        end = f"{said['status']} with {said['captured_amount_cents']} captured"
        yield f"{called} is {end}, which nobody asked for."
    yield from _posted(called, authorization, reader.card(story.change.cards[0]))


def _end(story: Story, authorized: Story) -> tuple[str, int]:
    """The status and the captured amount that a resolution makes."""
    captured = {"capture": authorized.change.cents, "capture_part": story.change.cents, "void": 0}
    return RESOLVED[story.change.verb], captured[story.change.verb] or 0


def _posted(called: str, authorization: dict[str, Any], state: Any) -> Iterator[str]:
    if state is None or state.entries is None:
        return
    posted = [entry.cents for entry in state.entries if entry.authorization == authorization["id"]]
    captured = authorization["attributes"]["captured_amount_cents"]
    if posted != ([-captured] if captured else []):
        yield f"{called} has {captured} captured, and its transactions are {posted}."
