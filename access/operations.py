"""Making, revoking and rotating API keys.

A key's text exists only in what these return: tables and events never see it.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from access.credentials import digest, new_credentials
from access.models import ApiKey, ApiKeyMarket, Application, Organization
from access.queries import keys_known_as
from access.scopes import EVERY_SCOPE, unknown_scopes
from events.operations import record
from kernel.caller import Actor, Caller
from kernel.clock import database_now
from kernel.modes import Mode
from kernel.refusals import OPERATION, Invalid, NotFound
from kernel.secret import Secret
from kernel.validation import required_text

RESOURCE_TYPE: Final = "api_keys"

# A statement by itself, in no transaction. A row that is locked (someone revokes or rotates the key) is
# passed over: no request ever waits to leave this trace.
NOTE_USE: Final = """
    UPDATE access_apikey SET last_used_at = statement_timestamp()
    WHERE id = (
        SELECT id FROM access_apikey
        WHERE id = %s
            AND (last_used_at IS NULL OR last_used_at <= statement_timestamp() - interval '1 minute')
        FOR NO KEY UPDATE SKIP LOCKED
    )
"""


def mint_api_key(
    *,
    application_name: str,
    mode: Mode,
    scopes: Iterable[str] | None = None,
    market_codes: Collection[str] = (),
    market_ids: Collection[UUID] = (),
    expires_at: datetime | None = None,
    actor: Actor,
) -> tuple[ApiKey, Secret]:
    """A new key of the application, which is made if there is none of this name. The key is shown only here.

    None as `scopes` grants all of them; no market means every market, later ones too. Raises Invalid.
    """
    name = required_text("name", application_name)
    granted = _granted(scopes)
    if expires_at is not None and expires_at <= database_now():
        raise Invalid("expires_at", "in_the_past", "must be in the future", value=expires_at.isoformat())
    with transaction.atomic():
        markets = _markets(mode, market_codes, market_ids)
        application, _ = Application.objects.get_or_create(
            name=name, defaults={"organization": the_organization()}
        )
        template = ApiKey(application=application, mode=mode, scopes=granted, expires_at=expires_at)
        named = sorted(market.code or str(market.pk) for market in markets)
        return _issue(template, [market.pk for market in markets], actor=actor, data={"markets": named})


def rotate_api_key(*, api_key_id: UUID, overlap: timedelta, actor: Actor) -> tuple[ApiKey, Secret]:
    """A new key with the same application, mode, scopes and markets; the old one works for `overlap` more.

    A key with an expiry gets a successor that lives as long.

    Raises NotFound, Invalid for a key that is revoked or has expired.
    """
    if overlap < timedelta(0):
        raise Invalid("overlap", "greater_than_or_equal_to", "must be greater than or equal to 0", count=0)
    with transaction.atomic():
        old = _lock(api_key_id)
        now = database_now()
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
            raise Invalid(OPERATION, "unusable", "is not possible because the key is revoked or has expired")
        template = ApiKey(application=old.application, mode=old.mode, scopes=old.scopes)
        if old.expires_at is not None:
            template.expires_at = now + (old.expires_at - old.created_at)
        market_ids = list(old.restrictions.values_list("market_id", flat=True))
        new, secret = _issue(template, market_ids, actor=actor, data={"replaces": old.client_id})
        old.expires_at = min(now + overlap, old.expires_at or datetime.max.replace(tzinfo=now.tzinfo))
        old.save(update_fields=["expires_at"])
        _record(old, "rotate", actor=actor, data={"replaced_by": new.client_id, "expires_at": old.expires_at})
    return new, secret


def revoke_api_key(*, api_key_id: UUID, actor: Actor) -> ApiKey:
    """From the next request on the key is unknown. Revoking it again changes nothing. Raises NotFound."""
    with transaction.atomic():
        api_key = _lock(api_key_id)
        if api_key.revoked_at is None:
            api_key.revoked_at = database_now()
            api_key.save(update_fields=["revoked_at"])
            _record(api_key, "revoke", actor=actor)
    return api_key


def revoke_api_keys_known_as(*, identifier: str, actor: Actor) -> list[ApiKey]:
    """Revoke the key with this id or client id, or all keys of the application with this name.

    Returns those that were still to be revoked. Raises NotFound.
    """
    with transaction.atomic():
        known = list(keys_known_as(identifier).order_by("id"))
        if not known:
            raise NotFound(RESOURCE_TYPE, identifier)
        return [
            revoke_api_key(api_key_id=api_key.pk, actor=actor) for api_key in known if not api_key.revoked_at
        ]


def note_use(api_key_id: UUID) -> None:
    """Record that a key was used just now, at most once a minute."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE_USE, [api_key_id])


