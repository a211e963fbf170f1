from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Self
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

USE_IS_NOTED_EVERY: Final = timedelta(minutes=1)


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
        own = self.caller.market_ids
        left = self.scopes if scopes is None else self.scopes & scopes
        reach = own if market_ids is None else market_ids if own is None else own & market_ids
        caller = replace(self.caller, market_ids=reach, administers=Scope.ADMIN in left)
        return replace(self, caller=caller, scopes=left)


def credential_of(key: Secret) -> Credential | None:
    """What the key stands for; None if it is unknown, revoked or expired by the database's clock.

    One statement for each request and nothing kept in between: a revocation holds from the next request on.
    """
    return the_credential(ApiKey.objects.usable().filter(digest=digest(key)))


def the_credential(keys: QuerySet[ApiKey]) -> Credential | None:
    """Of the one key among them, if there is one."""
    row = (
        keys.values(
            "id",
            "mode",
            "client_id",
            "scopes",
            "application_id",
            "application__name",
            "application__organization_id",
        )
        .annotate(
            market_ids=ArraySubquery(ApiKeyMarket.objects.filter(api_key=OuterRef("pk")).values("market_id")),
            use_is_noted=ExpressionWrapper(
                Q(last_used_at__isnull=False) & Q(last_used_at__gt=Now() - USE_IS_NOTED_EVERY),
                output_field=BooleanField(),
            ),
        )
        .first()
    )
    if row is None:
        return None
    return Credential(
        caller=Caller(
            mode=Mode(row["mode"]),
            actor=Actor(ActorKind.API_KEY, str(row["id"]), row["application__name"]),
            market_ids=frozenset(row["market_ids"]) or None,
            administers=Scope.ADMIN in row["scopes"],
        ),
        scopes=frozenset(row["scopes"]),
        organization_id=row["application__organization_id"],
        application_id=row["application_id"],
        api_key_id=row["id"],
        client_id=row["client_id"],
        use_is_noted=row["use_is_noted"],
    )


def keys_known_as(identifier: str) -> QuerySet[ApiKey]:
    """The key with this id or client id, or all keys of the application with this name."""
    known = Q(client_id=identifier) | Q(application__name=identifier)
    with suppress(ValueError):
        known |= Q(pk=UUID(identifier))
    return ApiKey.objects.filter(known)
