"""Whose events a caller may see. Each app says it of its own resources, for events lie below all of them."""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from django.db.models import Exists, OuterRef, Q, QuerySet

from kernel.caller import Caller

VisibleTo: TypeAlias = Callable[[Caller], QuerySet[Any]]

_visible: Final[dict[str, VisibleTo]] = {}
_administrative: Final[set[str]] = set()


def seen_with_the_resource(subject_type: str, visible_to: VisibleTo) -> None:
    """A caller who is restricted to markets sees the events of those resources that he sees himself.

    Of a type that nobody has told us of he sees none, nor of resources that have been deleted.
    """
    _visible[subject_type] = visible_to


def seen_by_administrators(subject_type: str) -> None:
    """Only who administers the service sees these, in every market."""
    _administrative.add(subject_type)


def hidden_types(caller: Caller) -> frozenset[str]:
    return frozenset() if caller.administers else frozenset(_administrative)


def within_reach(caller: Caller) -> Q:
    """The events that a caller who is restricted to markets may see."""
    reach = Q(pk__in=[])
    for condition in _conditions(caller):
        reach |= condition
    return reach


def _conditions(caller: Caller) -> Iterator[Q]:
    for subject_type, visible_to in _visible.items():
        # PostgreSQL looks each subject up by its key, or puts the caller's own into a table once where they
        # are few enough for that. The type stands first, so that of all types one is asked.
        seen = Exists(visible_to(caller).filter(pk=OuterRef("subject_id")))
        yield Q(subject_type=subject_type) & Q(seen)
