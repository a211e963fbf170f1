"""What a verification reads, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lie:
    """Something that cannot have come about by operations; `sequence` is the entry's or the event's
    number."""

    card_id: UUID
    text: str
    sequence: int | None = None

    def __str__(self) -> str:
        at = f", number {self.sequence}" if self.sequence is not None else ""
        return f"Gift card {self.card_id}{at}: {self.text}."
