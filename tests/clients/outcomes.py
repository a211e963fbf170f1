"""What came of a scenario's steps with the SDK, as briefly as a test can look at it."""

from typing import Any, NamedTuple


class Refused(NamedTuple):
    status: int
    code: str
    source: str | None = None
    """The pointer or the parameter."""


def told(outcomes: dict[str, Any], *attributes: str) -> dict[str, Any]:
    """Of each step these attributes of its answer, or how it was refused."""
    return {step: _told(outcome, attributes) for step, outcome in outcomes.items()}


def _told(outcome: dict[str, Any], attributes: tuple[str, ...]) -> Any:
    if "refused" in outcome:
        error = outcome["error"]
        assert error["status"] == str(outcome["refused"])
        return Refused(outcome["refused"], error["code"], *error.get("source", {}).values())
    answer = outcome["answer"]
    if isinstance(answer, dict) and "items" in answer:
        return [tuple(item[name] for name in attributes) for item in answer["items"]]
    return tuple(answer[name] for name in attributes) if isinstance(answer, dict) else answer
