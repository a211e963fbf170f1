"""From a Python annotation to the JSON Schema of what it is on the wire: what a function says that it
returns is what an attribute computed by it holds, and the type checker has seen to it."""

from collections.abc import Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, TypeAlias, Union, get_args, get_origin, get_type_hints, is_typeddict

Schema: TypeAlias = dict[str, Any]

PLAIN: Final[Mapping[Any, Schema]] = {
    Any: {},
    NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    list: {"type": "array"},
    dict: {"type": "object"},
}


def returned_by(function: Any) -> Any:
    """The annotation of what a function returns; None where it says nothing."""
    try:
        return get_type_hints(function).get("return")
    except TypeError:  # a class, or something else that is called without being a function
        return None


def schema_of(annotation: Any) -> Schema:
    """Raises TypeError for what is no value of JSON."""
    if annotation is None or annotation in PLAIN:
        return dict(PLAIN[NoneType if annotation is None else annotation])
    if is_typeddict(annotation):
        return _object_of(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {"type": "string", "enum": [str(each.value) for each in annotation]}
    origin, of = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        return one_of(*map(schema_of, of))
    if origin is list:
        return {"type": "array", "items": schema_of(of[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(of[1])}
    raise TypeError(f"{annotation!r} is no type of JSON values.")


def one_of(*schemas: Schema) -> Schema:
    """Any of these; a plain type takes null along in its own list of types."""
    different = [each for place, each in enumerate(schemas) if each not in schemas[:place]]
    null = PLAIN[NoneType]
    others = [each for each in different if each != null]
    if len(others) < len(different) and len(others) == 1 and isinstance(others[0].get("type"), str):
        (only,) = others
        enumerated = {"enum": [*only["enum"], None]} if "enum" in only else {}
        return {**only, "type": [only["type"], "null"], **enumerated}
    return different[0] if len(different) == 1 else {"anyOf": different}


def nullable(schema: Schema) -> Schema:
    return one_of(schema, dict(PLAIN[NoneType]))


def _object_of(annotation: Any) -> Schema:
    members = get_type_hints(annotation)
    return {
        "type": "object",
        "properties": {name: schema_of(each) for name, each in members.items()},
        "required": [name for name in members if name in annotation.__required_keys__],
    }
