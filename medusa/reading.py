"""Reading what was sent, with the checks and the sentences of Medusa's validators: what nobody knows first,
then each field in its order; all of it in one message."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from django.http import HttpRequest, QueryDict

from api.parsers import parse_json
from medusa.answers import InvalidData

WHOLE_NUMBER: Final = re.compile(r"\s*[+-]?[0-9]{1,15}\s*")
ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2}([T ].+)?)?")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Field:
    """`must` completes the sentence "<name> must …"; `read` raises ValueError or TypeError for what doesn't.
    Where a null is skipped, it counts as not sent."""

    name: str
    must: str
    read: Callable[[Any], Any]
    required: bool = False
    skips_null: bool = False


def fields_of(given: Mapping[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
    """What was sent, read, by name. Raises InvalidData."""
    known = {field.name for field in fields}
    wrong = [f"property {name} should not exist" for name in given if name not in known]
    read: dict[str, Any] = {}
    for field in fields:
        value = given.get(field.name)
        if field.name not in given or (value is None and field.skips_null):
            if field.required:
                wrong.append(f"{field.name} must {field.must}")
            continue
        try:
            read[field.name] = field.read(value)
        except (ValueError, TypeError, KeyError):
            wrong.append(f"{field.name} must {field.must}")
    if wrong:
        raise InvalidData(", ".join(wrong))
    return read


def body_of(request: HttpRequest) -> dict[str, Any]:
    """A JSON object, whatever its media type is said to be; nothing at all is an empty one."""
    given = parse_json(request.body) if request.body.strip() else {}
    if not isinstance(given, dict):
        raise InvalidData("The request's body must be a JSON object")
    return given


def query_of(parameters: QueryDict) -> dict[str, Any]:
    """Each parameter's text; a list if there are several. `a[b]` belongs to `a`, and is no text."""
    given: dict[str, Any] = {}
    for key, values in parameters.lists():
        name, bracket, _ = key.partition("[")
        given[name] = values[0] if len(values) == 1 and not bracket and name not in given else [*values]
    return given


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def integer(value: Any) -> int:
    """JavaScript knows one kind of number: 10.0 is 10."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise ValueError
    return int(value)


def whole_number(value: Any) -> int:
    """In a query, where everything is text."""
    if not isinstance(value, str) or not WHOLE_NUMBER.fullmatch(value):
        raise ValueError
    return int(value)


def truth(value: Any) -> bool | None:
    """In a query; what JavaScript writes for nothing is nothing."""
    return {"true": True, "false": False, "null": None, "undefined": None}[text(value).lower()]


def texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise TypeError
    return value


def one_or_several(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else texts(value)


def json_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def date(value: Any) -> datetime | None:
    """What `new Date(value)` makes of it, of the forms that standards have: ISO 8601, RFC 2822 or
    milliseconds since 1970. Without a zone it is UTC, a day begins at its midnight; null is no date."""
    if value is None:
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return EPOCH + timedelta(milliseconds=value)
        written = text(value).strip()
        moment = _iso(written) if ISO.fullmatch(written) else parsedate_to_datetime(written)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError as cause:
        raise ValueError from cause


def _iso(written: str) -> datetime:
    return datetime.fromisoformat(f"{written}-01" if len(written) == len("2030-01") else written)
