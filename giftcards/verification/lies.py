"""What a verification reads, and what it says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

Row = Mapping[str, Any]
Flaw = tuple[str, int | None]
"""What is wrong, and the number of the entry or event at which it is."""


@dataclass(frozen=True, slots=True)
class Lie:
    """Something that cannot have come about by operations; `sequence` is the entry's or the event's
    number, `about` says what `subject_id` is the key of."""

    subject_id: UUID
    text: str
    sequence: int | None = None
    about: str = "Gift card"

    def __str__(self) -> str:
        at = f", number {self.sequence}" if self.sequence is not None else ""
        return f"{self.about} {self.subject_id}{at}: {self.text}."


def grouped(rows: Iterable[Row], key: str) -> dict[UUID, list[Row]]:
    """`rows` come in the order of `key`."""
    return {owner: list(group) for owner, group in groupby(rows, key=itemgetter(key))}


def flaws_in_numbers(events: Iterable[Row], mode: str) -> Iterator[Flaw]:
    """The events of one subject in the order of their numbers: none is missing, all are of its mode."""
    for expected, event in enumerate(events, start=1):
        if event["sequence"] != expected:
            yield f"expected event {expected} here", event["sequence"]
        if event["mode"] != mode:
            yield "the mode of the event is another", event["sequence"]
