"""An attribute's JSON Schemas: what a request may hold, which the strict fields are generous about (contract
§1), and what an answer holds."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.core.validators import RegexValidator
from django.db.models import Field as Column

from api import fields
from api.computed import BatchField, ComputedField
from api.declaration import AnyField, Declaration
from api.openapi.annotations import Schema, nullable, one_of, returned_by, schema_of

NOT_BLANK: Final = r"\S"
UUID: Final[Schema] = {
    "type": "string",
    "format": "uuid",
    "pattern": "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
}
MOMENT: Final[Schema] = {
    "type": "string",
    "format": "date-time",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z$",
}


def whole(pattern: re.Pattern[str] | str) -> str:
    """A pattern that must match the whole text."""
    text = pattern if isinstance(pattern, str) else pattern.pattern
    return f"^(?:{text})$"


# What a request may hold.


def accepted(field: AnyField) -> Schema:
    if isinstance(field, ComputedField | BatchField) and field.write is not None:
        return accepted(field.write)
    for kinds, make in ACCEPTED:
        if isinstance(field, kinds):
            return _with_nothing(field, make(field))
    raise ImproperlyConfigured(f"{field.field_name}: nobody has said which JSON a {type(field).__name__} is.")


def _with_nothing(field: Any, schema: Schema) -> Schema:
    """What stands for no value: null, and in a text that may be null the empty one as well."""
    nothing: list[Any] = []
    if isinstance(field, fields.StrictString | fields.StrictChoice) and field.allow_blank:
        nothing = [""]
    if field.allow_null:
        nothing = ["", None] if isinstance(field, fields.StrictString) else [*nothing, None]
    if nothing == [None]:
        return nullable(schema)
    return one_of(schema, {"enum": nothing}) if nothing else schema


def _integer(field: Any) -> Schema:
    least, most = -fields.LARGEST_INTEGER, fields.LARGEST_INTEGER
    numbers = {
        "type": "integer",
        "minimum": least if field.min_value is None else max(field.min_value, least),
        "maximum": most if field.max_value is None else min(field.max_value, most),
    }
    return one_of(numbers, {"type": "string", "pattern": whole(fields.INTEGER_TEXT)})


def _decimal(_field: Any) -> Schema:
    return one_of({"type": "number"}, {"type": "string", "pattern": whole(fields.DECIMAL_TEXT)})


def _string(field: Any) -> Schema:
    schema: Schema = {"type": "string"}
    if field.min_length:
        schema["minLength"] = field.min_length
    if field.max_length:
        schema["maxLength"] = field.max_length
    regexes = [re.compile(each.regex).pattern for each in field.validators if type(each) is RegexValidator]
    pattern = regexes[0] if regexes else None if field.allow_blank else NOT_BLANK
    return schema | ({"pattern": pattern} if pattern else {})


def _timestamp(field: Any) -> Schema:
    dates = f"|{fields.DATE_TEXT.pattern}" if field.allow_date else ""
    return {"type": "string", "pattern": whole(fields.TIMESTAMP_TEXT.pattern + dates)}


def _choice(field: Any) -> Schema:
    return {"type": "string", "enum": list(field.choices)}


def _object(members: Mapping[str, Any]) -> Schema:
    """Of which only the declared members are taken."""
    required = [name for name, field in members.items() if field.required]
    schema: Schema = {
        "type": "object",
        "properties": {name: accepted(field) for name, field in members.items()},
        "additionalProperties": False,
    }
    return schema | ({"required": required} if required else {})


ACCEPTED: Final[tuple[tuple[Any, Callable[[Any], Schema]], ...]] = (
    (fields.StrictInteger, _integer),
    (fields.StrictDecimal, _decimal),
    (fields.StrictBoolean, lambda _: {"enum": [True, False, "true", "false"]}),
    (fields.Email, lambda field: _string(field) | {"format": "email"}),
    (fields.Url, lambda field: _string(field) | {"format": "uri", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"}),
    (fields.CurrencyCode, lambda field: {"type": "string", "pattern": "^[A-Z]{3}$"}),
    (fields.StrictString, _string),
    (fields.StrictStrings, lambda _: {"type": "array", "items": {"type": "string"}}),
    (fields.StrictObject, lambda field: _object(field.members)),
    (fields.StrictObjects, lambda field: {"type": "array", "items": _object(field.each.members)}),
    (fields.StrictChoice, _choice),
    (fields.Uuid, lambda _: UUID),
    (fields.Timestamp, _timestamp),
    (fields.Metadata, lambda _: {"type": ["object", "null"]}),
)


# What an answer holds.

SHOWN: Final[Mapping[Any, Schema]] = {
    fields.StrictInteger: {"type": "integer"},
    fields.StrictDecimal: {"type": "number"},
    fields.StrictBoolean: {"type": "boolean"},
    fields.CurrencyCode: {"type": "string", "pattern": "^[A-Z]{3}$"},
    fields.StrictString: {"type": "string"},
    fields.StrictStrings: {"type": "array", "items": {"type": "string"}},
    fields.StrictChoice: {"type": "string"},
    fields.Uuid: UUID,
    fields.Timestamp: MOMENT,
    fields.Metadata: {"type": "object"},
}


def shown(declaration: Declaration, name: str) -> Schema:
    field = declaration.fields[name]
    if isinstance(field, ComputedField | BatchField):
        return _computed(declaration, name, field)
    schema = next((dict(each) for kinds, each in SHOWN.items() if isinstance(field, kinds)), None)
    if schema is None:
        raise ImproperlyConfigured(f"{declaration.type}: nobody has said which JSON {name!r} is.")
    columns = _columns(declaration, str(field.source))
    choices = columns[-1].choices if columns else None
    if choices:
        schema["enum"] = [value for value, _label in columns[-1].flatchoices]
    may_be_null = any(column.null for column in columns) if columns else field.allow_null
    return nullable(schema) if may_be_null else schema


def _columns(declaration: Declaration, source: str) -> list["Column[Any, Any]"]:
    """The columns on the way of a source; none where it is no way of columns."""
    model: Any = declaration.model
    columns = []
    for step in source.split("."):
        try:
            column = model._meta.get_field(step)
        except FieldDoesNotExist:
            return []
        columns.append(column)
        model = column.related_model
    return columns


def _computed(declaration: Declaration, name: str, field: ComputedField | BatchField) -> Schema:
    annotation = field.returns
    if annotation is None:
        annotation = _loaded_by(field) if field.compute is None else returned_by(field.compute)
    if annotation is None:
        raise ImproperlyConfigured(f"{declaration.type}: {name!r} must say what it `returns`.")
    schema = schema_of(annotation)
    may_be_missing = isinstance(field, BatchField) and field.missing() is None
    return nullable(schema) if may_be_missing else schema


def _loaded_by(field: Any) -> Any:
    """What stands in the mapping that `load` returns, by key."""
    mapping = returned_by(field.load)
    return getattr(mapping, "__args__", (None, None))[1]
