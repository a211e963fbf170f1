"""Strict fields: a value is what the declaration says, or it is refused; nothing is guessed or cut to fit.

The official command line sends every attribute as a string (contract §1), so whole numbers and true/false are
also taken from strings; nothing else is coerced. Refusals are worded like Rails' validations, which the
contract's clients show to people. `kernel.refusals.Invalid` carries them as from an operation.
"""

import contextlib
import datetime
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn, cast
from uuid import UUID

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from kernel.refusals import Invalid
from kernel.validation import json_object

LARGEST_INTEGER: Final = 10**13
"""Amounts beyond this are refused long before JavaScript begins to lose units (2⁵³)."""

INTEGER_TEXT: Final = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
DECIMAL_TEXT: Final = re.compile(r"-?(0|[1-9][0-9]{0,18})([.][0-9]{1,18})?", re.ASCII)
TIMESTAMP_TEXT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})"
)
WITH_MICROSECONDS: Final = len("2026-03-29 01:30:00.123456+00")
DATE_TEXT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

SENTENCES: Final[Mapping[str, str]] = {
    "blank": "can't be blank",
    "equal_to": "must be equal to {count}",
    "greater_than_or_equal_to": "must be greater than or equal to {count}",
    "inclusion": "is not included in the list",
    "invalid": "is invalid",
    "less_than_or_equal_to": "must be less than or equal to {count}",
    "not_a_list": "must be a list of strings",
    "not_a_list_of_objects": "must be a list of objects",
    "not_allowed": "is not allowed",
    "not_a_number": "is not a number",
    "not_a_string": "must be a string",
    "not_an_integer": "must be an integer",
    "not_an_object": "must be an object",
    "required": "must exist",
    "too_deep": "is nested too deeply (maximum is {count} levels)",
    "too_large": "is too large (maximum is {count} bytes)",
    "too_long": "is too long (maximum is {count} characters)",
    "too_short": "is too short (minimum is {count} characters)",
}

VALIDATOR_SYMBOLS: Final[Mapping[str | None, str]] = {
    "max_length": "too_long",
    "min_length": "too_short",
    "max_value": "less_than_or_equal_to",
    "min_value": "greater_than_or_equal_to",
}
"""Django's validator codes, where the symbol is not plainly "invalid"."""


class InvalidValue(ValidationError):
    """A field refuses a value: a symbol for programs, the sentence for people, the limit if there is one.
    `at` leads to what is wrong inside of the value, and `value` is that."""

    def __init__(
        self, symbol: str, *, count: int | None = None, at: tuple[str | int, ...] = (), value: Any = None
    ) -> None:
        self.symbol = symbol
        self.message = SENTENCES[symbol].format(count=count)
        self.count = count
        self.at = at
        self.value = value
        super().__init__(self.message, code=symbol)

    def inside(self, step: str | int, value: Any) -> "InvalidValue":
        """The same refusal, as what holds the value sees it."""
        told = self.value if self.at else value
        return InvalidValue(self.symbol, count=self.count, at=(step, *self.at), value=told)


class StrictField(serializers.Field[Any, Any, Any, Any]):
    """The common behaviour: absent and null are "blank", and validators speak in the contract's sentences."""

    represents_itself = True
    """Whether the column's value is already the value on the wire, so that reading need not convert it."""

    def refuse(self, symbol: str, *, count: int | None = None) -> NoReturn:
        raise InvalidValue(symbol, count=count)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        if data is None and self.allow_null:
            return True, None
        if data is None or data is empty:
            self.refuse("blank")
        return False, data

    def run_validators(self, value: Any) -> None:
        for validator in self.validators:
            try:
                cast(Callable[[Any], None], validator)(value)
            except DjangoValidationError as error:
                symbol = VALIDATOR_SYMBOLS.get(error.code, "invalid")
                count = (error.params or {}).get("limit_value") if symbol != "invalid" else None
                raise InvalidValue(symbol, count=count) from error
            except ValidationError as error:
                raise InvalidValue("invalid") from error

    def to_representation(self, value: Any) -> Any:
        return value


class StrictInteger(StrictField, serializers.IntegerField):
    """JSON integers and whole-number strings; `1.0`, `"1e3"`, `" 5"`, `true` are no integers."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str) and INTEGER_TEXT.fullmatch(data):
            data = int(data)
        if isinstance(data, float):
            self.refuse("not_an_integer")
        if not isinstance(data, int) or isinstance(data, bool):
            self.refuse("not_a_number")
        if data > LARGEST_INTEGER:
            self.refuse("less_than_or_equal_to", count=LARGEST_INTEGER)
        if data < -LARGEST_INTEGER:
            self.refuse("greater_than_or_equal_to", count=-LARGEST_INTEGER)
        return data


class StrictDecimal(StrictField, serializers.DecimalField):
    """JSON numbers, and decimals as strings; read to the digits that were sent. Bounds and decimals are the
    domain's to say."""

    represents_itself = False

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, str) and DECIMAL_TEXT.fullmatch(data):
            return Decimal(data)
        if isinstance(data, int) and not isinstance(data, bool):
            return Decimal(data)
        if not isinstance(data, float) or not math.isfinite(data):
            self.refuse("not_a_number")
        return Decimal(repr(data))  # 7.1 for 7.1, not the binary fraction beside it

    def to_representation(self, value: Any) -> float:
        return float(value)


