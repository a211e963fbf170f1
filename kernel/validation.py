"""Checks of values from outside, and the one place that collects what they refuse.

A check takes an attribute's name and a value, and returns the value as it is stored or raises Invalid.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from kernel.refusals import Invalid, InvalidSet

Check = Callable[[str, Any], Any]

LONGEST_REASON: Final = 1000
"""Of what a person says about a change; kept in its event."""

DEEPEST_JSON: Final = 8
LARGEST_JSON: Final = 16_384
"""In bytes, so that a list of resources stays bounded too."""

LARGEST_JSON_NUMBER: Final = 2**53
"""Up to here, numbers come back from JavaScript as they went in."""

NOT_IN_JSON: Final = (
    f"can't contain NUL, half a surrogate pair, NaN, Infinity or numbers beyond {LARGEST_JSON_NUMBER}"
)

_NOT_STORABLE: Final = re.compile("[\x00\ud800-\udfff]")

CANONICAL: Final[Mapping[str, Any]] = {"sort_keys": True, "default": str}


def checked(values: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, Any]:
    """The values as they are stored. Raises Invalid for one refused value, InvalidSet for several."""
    accepted: dict[str, Any] = {}
    refusals: list[Invalid] = []
    for name, value in values.items():
        try:
            accepted[name] = checks[name](name, value)
        except Invalid as refusal:
            refusals.append(refusal)
    if len(refusals) > 1:
        raise InvalidSet(refusals)
    if refusals:
        raise refusals[0]
    return accepted


def changed_attributes(resource: object, values: Mapping[str, Any]) -> list[str]:
    """The names of those values that differ from what the resource has."""
    return [name for name, value in values.items() if _differ(getattr(resource, name), value)]


def _differ(before: object, after: object) -> bool:
    if before is after:
        return False
    # 1 == True in Python; in metadata they are two values.
    return before != after or json.dumps(before, **CANONICAL) != json.dumps(after, **CANONICAL)


def required_text(about: str, value: Any) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        raise Invalid(about, "blank", "can't be blank", value=value)
    return storable_text(about, value)


def optional_text(about: str, value: Any) -> str | None:
    """An emptied form field means the same as null."""
    return None if value is None or value == "" else storable_text(about, value)


def storable_text(about: str, value: Any, *, longest: int = 255) -> str:
    if not isinstance(value, str):
        raise Invalid(about, "not_a_string", "must be a string", value=value)
    if len(value) > longest:
        raise Invalid(about, "too_long", f"is too long (maximum is {longest} characters)", count=longest)
    if not _is_storable(value):
        raise Invalid(about, "invalid", "can't contain a NUL character or half a surrogate pair")
    return value


def boolean(about: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid(about, "inclusion", "is not included in the list", value=value)
    return value


def json_object(about: str, value: Any) -> dict[str, Any]:
    """A small object that PostgreSQL can keep and everybody can give back; null empties it."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Invalid(about, "not_an_object", "must be an object", value=value)
    # A list of what is left to look at instead of a recursion: clients choose the depth.
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        part, depth = waiting.pop()
        if isinstance(part, dict | list) and depth > DEEPEST_JSON:
            sentence = f"is nested too deeply (maximum is {DEEPEST_JSON} levels)"
            raise Invalid(about, "too_deep", sentence, count=DEEPEST_JSON)
        if isinstance(part, dict):
            waiting += [(member, depth + 1) for member in (*part.keys(), *part.values())]
        elif isinstance(part, list):
            waiting += [(member, depth + 1) for member in part]
        elif not _is_storable(part):
            raise Invalid(about, "invalid", NOT_IN_JSON)
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) > LARGEST_JSON:
        sentence = f"is too large (maximum is {LARGEST_JSON} bytes)"
        raise Invalid(about, "too_large", sentence, count=LARGEST_JSON)
    return value


def _is_storable(value: Any) -> bool:
    if isinstance(value, int | float):
        return abs(value) <= LARGEST_JSON_NUMBER  # NaN is not
    if not isinstance(value, str):
        return True
    return not _NOT_STORABLE.search(value)


RESOURCE_CHECKS: Final[Mapping[str, Check]] = {
    "reference": optional_text,
    "reference_origin": optional_text,
    "metadata": json_object,
}
"""What `kernel.models.Resource` gives to every resource."""
