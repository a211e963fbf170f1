"""What a predicate names, `<attribute>(_or_<attribute>)*_<matcher>`, and what its operand means to that.

Attributes may go through to-one relationships: `market_name_eq` is the market's name. Operands are read by
the very field that the serializer declares, so an attribute has one notion of what it may be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, NamedTuple, cast

import orjson
from django.utils import timezone

from api.declaration import AnyField, Declaration, Relationship
from api.fields import Metadata, StrictBoolean, StrictString, Timestamp, Uuid
from api.matchers import (
    AS_AN_ARRAY,
    MATCHERS,
    AttributeFilter,
    Column,
    Kind,
    Matcher,
    Operand,
    OperandKind,
    kind_of,
)
from api.query import DEPTH


@dataclass(frozen=True, slots=True)
class NamedAttribute:
    """An attribute that a predicate names, and the relationships (ORM path, declaration) that lead to it."""

    declaration: Declaration
    attribute: str
    prefix: str = ""
    way: tuple[tuple[str, Declaration], ...] = ()

    @property
    def special(self) -> AttributeFilter | None:
        return self.declaration.filterable[self.attribute]

    @property
    def column(self) -> Column:
        return Column(self.prefix + self.declaration.column_of(self.attribute), kind_of(self.field))

    @property
    def field(self) -> AnyField:
        return Uuid() if self.attribute == "id" else self.declaration.fields[self.attribute]

    def read(self, matcher: str, text: str) -> Operand:
        """Raises ValueError or ValidationError for what is no value of this attribute."""
        if self.special is not None:
            return self.special.read(matcher, text)
        return _operand(MATCHERS[matcher], self.field, text)

    def compared(self, matcher: str, operand: Operand) -> int:
        """How much there is to compare, as `filtering.MOST_COMPARED` counts it."""
        number = len(operand.values) or 1
        is_array = matcher in AS_AN_ARRAY and kind_of(self.field) is not Kind.TIME
        return -(-number // 10) if is_array else number

    def takes(self, matcher: str) -> bool:
        """Whether the matcher makes sense for the attribute's type."""
        if self.special is not None:
            return matcher in self.special.matchers
        return kind_of(self.field) in MATCHERS[matcher].kinds


class Predicate(NamedTuple):
    """A matcher, and the attributes of which any may match."""

    matcher: str
    attributes: tuple[NamedAttribute, ...]


@lru_cache(maxsize=1024)
def read_predicate(text: str, declaration: Declaration) -> Predicate | None:
    """The matcher and what it is about; the longest wins: `a_not_eq` is `a` and `not_eq`, not `a_not`."""
    fitting = (name for name in MATCHERS if text.endswith(f"_{name}"))
    for matcher in sorted(fitting, key=len, reverse=True):
        names = text[: -len(matcher) - 1].split("_or_")
        found = [_attribute(name, NamedAttribute(declaration, ""), DEPTH) for name in names]
        attributes = tuple(each for each in found if each and each.takes(matcher))
        if len(attributes) == len(names):
            return Predicate(matcher, attributes)
    return None


def _attribute(name: str, at: NamedAttribute, depth: int) -> NamedAttribute | None:
    """`market_name` is the attribute `market_name`, or else `name` of the relationship `market`."""
    declaration = at.declaration
    if name in declaration.filterable:
        return NamedAttribute(declaration, name, at.prefix, at.way)
    for relationship in declaration.relationships.values():
        if depth and not relationship.many and name.startswith(f"{relationship.name}_"):
            step = _step(relationship, at)
            found = _attribute(name[len(relationship.name) + 1 :], step, depth - 1)
            if found:
                return found
    return None


def attributes_of(declaration: Declaration, *, depth: int = DEPTH) -> Iterator[tuple[str, NamedAttribute]]:
    """Every attribute that a predicate may name: its own, and those that so many to-one relationships lead
    to."""
    return _attributes(NamedAttribute(declaration, ""), "", depth)


def _attributes(at: NamedAttribute, way: str, depth: int) -> Iterator[tuple[str, NamedAttribute]]:
    for name in at.declaration.filterable:
        yield way + name, NamedAttribute(at.declaration, name, at.prefix, at.way)
    for relationship in at.declaration.relationships.values():
        if depth and not relationship.many:
            yield from _attributes(_step(relationship, at), f"{way}{relationship.name}_", depth - 1)


def _step(relationship: Relationship, at: NamedAttribute) -> NamedAttribute:
    prefix = at.prefix + relationship.path
    if relationship.is_same_row:
        return NamedAttribute(relationship.target, "", prefix, at.way)
    way = (at.prefix + relationship.source, relationship.target)
    return NamedAttribute(relationship.target, "", prefix, (*at.way, way))


def _operand(matcher: Matcher, field: AnyField, text: str) -> Operand:
    if matcher.operand is OperandKind.BOOLEAN:
        return Operand((), bool(StrictBoolean().run_validation(text)))
    if matcher.operand is OperandKind.TEXT:
        return Operand((text,))
    if matcher.operand is OperandKind.TEXTS:
        return Operand(tuple(text.split(",")))
    if matcher.operand is OperandKind.OBJECT:
        return Operand((Metadata().to_internal_value(orjson.loads(text)),))
    if matcher.operand is OperandKind.VALUES:
        return Operand(tuple(_value(field, item) for item in text.split(",")))
    return Operand((_value(field, text),))


def _value(field: AnyField, text: str) -> Any:
    """One value of the attribute's type; its limits say what may be stored, not what may be asked for."""
    if isinstance(field, StrictString):
        return text
    if isinstance(field, Timestamp):
        field = Timestamp(allow_date=True)
    value = cast(Any, field).to_internal_value(text)
    if isinstance(value, date) and not isinstance(value, datetime):
        return timezone.make_aware(datetime.combine(value, time.min))
    return value
