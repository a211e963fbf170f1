"""One scenario after the other, and a line about each."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from giftcards.torture.attack import Attack, Stopped
from giftcards.torture.reading import Reader, Unreadable
from giftcards.torture.records import ACKNOWLEDGED, REFUSED, UNKNOWN, Evidence, counted
from giftcards.torture.requests import AUTHORIZATIONS, PAYMENTS, REFUNDS, TRANSACTIONS
from giftcards.torture.scenarios import SCENARIOS, Scenario
from giftcards.torture.verdict import findings

OPTIONAL: Final = (TRANSACTIONS, AUTHORIZATIONS, REFUNDS, PAYMENTS)
HOLDS, FAILED, OPEN, ABSENT = "holds", "FAILED", "NOT CHECKED", "left out"


@dataclass(frozen=True, slots=True)
class Result:
    scenario: str
    verdict: str
    numbers: str
    sentences: Sequence[str]
    """What is wrong, or why nothing can be said."""

    @property
    def good(self) -> bool:
        return self.verdict in {HOLDS, ABSENT}


def optional_resources(reader: Reader) -> frozenset[str]:
    """Raises Unreadable."""
    return frozenset(filter(reader.knows, OPTIONAL))


def attack(of: Attack, chosen: Sequence[str], *, rounds: int, seconds: float | None) -> Iterator[Result]:
    """Of each scenario, at most `rounds`, or as many as begin within `seconds`. Raises CannotAttack."""
    for name in chosen:
        scenario = SCENARIOS[name]
        lacking = sorted(set(scenario.needs) - of.has)
        if lacking:
            yield Result(name, ABSENT, f"the deployment has no {' and no '.join(lacking)}", [])
            continue
        began = time.monotonic()
        interrupted = _play(of, scenario, rounds=rounds, seconds=seconds)
        took = f", {time.monotonic() - began:.1f} s"
        with of.reader() as reader:
            yield judged(of.log.evidence, name, reader, interrupted=interrupted, took=took)
        if interrupted:
            return


def _play(of: Attack, scenario: Scenario, *, rounds: int, seconds: float | None) -> str | None:
    """Why it ended early."""
    began = time.monotonic()
    for number in range(1, rounds + 1):
        if number > 1 and seconds is not None and time.monotonic() - began > seconds:
            break
        try:
            scenario.play(of, number)
        except Stopped as stopped:
            return str(stopped)
    return None


def check(evidence: Evidence, reader: Reader) -> Iterator[Result]:
    """An old log against what the deployment holds now."""
    for name in SCENARIOS:
        if evidence.of_scenario(name):
            yield judged(evidence, name, reader)


def judged(
    evidence: Evidence, name: str, reader: Reader, *, interrupted: str | None = None, took: str = ""
) -> Result:
    stories = evidence.of_scenario(name)
    told = ", ".join(f"{counted(stories, outcome)} {outcome}" for outcome in (ACKNOWLEDGED, REFUSED, UNKNOWN))
    numbers = f"{sum(story.sent for story in stories)} requests for {len(stories)} changes: {told}{took}"
    try:
        wrong = findings(evidence, name, reader)
    except Unreadable as unreadable:
        return Result(name, OPEN, numbers, [str(unreadable)])
    if wrong:
        return Result(name, FAILED, numbers, wrong)
    if interrupted:
        return Result(name, OPEN, numbers, [f"Ended early: {interrupted}. What was sent so far holds."])
    return Result(name, HOLDS, numbers, [])