class StrictBoolean(StrictField, serializers.BooleanField):
    """`true`, `false`, and the two as strings; not 1, 0, "yes" or "True"."""

    TEXTS: Final = {"true": True, "false": False}

    def to_internal_value(self, data: Any) -> bool:
        value = self.TEXTS.get(data) if isinstance(data, str) else data
        if not isinstance(value, bool):
            self.refuse("inclusion")
        return value


class StrictString(StrictField, serializers.CharField):
    """Strings as they are, untrimmed. Where null is allowed, an empty string is null: forms send unset so."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        if data == "" and self.allow_null:
            return None
        if isinstance(data, str) and not data.strip() and not self.allow_blank:
            self.refuse("blank")
        return serializers.Field.run_validation(self, data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.refuse("not_a_string")
        return data


class StrictStrings(StrictField):
    """A JSON list of strings, each as it is; neither a string alone nor anything else in it."""

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or not all(isinstance(each, str) for each in data):
            self.refuse("not_a_list")
        return data


class StrictObject(StrictField):
    """A JSON object with the members that `members` declares and no others; what is absent stays absent."""

    def __init__(self, *, members: Mapping[str, "StrictField"], **kwargs: Any) -> None:
        self.members = members
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.refuse("not_an_object")
        for name, value in data.items():
            if name not in self.members:
                raise InvalidValue("not_allowed", at=(name,), value=value)
        return {
            name: _inside(name, field, data.get(name, empty))
            for name, field in self.members.items()
            if name in data or field.required
        }


class StrictObjects(StrictField):
    """A JSON list of such objects."""

    def __init__(self, *, members: Mapping[str, StrictField], **kwargs: Any) -> None:
        self.each = StrictObject(members=members)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        if not isinstance(data, list):
            self.refuse("not_a_list_of_objects")
        return [_inside(index, self.each, each) for index, each in enumerate(data)]


def _inside(step: str | int, field: StrictField, value: Any) -> Any:
    try:
        return field.run_validation(value)
    except InvalidValue as refusal:
        raise refusal.inside(step, None if value is empty else value) from refusal


class Email(StrictString, serializers.EmailField):
    """An e-mail address."""


class Url(StrictString, serializers.URLField):
    """An absolute http or https address; nothing else may reach a page that shows it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 2048)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text and not text.lower().startswith(("http://", "https://")):
            self.refuse("invalid")
        return text

    def run_validators(self, value: Any) -> None:
        if value:
            super().run_validators(value)


class CurrencyCode(StrictString):
    """Three capital letters; whether the currency exists is the domain's to say."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not re.fullmatch(r"[A-Z]{3}", text):
            self.refuse("invalid")
        return text


class StrictChoice(StrictField, serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> Any:
        if data == "" and self.allow_blank:
            return ""
        if not isinstance(data, str) or data not in self.choices:
            self.refuse("inclusion")
        return data


class Uuid(StrictField, serializers.UUIDField):
    represents_itself = False

    def to_internal_value(self, data: Any) -> UUID:
        value = uuid_or_none(data)
        if value is None:
            self.refuse("invalid")
        return value

    def to_representation(self, value: Any) -> str:
        return str(value)


class Timestamp(StrictField, serializers.DateTimeField):
    """ISO 8601 with an offset, written back as `YYYY-MM-DDTHH:MM:SS.mmmZ` (contract §2).

    With `allow_date`, `YYYY-MM-DD` is taken too and handed on as a `datetime.date`: what a day without a time
    means is a rule of the domain.
    """

    represents_itself = False

    def __init__(self, *, allow_date: bool = False, **kwargs: Any) -> None:
        self.allow_date = allow_date
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        text = data if isinstance(data, str) else ""
        with contextlib.suppress(ValueError, OverflowError):
            if self.allow_date and DATE_TEXT.fullmatch(text):
                return datetime.date.fromisoformat(text)
            if TIMESTAMP_TEXT.fullmatch(text):
                return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
        return self.refuse("invalid")

    def to_representation(self, value: Any) -> str:
        return timestamp_text(value)


class Metadata(StrictField, serializers.JSONField):
    """A JSON object, never null; the domain says how large and deep, and what it may hold."""

    def run_validation(self, data: Any = empty) -> Any:
        return {} if data is None else super().run_validation(data)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        try:
            return json_object("metadata", data)
        except Invalid as refusal:
            self.refuse(refusal.error, count=refusal.count)


def timestamp_text(value: datetime.datetime) -> str:
    return value.astimezone(datetime.UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def timestamp_as_stored(text: str) -> str:
    """The same of a timestamp as PostgreSQL writes it: without an object between, it takes a tenth of the
    time."""
    if text[10] != " " or text[-3:] != "+00":  # no year of four digits, or another time zone
        return timestamp_text(datetime.datetime.fromisoformat(text))
    if len(text) == WITH_MICROSECONDS:
        return f"{text[:10]}T{text[11:23]}Z"
    return f"{text[:10]}T{text[11:19]}.{text[20:-3] + '000':.3}Z"


def uuid_or_none(text: object) -> UUID | None:
    """The UUID in its one canonical spelling; `UUID()` itself also takes braces, URNs and missing hyphens."""
    if not isinstance(text, str) or len(text) != 36:
        return None
    try:
        value = UUID(text)
    except ValueError:
        return None
    return value if str(value) == text.lower() else None
