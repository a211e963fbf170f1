"""`filter[q][<attribute>(_or_<attribute>)*_<matcher>]=value` becomes a condition (contract §6).

What the predicate means is read by `api.predicates`. Rows of another mode or market never match: what is
filtered comes from `visible_to`, and so does what a restricted caller filters through.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any, Final, cast

from django.db.models import Q, QuerySet
from django_filters.rest_framework import DjangoFilterBackend  # type: ignore[import-untyped]
from rest_framework.exceptions import ValidationError

from api.bind_parameters import BindParameter
from api.declaration import Declaration
from api.errors import brief
from api.matchers import MATCHERS, AttributeFilter, Operand, OperandKind, OperandShape
from api.predicates import NamedAttribute, Predicate, read_predicate
from api.query import refuse
from api.shapes import Narrowing
from kernel.caller import Caller

MOST_COMPARED: Final = 100
"""Values of all filters of a request together, ten of an array counted as one. Each number of them makes
another statement, which is compiled here, planned by PostgreSQL and kept by both."""

PATTERNS: Final = frozenset({OperandKind.TEXT, OperandKind.TEXTS})
SEVERAL: Final = frozenset({OperandKind.VALUES, OperandKind.TEXTS})
OF_NOTHING: Final = {"null": True, "blank": True, "not_null": False, "present": False}
"""With which operand these matchers find what has no value."""


@dataclass(frozen=True, slots=True)
class Search(Narrowing):
    """All conditions of a request, each by its predicate and the shapes of its attributes' operands, and the
    values of one after the other."""

    is_a_search = True

    declaration: Declaration
    conditions: tuple[tuple[str, tuple[OperandShape, ...]], ...]

    def narrowed(
        self, rows: QuerySet[Any], parameters: Sequence[BindParameter], caller: Caller
    ) -> QuerySet[Any]:
        remaining = iter(parameters)
        for predicate, shapes in self.conditions:
            rows = rows.filter(_condition(predicate, shapes, remaining, self.declaration, caller))
        return rows


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
        tuple(value for _, operands in read for each in operands for value in each.values),
        declaration,
        tuple((predicate, tuple(each.shape for each in operands)) for predicate, operands in read),
    )


def specials(
    predicates: Iterable[tuple[str, str]], declaration: Declaration
) -> Iterator[tuple[AttributeFilter, str, str]]:
    """The attributes that bring matchers of their own, each with the matcher and what stands behind it."""
    for predicate, text in predicates:
        matcher, attributes = cast(Predicate, read_predicate(predicate, declaration))
        yield from ((each.special, matcher, text) for each in attributes if each.special)


def _read(predicate: str, text: str, declaration: Declaration) -> list[Operand]:
    """The text behind the equals sign as the operand of each attribute that the predicate names."""
    parameter = f"filter[q][{predicate}]"
    named = read_predicate(predicate, declaration)
    if named is None:
        refuse("FILTER_NOT_ALLOWED", f"{brief(predicate)} is not a filter of {declaration.type}.", parameter)
    matcher, attributes = named
    with contextlib.suppress(ValueError, ValidationError):
        if "\0" not in text:  # which PostgreSQL has in no text
            return [each.read(matcher, text) for each in attributes]
    return refuse("INVALID_FILTER_VALUE", f"{brief(predicate)} can't be compared with this value.", parameter)


def _refuse_too_many(read: Iterable[tuple[str, Sequence[Operand]]], declaration: Declaration) -> None:
    compared: dict[str, int] = {}
    for predicate, operands in read:
        matcher, attributes = cast(Predicate, read_predicate(predicate, declaration))
        compared[predicate] = sum(
            attribute.compared(matcher, each) for attribute, each in zip(attributes, operands, strict=True)
        )
    if sum(compared.values()) > MOST_COMPARED:
        most = max(compared, key=lambda predicate: compared[predicate])
        detail = f"{brief(most)} and what else is searched for have more than {MOST_COMPARED} values."
        refuse("INVALID_FILTER_VALUE", detail, f"filter[q][{most}]")


def _condition(
    predicate: str,
    shapes: Iterable[OperandShape],
    parameters: Iterator[BindParameter],
    declaration: Declaration,
    caller: Caller,
) -> Q:
    """Of the attributes that the predicate names, any."""
    matcher, attributes = cast(Predicate, read_predicate(predicate, declaration))
    matches = (
        _match(attribute, matcher, shape, list(islice(parameters, shape.value_count)), caller)
        for attribute, shape in zip(attributes, shapes, strict=True)
    )
    return reduce(or_, matches)


def pattern_parameters(predicates: Iterable[tuple[str, str]], declaration: Declaration) -> tuple[str, ...]:
    """The parameters that look for a pattern; all of them, where none does."""
    named = {predicate: read_predicate(predicate, declaration) for predicate, _ in predicates}
    patterns = [
        predicate for predicate, each in named.items() if each and MATCHERS[each.matcher].operand in PATTERNS
    ]
    return tuple(f"filter[q][{predicate}]" for predicate in patterns or named)


def _match(
    attribute: NamedAttribute,
    matcher: str,
    shape: OperandShape,
    parameters: Sequence[BindParameter],
    caller: Caller,
) -> Q:
    if attribute.special is not None:
        matches = attribute.special.build(matcher, parameters, shape.form, prefix=attribute.prefix)
    else:
        row = MATCHERS[matcher]
        operand: Any = parameters if row.operand in SEVERAL else parameters[0] if parameters else shape.form
        matches = row.build(attribute.column, operand)
    reach = _within_reach(attribute, caller)
    if reach and _finds_nothing(matcher, shape):
        return (matches & reach) | ~reach
    return matches & reach


def _finds_nothing(matcher: str, shape: OperandShape) -> bool:
    """Whether the matcher finds what has no value. What is beyond the caller's reach is to him no value: it
    is found as it is shown, or the difference would tell him that there is something."""
    if matcher in OF_NOTHING:
        return shape.form is OF_NOTHING[matcher]
    return matcher.endswith("_or_null")


def _within_reach(attribute: NamedAttribute, caller: Caller) -> Q:
    reach = Q()
    if caller.market_ids is not None:
        for path, declaration in attribute.way:
            key = f"{path}__pk"
            reach &= Q(**{f"{key}__in": declaration.visible_to(caller)}) | Q(**{f"{key}__isnull": True})
    return reach
