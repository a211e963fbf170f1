"""The matchers of `filter[q][<attribute>_<matcher>]` (contract §6): a table to extend, one row each.

A row says what kind of value the matcher takes and which condition it builds for a column. NULL matches
`null` and the `_or_null` forms only; every other matcher leaves it out, also the negative ones.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, ClassVar, Final

from django.db.models import Q

from kernel.caller import Caller


class Operand(Enum):
    """What stands behind the equals sign."""

    VALUE = auto()  # one value of the attribute's own type
    VALUES = auto()  # several, separated by commas
    TEXT = auto()  # text, for attributes that are text
    BOOLEAN = auto()  # true or false: whether the matcher or its opposite is meant
    OBJECT = auto()  # a JSON object, for attributes that are one


@dataclass(frozen=True, slots=True)
class Matcher:
    operand: Operand
    build: Callable[[str, Any], Q]


class AttributeFilter(ABC):
    """An attribute that brings matchers of its own, because its values are not simply a column's.

    `build` gets the text behind the equals sign and the ORM path to the attribute's model (`""` or
    `"gift_card__"`); it raises ValueError for a value that cannot be one of this attribute.
    """

    matchers: ClassVar[frozenset[str]]
    """Which of MATCHERS the attribute has."""

    @abstractmethod
    def build(self, matcher: str, value: str, *, prefix: str, caller: Caller) -> Q: ...


def present(column: str) -> Q:
    return Q(**{f"{column}__isnull": False})


def lookup(name: str) -> Callable[[str, Any], Q]:
    return lambda column, value: Q(**{f"{column}__{name}": value})


def comparison(name: str) -> Callable[[str, Any], Q]:
    """NULL is left out by name: Django takes `< 10**13` on a 32-bit column for a condition that is always
    true."""
    return lambda column, value: Q(**{f"{column}__{name}": value}) & present(column)


def opposite(name: str) -> Callable[[str, Any], Q]:
    return lambda column, value: ~Q(**{f"{column}__{name}": value}) & present(column)


def is_null(column: str, value: Any) -> Q:
    return Q(**{f"{column}__isnull": value})


def is_not_null(column: str, value: Any) -> Q:
    return Q(**{f"{column}__isnull": not value})


MATCHERS: Final[Mapping[str, Matcher]] = {
    "eq": Matcher(Operand.VALUE, lookup("exact")),
    "not_eq": Matcher(Operand.VALUE, opposite("exact")),
    "in": Matcher(Operand.VALUES, lookup("in")),
    "not_in": Matcher(Operand.VALUES, opposite("in")),
    "gt": Matcher(Operand.VALUE, comparison("gt")),
    "gteq": Matcher(Operand.VALUE, comparison("gte")),
    "lt": Matcher(Operand.VALUE, comparison("lt")),
    "lteq": Matcher(Operand.VALUE, comparison("lte")),
    "null": Matcher(Operand.BOOLEAN, is_null),
    "not_null": Matcher(Operand.BOOLEAN, is_not_null),
    "start": Matcher(Operand.TEXT, lookup("startswith")),
    "end": Matcher(Operand.TEXT, lookup("endswith")),
    "cont": Matcher(Operand.TEXT, lookup("contains")),
    "i_cont": Matcher(Operand.TEXT, lookup("icontains")),
    "jcont": Matcher(Operand.OBJECT, lookup("contains")),
}

ORDERING: Final = frozenset({"gt", "gteq", "lt", "lteq"})
"""Matchers that make sense only where values have an order."""
