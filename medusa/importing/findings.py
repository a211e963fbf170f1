"""What a person has to know before and after an import. Cards are named by Medusa's ids, never by codes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Kind(StrEnum):
    ODDITY = "oddity"
    """It is imported, and not as a matter of course."""
    CHANGE = "change"
    """In Medusa it is not as it was when it was imported."""
    PROBLEM = "problem"
    """It can't be imported."""
    DIFFERENCE = "difference"
    """It has been imported, and is not the same here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` is a region, a card, an order; `sentence` goes on where its name ends."""

    kind: Kind
    about: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.kind.capitalize()}: {self.about} {self.sentence}."


Tell: TypeAlias = Callable[[Finding], None]


@dataclass(slots=True)
class Tally:
    """Of one region. Amounts are minor units of its currency. Each card is here already, is new, or can't be
    imported; a card that is worth nothing, and was never worth anything, is left out."""

    cards: int = 0
    here: int = 0
    new: int = 0
    left_out: int = 0
    impossible: int = 0
    medusa_cents: int = 0
    here_before_cents: int = 0
    here_after_cents: int = 0


@dataclass(slots=True)
class Report:
    applied: bool
    followed: bool
    tallies: dict[str, Tally] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))

    @property
    def is_clean(self) -> bool:
        """Whether what is owed here is, or would be, what Medusa owes, card by card."""
        refused = self.counts[Kind.PROBLEM] + self.counts[Kind.DIFFERENCE]
        return not refused and (self.followed or not self.counts[Kind.CHANGE])
