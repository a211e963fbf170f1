"""A card's events: numbered, moving as the state machine allows, and telling each entry once."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from giftcards.models import Status
from giftcards.models.gift_card import legal_moves
from giftcards.operations.batches import ISSUED_IN_BATCH
from giftcards.operations.issuing import ISSUED_TOPIC
from giftcards.verification.lies import Lie, Row, flaws_in_numbers

_moves: Final = cache(legal_moves)


def lies_in_events(card: Row, entries: Sequence[Row], events: Sequence[Row]) -> Iterator[Lie]:
    for text, number in flaws_in_numbers(events, card["mode"]):
        yield Lie(card["id"], text, number)
    moves = _moves()
    status = Status.DRAFT.value
    announced = [event["data"] for event in events if event["topic"] == ISSUED_TOPIC]
    if announced not in ([], [{"id": str(card["id"])}]):  # none of cards that are older than the topic
        yield Lie(card["id"], f"{ISSUED_TOPIC} does not name it, once")
    for event in events:
        if event["topic"] == ISSUED_TOPIC:
            continue
        after = event["data"].get("status")
        if after != status and (status, after) not in moves and not _issues_at_once(event, status, after):
            text = f"{event['topic']} cannot take it from {status} to {after}"
            yield Lie(card["id"], text, event["sequence"])
        status = after
    if status != card["status"]:
        yield Lie(card["id"], f"its status is {card['status']}, its events end in {status}")
    told = [
        (
            event["data"]["entry_sequence"],
            event["data"].get("amount_cents"),
            event["data"].get("balance_cents"),
        )
        for event in events
        if "entry_sequence" in event["data"]
    ]
    if told != [(entry["sequence"], entry["amount_cents"], entry["balance_cents"]) for entry in entries]:
        yield Lie(card["id"], "its events do not tell each of its entries once, in order")


def _issues_at_once(event: Row, before: str, after: str | None) -> bool:
    """A card of a batch has no life before: one event tells of its purchase and activation."""
    return (
        event["topic"] == ISSUED_IN_BATCH
        and "batch_id" in event["data"]
        and before == Status.DRAFT
        and after in {Status.INACTIVE, Status.ACTIVE}
    )
