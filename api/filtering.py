"""`filter[q][<attribute>(_or_<attribute>)*_<matcher>]=value` becomes a condition (contract §6).

Attributes may go through to-one relationships: `market_name_eq` is the market's name. Values are read by the
very field that the serializer declares, so an attribute has one notion of what it may be. Rows of another
mode or market never match: what is filtered comes from `visible_to`, and so does what a restricted caller
filters through.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache, reduce
from itertools import islice
from operator import or_
from typing import Any, Final, TypeAlias, cast

import orjson
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend  # type: ignore[import-untyped]
from rest_framework.exceptions import ValidationError

from api.bind_parameters import BindParameter
from api.declaration import AnyField, Declaration, Relationship
from api.errors import brief
from api.fields import Metadata, StrictBoolean, StrictString, Timestamp, Uuid
from api.matchers import (
    AS_AN_ARRAY,
    MATCHERS,
    Asked,
    AttributeFilter,
    Column,
    Kind,
    Matcher,
    Operand,
    Shape,
    kind_of,
)
from api.query import DEPTH, refuse
from api.shapes import Narrowing
from kernel.caller import Caller

MOST_COMPARED: Final = 100
"""Values of all filters of a request together, ten of an array counted as one. Each number of them makes
another statement, which is compiled here, planned by PostgreSQL and kept by both."""

PATTERNS: Final = frozenset({Operand.TEXT, Operand.TEXTS})
OF_NOTHING: Final = {"null": True, "blank": True, "not_null": False, "present": False}
"""What these matchers are told when they shall find what has no value."""


@dataclass(frozen=True, slots=True)
class Target:
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

    def read(self, matcher: str, text: str) -> Asked:
        """Raises ValueError or ValidationError for what is no value of this attribute."""
        if self.special is not None:
            return self.special.read(matcher, text)
        return _asked(MATCHERS[matcher], self.field, text)

    def compared(self, matcher: str, asked: Asked) -> int:
        """How much there is to compare, as MOST_COMPARED counts it."""
        number = len(asked.values) or 1
        is_array = matcher in AS_AN_ARRAY and kind_of(self.field) is not Kind.TIME
        return -(-number // 10) if is_array else number

    def takes(self, matcher: str) -> bool:
        """Whether the matcher makes sense for the attribute's type."""
        if self.special is not None:
            return matcher in self.special.matchers
        return kind_of(self.field) in MATCHERS[matcher].kinds


@dataclass(frozen=True, slots=True)
class Search(Narrowing):
    """All conditions of a request, each by its predicate and the shapes of what is asked of its attributes,
    and the values of one after the other."""

    is_a_search = True

    declaration: Declaration
    conditions: tuple[tuple[str, tuple[Shape, ...]], ...]

    def narrowed(
        self, rows: QuerySet[Any], parameters: Sequence[BindParameter], caller: Caller
    ) -> QuerySet[Any]:
        remaining = iter(parameters)
        for predicate, shapes in self.conditions:
            rows = rows.filter(_condition(predicate, shapes, remaining, self.declaration, caller))
        return rows


Understood: TypeAlias = tuple[str, tuple[Target, ...]]
"""A matcher, and the attributes that it is about."""


class ResourceFilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """django-filter's backend for views, fed by a resource's predicates instead of by a FilterSet. What it
    filters is a Selection: which rows are asked for, before anything is asked of the database."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        predicates = view.query.predicates
        if not predicates:
            return queryset
        search = search_for(predicates, view.target)
        for special, matcher, text in specials(predicates, view.target):
            special.admit(matcher, text, request, view.credential)
        return queryset.narrowed_by(search)


def search_for(predicates: Iterable[tuple[str, str]], declaration: Declaration) -> Search:
    """Refuses what is no filter of this declaration, values that it can't be compared with, and too many."""
    read = [(predicate, _read(predicate, text, declaration)) for predicate, text in predicates]
    _refuse_too_many(read, declaration)
    return Search(
        tuple(value for _, asked in read for each in asked for value in each.values),
        declaration,
        tuple((predicate, tuple(each.shape for each in asked)) for predicate, asked in read),
    )


def specials(
    predicates: Iterable[tuple[str, str]], declaration: Declaration
) -> Iterator[tuple[AttributeFilter, str, str]]:
    """The attributes that bring matchers of their own, each with the matcher and what stands behind it."""
    for predicate, text in predicates:
        matcher, targets = cast(Understood, read_predicate(predicate, declaration))
        yield from ((target.special, matcher, text) for target in targets if target.special)


def _read(predicate: str, text: str, declaration: Declaration) -> list[Asked]:
    """What the text behind the equals sign asks of each attribute that the predicate names."""
    parameter = f"filter[q][{predicate}]"
    understood = read_predicate(predicate, declaration)
    if understood is None:
        refuse("FILTER_NOT_ALLOWED", f"{brief(predicate)} is not a filter of {declaration.type}.", parameter)
    matcher, targets = understood
    with contextlib.suppress(ValueError, ValidationError):
        if "\0" not in text:  # which PostgreSQL has in no text
            return [target.read(matcher, text) for target in targets]
    return refuse("INVALID_FILTER_VALUE", f"{brief(predicate)} can't be compared with this value.", parameter)