def the_organization() -> Organization:
    """The only one; made when it is first asked for."""
    found = Organization.objects.first()
    if found is None:
        Organization.objects.bulk_create([Organization()], ignore_conflicts=True)
        found = Organization.objects.get()
    return found


def _granted(scopes: Iterable[str] | None) -> list[str]:
    if scopes is None:
        return list(EVERY_SCOPE)
    wanted = set(scopes)
    if not wanted:
        raise Invalid("scopes", "blank", "can't be blank")
    if unknown := unknown_scopes(sorted(wanted)):
        known = ", ".join(EVERY_SCOPE)
        raise Invalid("scopes", "inclusion", f"can't include {', '.join(unknown)}; there are {known}")
    return [scope for scope in EVERY_SCOPE if scope in wanted]


def _markets(mode: Mode, codes: Collection[str], ids: Collection[UUID]) -> list[Any]:
    # Markets lie above this package: they are reached through the foreign key.
    model: Any = ApiKeyMarket.market.field.related_model
    found = list(model.objects.filter(Q(mode=mode, code__in=codes) | Q(pk__in=ids)))
    markets = [market for market in found if market.mode == mode]
    known = {name for market in markets for name in (market.code, market.pk)}
    names = {market.pk: market.name for market in found}
    if unknown := [str(names.get(given, given)) for given in (*codes, *ids) if given not in known]:
        raise Invalid(
            "markets", "unknown", f"can't include {', '.join(unknown)}: no such market in {mode} mode"
        )
    return markets


def _issue(
    template: ApiKey, market_ids: Iterable[UUID], *, actor: Actor, data: dict[str, Any]
) -> tuple[ApiKey, Secret]:
    credentials = new_credentials(Mode(template.mode))
    api_key = template
    api_key.client_id = credentials.client_id
    api_key.digest = digest(credentials.key)
    api_key.last_four = credentials.last_four
    api_key.created_by = actor.name
    api_key.save(force_insert=True)
    ApiKeyMarket.objects.bulk_create(
        ApiKeyMarket(api_key=api_key, market_id=market_id, mode=api_key.mode) for market_id in market_ids
    )
    data = {"scopes": api_key.scopes, "expires_at": api_key.expires_at, **data}
    _record(api_key, "create", actor=actor, data=data)
    return api_key, credentials.key


def _lock(api_key_id: UUID) -> ApiKey:
    try:
        return (
            ApiKey.objects.select_related("application")
            .select_for_update(of=("self",), no_key=True)
            .get(pk=api_key_id)
        )
    except ApiKey.DoesNotExist:
        raise NotFound(RESOURCE_TYPE, api_key_id) from None


def _record(api_key: ApiKey, verb: str, *, actor: Actor, data: dict[str, Any] | None = None) -> None:
    record(
        caller=Caller(Mode(api_key.mode), actor),
        subject_type=RESOURCE_TYPE,
        subject_id=api_key.pk,
        topic=f"{RESOURCE_TYPE}.{verb}",
        data={"client_id": api_key.client_id, "application": api_key.application.name, **(data or {})},
    )
