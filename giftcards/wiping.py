"""Removing all test data at once. Live data is beyond it: every statement asks for rows of the test mode, and
the triggers of append-only tables let nothing else go (see kernel/migrations/0001).

What carries a mode goes, unless it is named here. API keys stay, so that integrators go on, and with them the
markets that they are restricted to: a key whose market is gone would reach every market.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from graphlib import TopologicalSorter
from typing import Any, Final

import psycopg
from django.apps import apps
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Model

from access.models import ApiKey, ApiKeyMarket
from events.models import Event
from kernel.caller import Actor
from kernel.constraints import is_foreign_key_violation
from kernel.refusals import Conflict
from markets.models import Market

KEPT: Final[frozenset[type[Model]]] = frozenset({ApiKey, ApiKeyMarket})
SPARED: Final[Mapping[type[Model], str]] = {
    Market: "id IN (SELECT market_id FROM access_apikeymarket)",
    # The history of what stays.
    Event: "subject_id IN (SELECT id FROM access_apikey UNION ALL SELECT market_id FROM access_apikeymarket)",
}

PASSES: Final = 10
BEGIN: Final = """
    SET LOCAL giftcards.wiping_test_data = 'on';
    SET LOCAL lock_timeout = '5s';
    SET LOCAL statement_timeout = 0;
    SET CONSTRAINTS ALL IMMEDIATE;
    SELECT pg_advisory_xact_lock(hashtextextended('giftcards.wiping', 0))
"""
IN_USE: Final = "is in use, and nothing is removed: stop what writes it, and try again"
IN_THE_WAY: Final = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)

logger = logging.getLogger(__name__)


def wipe_test_data(*, actor: Actor, progress: Callable[[int], Any] = lambda rows: None) -> Mapping[str, int]:
    """Remove every row of test data, all or none; returns how many of what. `progress` is told of rows as
    they go.

    Afterwards there was a moment without any test data: it goes over the tables until it finds no more.
    Raises Conflict while others write more of it, or hold on to it for longer than five seconds.
    """
    wiped: Counter[type[Model]] = Counter()
    with _nobody_in_the_way(), transaction.atomic(durable=True):
        _begin()
        for _ in range(PASSES):
            found, is_all = _pass(progress)
            wiped.update(found)
            if is_all and not found:
                break
        else:
            raise Conflict("test data", IN_USE)
    told = ", ".join(f"{number} {name}" for name, number in _named(wiped).items()) or "there was none"
    logger.warning("Test data wiped by %s (%s): %s.", actor.name, actor.kind.value, told)
    return _named(wiped)


def count_test_data() -> Mapping[str, int]:
    """How many rows of what `wipe_test_data` would remove; what there is none of is left out."""
    counts: Counter[type[Model]] = Counter()
    with connection.cursor() as cursor:
        for model in wiped_models():
            cursor.execute(f"SELECT count(*) FROM {_test_rows(model)}")  # noqa: S608 (names, no values)
            counts[model] = cursor.fetchone()[0]
    return _named(counts)


@cache
def wiped_models() -> tuple[type[Model], ...]:
    """In an order in which nothing goes before what refers to it.

    Events go first, although nothing refers to them: a card that is made meanwhile may leave an event behind
    for the next pass, but no card is left without its events.
    """
    models = [model for model in apps.get_models() if _has_mode(model) and model not in KEPT]
    before: dict[type[Model], set[type[Model]]] = {model: set() for model in models}
    for model in models:
        if model is not Event:
            before[model].add(Event)
    for model in models:
        for field in model._meta.get_fields():
            target = field.related_model if field.many_to_one and field.concrete else None
            if target in models and target is not model:
                before[target].add(model)
    return tuple(TopologicalSorter(before).static_order())


def _has_mode(model: type[Model]) -> bool:
    is_table = not model._meta.proxy and model._meta.managed
    return is_table and any(field.column == "mode" for field in model._meta.concrete_fields)


def _begin() -> None:
    """Cards are locked in the order in which everybody locks several; whoever uses one waits for us before he
    has anything that we need."""
    with connection.cursor() as cursor:
        cursor.execute(BEGIN)
        cursor.execute(
            "SELECT count(*) FROM "
            "(SELECT FROM giftcards_giftcard WHERE mode = 'test' ORDER BY id FOR UPDATE) AS locked"
        )


def _pass(progress: Callable[[int], Any]) -> tuple[Counter[type[Model]], bool]:
    """Through all tables, or as far as rows are in the way that were written since: what it has removed, and
    whether it came to the end."""
    found: Counter[type[Model]] = Counter()
    for model in wiped_models():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {_test_rows(model)}")  # noqa: S608 (names, no values)
                removed = cursor.rowcount
        except IntegrityError as error:
            if not is_foreign_key_violation(error):
                raise
            return found, False
        if removed:
            found[model] = removed
            progress(removed)
    return found, True


def _test_rows(model: type[Model]) -> str:
    spared = f" AND NOT ({SPARED[model]})" if model in SPARED else ""
    return f"{connection.ops.quote_name(model._meta.db_table)} WHERE mode = 'test'{spared}"


def _named(counts: Counter[type[Model]]) -> Mapping[str, int]:
    named = {}
    for model, number in counts.items():
        words = model._meta.verbose_name if number == 1 else model._meta.verbose_name_plural
        if number:
            named[str(words)] = number
    return named


@contextmanager
def _nobody_in_the_way() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.__cause__, IN_THE_WAY):
            raise
        raise Conflict("test data", IN_USE) from error
