"""What happened to one thing, newest first, as the page about it shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from events.models import Event
from events.queries import timeline

LATEST: Final = 100
"""How many rows a page shows; the lists of events and of ledger entries have all of them."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One row. Amounts are worded already; `sign` colours them."""

    at: datetime
    what: str
    actor: str
    reason: str = ""
    detail: str = ""
    amount: str = ""
    sign: int = 0
    balance: str = ""
    reference: str = ""
    order_number: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    happenings: Sequence[Happening]
    is_cut: bool
    has_money: bool = False


def history(subject_id: UUID) -> Timeline:
    events = latest_events(subject_id)
    return Timeline([happening_of(event) for event in events[:LATEST]], is_cut=len(events) > LATEST)


def latest_events(subject_id: UUID) -> list[Event]:
    """One more than a page shows, so that it can say whether there are more."""
    return list(timeline(subject_id).reverse()[: LATEST + 1])


def happening_of(event: Event) -> Happening:
    return Happening(
        at=event.created_at,
        what=verb_of(event),
        actor=event.actor_name,
        reason=event.reason,
        detail=", ".join(str(name) for name in event.data.get("changed", ())),
    )


def verb_of(event: Event) -> str:
    return event.topic.rpartition(".")[2].replace("_", " ").capitalize()
