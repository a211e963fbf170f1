"""What is asked of a deployment, and what came of it. All of it is read back from the log, so that a verdict
on an attack and the check of its log years later are the same computation."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

ACKNOWLEDGED: Final = "acknowledged"
REFUSED: Final = "refused"
UNKNOWN: Final = "unknown"

AGAIN: Final = frozenset({408, 425, 429, 502, 503, 504})
"""Statuses that say "try again" and not what has become of the request; so does a 409 with Retry-After."""

ANSWER_GONE: Final = "IDEMPOTENT_ANSWER_GONE"
"""A 409 that says: it is done, and the answer can't be shown again."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write. Its `name` is the Idempotency-Key of every request that asks for it, and the reference or
    the reason that its entries carry. `cents` are minor units, never negative; `about` is the id of the
    authorization, payment or transaction that the verb is done to."""

    name: str
    scenario: str
    verb: str
    cards: tuple[str, ...] = ()
    cents: int | None = None
    about: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "change": self.name,
            "scenario": self.scenario,
            "verb": self.verb,
            "cards": list(self.cards),
            "cents": self.cents,
            "about": self.about,
        }

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> "Change":
        return cls(
            name=line["change"],
            scenario=line["scenario"],
            verb=line["verb"],
            cards=tuple(line["cards"]),
            cents=line["cents"],
            about=line["about"],
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one request came to: a status, or None if the connection ended first."""

    status: int | None
    again: bool = False
    made: str | None = None
    """The id in the answer's document."""
    error: str | None = None

    @property
    def outcome(self) -> str:
        if ANSWER_GONE in (self.error or ""):
            return ACKNOWLEDGED
        if self.status is None or self.again or self.status >= 500:
            return UNKNOWN
        return ACKNOWLEDGED if self.status < 300 else REFUSED


@dataclass(slots=True)
class Story:
    """A change and its attempts. One that was sent and never answered, because the attacker itself was
    killed, counts as lost."""

    change: Change
    sent: int = 0
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        """A request that was lost may still arrive after a later one was refused: that is unknown, too."""
        outcomes = {attempt.outcome for attempt in self.attempts}
        if ACKNOWLEDGED in outcomes:
            return ACKNOWLEDGED
        return REFUSED if outcomes == {REFUSED} and len(self.attempts) >= self.sent else UNKNOWN

    @property
    def made(self) -> str | None:
        """The id of what it made, once it is known."""
        return next((each.made for each in self.attempts if each.outcome == ACKNOWLEDGED), None)


@dataclass(frozen=True, slots=True)
class Card:
    """A card that was attacked, with the balance it had before."""

    id: str
    scenario: str
    start_cents: int


@dataclass(slots=True)
class Evidence:
    """A whole log. `findings` are what was noticed while it was written, by scenario."""

    run: str
    url: str
    cards: list[Card] = field(default_factory=list)
    stories: dict[str, Story] = field(default_factory=dict)
    findings: list[tuple[str, str]] = field(default_factory=list)

    def of_scenario(self, scenario: str) -> list[Story]:
        return [story for story in self.stories.values() if story.change.scenario == scenario]


def by_card(stories: Iterable[Story]) -> dict[str, list[Story]]:
    found: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        for card_id in story.change.cards:
            found[card_id].append(story)
    return found


def with_verb(stories: Iterable[Story], *verbs: str) -> list[Story]:
    return [story for story in stories if story.change.verb in verbs]


def counted(stories: Iterable[Story], outcome: str) -> int:
    return sum(story.outcome == outcome for story in stories)
