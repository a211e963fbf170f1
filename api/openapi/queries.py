"""The parameters of a request: what `api.query`, `api.paging` and `api.predicates` read of its address, and
its headers."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from api import fields
from api.declaration import AnyField, Declaration
from api.idempotency import HEADER
from api.matchers import MATCHERS, Kind, OperandKind, kind_of
from api.openapi.annotations import Schema
from api.openapi.values import UUID, whole
from api.paging import DEFAULT_SIZE, LARGEST_NUMBER, LARGEST_SIZE
from api.predicates import NamedAttribute, attributes_of
from api.query import DEPTH, IDENTITY, LONGEST_PREDICATE

PATTERNS: Final[Mapping[Kind, str]] = {
    Kind.NUMBER: fields.INTEGER_TEXT.pattern,
    Kind.TIME: f"(?:{fields.TIMESTAMP_TEXT.pattern})|(?:{fields.DATE_TEXT.pattern})",
    Kind.KEY: UUID["pattern"].strip("^$"),
    Kind.TRUTH: "true|false",
}
TEXT: Final[Schema] = {"type": "string"}
OBJECT: Final[Schema] = {"type": "string", "contentMediaType": "application/json"}


def _parameter(name: str, schema: Schema, about: str, *, where: str = "query", **more: Any) -> Schema:
    return {"name": name, "in": where, "description": about, "schema": schema, **more}


SHARED: Final[Mapping[str, Schema]] = {
    "id": _parameter("id", UUID, "The resource's id.", where="path", required=True),
    "page_number": _parameter(
        "page[number]",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_NUMBER, "default": 1},
        "Which page. Not together with a cursor.",
    ),
    "page_size": _parameter(
        "page[size]",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE},
        "How many resources a page has.",
    ),
    "page_after": _parameter(
        "page[after]", TEXT, "Those after this cursor: an item's `meta.page.cursor`, in the same order."
    ),
    "page_before": _parameter("page[before]", TEXT, "Those before this cursor."),
    "idempotency_key": _parameter(
        HEADER,
        {"type": "string", "pattern": "^[!-~]([ -~]{0,253}[!-~])?$"},
        "The request is done once for each key, however often it is sent: repeat it with the same key when "
        "no answer came.",
        where="header",
    ),
}
PAGING: Final = ("page_number", "page_size", "page_after", "page_before")


def parameters_of(declaration: Declaration) -> Iterator[tuple[str, Schema]]:
    """By name, what a request for resources of this type may ask for."""
    yield f"{declaration.type}_fields", _fields(declaration)
    paths = list(_include_paths(declaration, DEPTH))
    if paths:
        yield f"{declaration.type}_include", _listed("include", paths, "What is sent along, by its path.")
    orders = [sign + name for name in sorted(declaration.sortable) for sign in ("", "-")]
    about = "The order, each criterion once; `-` is descending. The newest come first unless told otherwise."
    yield f"{declaration.type}_sort", _listed("sort", orders, about, minItems=1, uniqueItems=True)
    yield f"{declaration.type}_filter", _filter(declaration)


def _listed(name: str, values: list[str], about: str, **limits: Any) -> Schema:
    schema = {"type": "array", "items": {"type": "string", "enum": values}, **limits}
    return _parameter(name, schema, about, style="form", explode=False)


def _fields(declaration: Declaration) -> Schema:
    names = [*sorted(IDENTITY), *declaration.readable, *declaration.relationships]
    about = f"Of {declaration.type}, only these attributes and relationships."
    return _listed(f"fields[{declaration.type}]", names, about)


def _include_paths(declaration: Declaration, depth: int, way: str = "") -> Iterator[str]:
    for name, each in declaration.relationships.items():
        if each.includable:
            yield way + name
            if depth > 1:
                yield from _include_paths(each.target, depth - 1, f"{way}{name}.")


# Filters.


def _filter(declaration: Declaration) -> Schema:
    about = (
        "Conditions that all must hold: `filter[q][<attribute>_<matcher>]=value`. Attributes of to-one "
        "relationships follow their name (`market_name_eq`); several are joined by `_or_`, of different "
        "kinds too where the matcher and the value suit all."
    )
    patterns = dict(_predicates(declaration))
    ways = "|".join(_longer_ways(declaration))
    if ways:
        # What lies further away is not spelled out: of transactions it would be a hundred kilobytes.
        patterns[f"^(?:{ways})_[a-z_]+_(?:{'|'.join(MATCHERS)})$"] = TEXT
    schema = {
        "type": "object",
        "propertyNames": {"maxLength": LONGEST_PREDICATE},
        "patternProperties": patterns,
        "additionalProperties": False,
    }
    return _parameter("filter[q]", schema, about, style="deepObject", explode=True)


def _predicates(declaration: Declaration) -> Iterator[tuple[str, Schema]]:
    """Patterns of predicates, and what may stand behind their equals sign. Matchers that take the same of the
    same attributes share one."""
    attributes = dict(attributes_of(declaration, depth=1))
    by_use: dict[tuple[str, str], list[str]] = defaultdict(list)
    for matcher in MATCHERS:
        by_operand: dict[str, list[str]] = defaultdict(list)
        for name, attribute in attributes.items():
            if attribute.takes(matcher):
                by_operand[json.dumps(_operand(attribute, matcher))].append(name)
        for operand, names in by_operand.items():
            by_use["|".join(names), operand].append(matcher)
    for (those, operand), matchers in by_use.items():
        yield f"^(?:{those})(?:_or_(?:{those}))*_(?:{'|'.join(matchers)})$", json.loads(operand)


def _longer_ways(declaration: Declaration) -> Iterator[str]:
    for name, each in declaration.relationships.items():
        for further, other in each.target.relationships.items():
            if not each.many and not other.many:
                yield f"{name}_{further}"


def _operand(attribute: NamedAttribute, matcher: str) -> Schema:
    if attribute.special is not None:
        return TEXT
    operand = MATCHERS[matcher].operand
    if operand is OperandKind.OBJECT:
        return OBJECT
    one = PATTERNS[Kind.TRUTH] if operand is OperandKind.BOOLEAN else None
    if operand in {OperandKind.VALUE, OperandKind.VALUES}:
        one = _pattern_of(attribute.field)
    if one is None:
        return TEXT
    several = operand is OperandKind.VALUES
    return {"type": "string", "pattern": f"^(?:{one})(?:,(?:{one}))*$" if several else whole(one)}


def _pattern_of(field: AnyField) -> str | None:
    kind = kind_of(field)
    if kind is Kind.CHOICE:
        return "|".join(re.escape(str(value)) for value in getattr(field, "choices", ()))
    return None if kind is None else PATTERNS.get(kind)
