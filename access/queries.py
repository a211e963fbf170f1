"""What an API key stands for, and finding keys."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any, Final, Self
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from access.credentials import digest
from access.models import ApiKey, ApiKeyMarket
from access.scopes import Scope
from kernel.caller import Actor, ActorKind, Caller
from kernel.modes import Mode
from kernel.secret import Secret
from kernel.statements import NoLongerSoError, Question, Row, ask_with_next, rows_of

USE_IS_NOTED_EVERY: Final = timedelta(minutes=1)
MOST_KNOWN: Final = 1000
"""Keys of which a process remembers what they stand for."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Who calls, as which application and with what permission: the wire's `request.auth`."""

    caller: Caller
    scopes: frozenset[str]
    organization_id: UUID
    application_id: UUID
    api_key_id: UUID
    client_id: str
    use_is_noted: bool

    def within(self, scopes: frozenset[str] | None, market_ids: frozenset[UUID] | None) -> Self:
        """What is left of it where only these scopes and markets are wanted; None: all that it has."""
        left = self.scopes if scopes is None else self.scopes & scopes
        reaches = [each for each in (self.caller.market_ids, market_ids) if each is not None]
        reach = frozenset.intersection(*reaches) if reaches else None
        caller = replace(self.caller, market_ids=reach, administers=Scope.ADMIN in left)
        return replace(self, caller=caller, scopes=left)


def credential_of(key: Secret, *, ask_later: bool = False) -> Credential | None:
    """What the key stands for; None if it is unknown, revoked or expired by the database's clock.

    It is asked for each request, so that a revocation holds from the next one on: now, or (`ask_later`) with
    the next statement, where what it stood for the last time is known.
    """
    return credential_where('"access_apikey"."digest" = %s', digest(key), ask_later=ask_later)


def credential_where(condition: str, *values: Any, ask_later: bool = False) -> Credential | None:
    """Of the usable key that meets the condition, in SQL, which finds one at most.

    What is known of it is as good as what is looked up: the database is asked whether it still says the same.
    """
    known = _known.get((condition, values))
    if known is None:
        return _look_up(condition, values)
    if ask_later:
        ask_with_next(known.question)
        return known.credential
    try:
        known.question.ask()
    except NoLongerSoError:
        return _look_up(condition, values)
    return known.credential


@dataclass(frozen=True, slots=True)
class Known:
    """What a key stood for when it was last looked up, and the question whether it still does."""

    credential: Credential
    question: Question


_known: Final[dict[tuple[str, tuple[Any, ...]], Known]] = {}


def _look_up(condition: str, values: tuple[Any, ...]) -> Credential | None:
    statement, parameters = _usable_keys()
    keys, given = f"{statement} AND {condition}", (*parameters, *values)
    rows = rows_of(f"SELECT found.*, found::text FROM ({keys}) AS found", given)  # noqa: S608 (the ORM's text)
    if not rows:
        return None
    credential, told = _credential(rows[0][:-1]), rows[0][-1]
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    asked = f"SELECT found::text = %s AS holds FROM ({keys}) AS found"  # noqa: S608
    question = Question(asked, (told, *given), lambda: _forget((condition, values)))
    _known[condition, values] = Known(credential, question)
    return credential


def _forget(known_by: tuple[str, tuple[Any, ...]]) -> None:
    _known.pop(known_by, None)


def _credential(row: Row) -> Credential:
    key_id, mode, client_id, scopes, application_id, application, organization_id, market_ids, is_noted = row
    return Credential(
        caller=Caller(
            mode=Mode(mode),
            actor=Actor(ActorKind.API_KEY, str(key_id), application),
            market_ids=frozenset(market_ids) or None,
            administers=Scope.ADMIN in scopes,
        ),
        scopes=frozenset(scopes),
        organization_id=organization_id,
        application_id=application_id,
        api_key_id=key_id,
        client_id=client_id,
        use_is_noted=is_noted,
    )


@cache
def _usable_keys() -> tuple[str, tuple[Any, ...]]:
    """A statement, and its parameters, that ends in its conditions. Compiled once: with every request that
    would take ten times as long as the look-up itself."""
    rows = ApiKey.objects.usable().values_list(
        "id",
        "mode",
        "client_id",
        "scopes",
        "application_id",
        "application__name",
        "application__organization_id",
        ArraySubquery(ApiKeyMarket.objects.filter(api_key=OuterRef("pk")).values("market_id")),
        ExpressionWrapper(
            Q(last_used_at__isnull=False) & Q(last_used_at__gt=Now() - USE_IS_NOTED_EVERY),
            output_field=BooleanField(),
        ),
    )
    return rows.query.sql_with_params()


def keys_known_as(identifier: str) -> QuerySet[ApiKey]:
    """The key with this id or client id, or all keys of the application with this name."""
    known = Q(client_id=identifier) | Q(application__name=identifier)
    with suppress(ValueError):
        known |= Q(pk=UUID(identifier))
    return ApiKey.objects.filter(known)