def _refuse_too_many(read: Iterable[tuple[str, Sequence[Asked]]], declaration: Declaration) -> None:
    compared: dict[str, int] = {}
    for predicate, asked in read:
        matcher, targets = cast(Understood, read_predicate(predicate, declaration))
        compared[predicate] = sum(
            target.compared(matcher, each) for target, each in zip(targets, asked, strict=True)
        )
    if sum(compared.values()) > MOST_COMPARED:
        most = max(compared, key=lambda predicate: compared[predicate])
        detail = f"{brief(most)} and what else is searched for have more than {MOST_COMPARED} values."
        refuse("INVALID_FILTER_VALUE", detail, f"filter[q][{most}]")


def _condition(
    predicate: str,
    shapes: Iterable[Shape],
    parameters: Iterator[BindParameter],
    declaration: Declaration,
    caller: Caller,
) -> Q:
    """Of the attributes that the predicate names, any."""
    matcher, targets = cast(Understood, read_predicate(predicate, declaration))
    matches = (
        _match(target, matcher, shape, list(islice(parameters, shape.number)), caller)
        for target, shape in zip(targets, shapes, strict=True)
    )
    return reduce(or_, matches)


def searches(predicates: Iterable[tuple[str, str]], declaration: Declaration) -> tuple[str, ...]:
    """The parameters that look for a pattern; all of them, where none does."""
    understood = {predicate: read_predicate(predicate, declaration) for predicate, _ in predicates}
    patterns = [
        name for name, found in understood.items() if found and MATCHERS[found[0]].operand in PATTERNS
    ]
    return tuple(f"filter[q][{name}]" for name in patterns or understood)


@lru_cache(maxsize=1024)
def read_predicate(predicate: str, declaration: Declaration) -> Understood | None:
    """The matcher and what it is about; the longest wins: `a_not_eq` is `a` and `not_eq`, not `a_not`."""
    fitting = (name for name in MATCHERS if predicate.endswith(f"_{name}"))
    for matcher in sorted(fitting, key=len, reverse=True):
        names = predicate[: -len(matcher) - 1].split("_or_")
        found = [_target(name, Target(declaration, ""), DEPTH) for name in names]
        targets = tuple(target for target in found if target and target.takes(matcher))
        if len(targets) == len(names):
            return matcher, targets
    return None


def _target(name: str, at: Target, depth: int) -> Target | None:
    """`market_name` is the attribute `market_name`, or else `name` of the relationship `market`."""
    declaration = at.declaration
    if name in declaration.filterable:
        return Target(declaration, name, at.prefix, at.way)
    for relationship in declaration.relationships.values():
        if depth and not relationship.many and name.startswith(f"{relationship.name}_"):
            step = _step(relationship, at)
            found = _target(name[len(relationship.name) + 1 :], step, depth - 1)
            if found:
                return found
    return None


def targets_of(declaration: Declaration, *, depth: int = DEPTH) -> Iterator[tuple[str, Target]]:
    """Every attribute that a predicate may name: its own, and those that so many to-one relationships lead
    to."""
    return _targets(Target(declaration, ""), "", depth)


def _targets(at: Target, way: str, depth: int) -> Iterator[tuple[str, Target]]:
    for name in at.declaration.filterable:
        yield way + name, Target(at.declaration, name, at.prefix, at.way)
    for relationship in at.declaration.relationships.values():
        if depth and not relationship.many:
            yield from _targets(_step(relationship, at), f"{way}{relationship.name}_", depth - 1)


def _step(relationship: Relationship, at: Target) -> Target:
    prefix = at.prefix + relationship.path
    if relationship.is_same_row:
        return Target(relationship.target, "", prefix, at.way)
    way = (at.prefix + relationship.source, relationship.target)
    return Target(relationship.target, "", prefix, (*at.way, way))


def _match(
    target: Target, matcher: str, shape: Shape, parameters: Sequence[BindParameter], caller: Caller
) -> Q:
    if target.special is not None:
        matches = target.special.build(matcher, parameters, shape.form, prefix=target.prefix)
    else:
        row = MATCHERS[matcher]
        operand = {Operand.BOOLEAN: shape.form, Operand.VALUES: parameters, Operand.TEXTS: parameters}
        matches = row.build(target.column, operand[row.operand] if row.operand in operand else parameters[0])
    reach = _within_reach(target, caller)
    if reach and _finds_nothing(matcher, shape):
        return (matches & reach) | ~reach
    return matches & reach


def _finds_nothing(matcher: str, shape: Shape) -> bool:
    """Whether the matcher finds what has no value. What is beyond the caller's reach is to him no value: it
    is found as it is shown, or the difference would tell him that there is something."""
    if matcher in OF_NOTHING:
        return shape.form is OF_NOTHING[matcher]
    return matcher.endswith("_or_null")


def _within_reach(target: Target, caller: Caller) -> Q:
    reach = Q()
    if caller.market_ids is not None:
        for path, declaration in target.way:
            key = f"{path}__pk"
            reach &= Q(**{f"{key}__in": declaration.visible_to(caller)}) | Q(**{f"{key}__isnull": True})
    return reach


def _asked(matcher: Matcher, field: AnyField, text: str) -> Asked:
    if matcher.operand is Operand.BOOLEAN:
        return Asked((), bool(StrictBoolean().run_validation(text)))
    if matcher.operand is Operand.TEXT:
        return Asked((text,))
    if matcher.operand is Operand.TEXTS:
        return Asked(tuple(text.split(",")))
    if matcher.operand is Operand.OBJECT:
        return Asked((Metadata().to_internal_value(orjson.loads(text)),))
    if matcher.operand is Operand.VALUES:
        return Asked(tuple(_value(field, item) for item in text.split(",")))
    return Asked((_value(field, text),))


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
