from typing import Final, Unpack
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from events.operations import Recorder
from kernel.caller import Caller
from kernel.clock import database_now
from kernel.constraints import delete_unless_in_use, is_foreign_key_violation, violated_constraint
from kernel.modes import Mode
from kernel.refusals import OPERATION, Conflict, Invalid, NotFound
from kernel.validation import changed_attributes, checked
from markets.attributes import MARKET_CHECKS, NEW_MARKET, MarketChanges, require_coherent_policy
from markets.models import Market

RESOURCE_TYPE: Final = "markets"
_record: Final = Recorder(RESOURCE_TYPE)
TAKEN: Final = "has already been taken"


def create_market(*, caller: Caller, reason: str = "", **attributes: Unpack[MarketChanges]) -> Market:
    """Open a market; currency, time zone and locale come from the settings unless given; codes are UUIDs,
    and no rule limits validity or pays out remainders.

    Raises Invalid (also for a caller restricted to certain markets: it could not see the new one), Conflict.
    """
    if caller.market_ids is not None:
        raise Invalid(
            OPERATION, "market_restricted", "is not possible for a caller restricted to certain markets"
        )
    values = checked({**NEW_MARKET, **attributes}, MARKET_CHECKS)
    with transaction.atomic():
        market = Market(mode=caller.mode, number=_next_number(caller.mode), **values)
        require_coherent_policy(market)
        _refuse_taken_code(market)
        _save(market)
        _record(market, "create", caller=caller, reason=reason)
    return market


def update_market(
    *,
    caller: Caller,
    market_id: UUID,
    changes: MarketChanges | None = None,
    disabled: bool | None = None,
    reason: str = "",
) -> Market:
    """Change attributes, and disable or enable (None: neither). What changes nothing records nothing.

    Raises NotFound, Invalid (the currency cannot change once a gift card uses it), Conflict. A policy holds
    for what is purchased or changed from then on: cards that are issued keep the validity they have.
    """
    with transaction.atomic():
        market = _lock(market_id, caller)
        values = checked(changes or {}, MARKET_CHECKS)
        verb = "update"
        if disabled is not None and disabled != market.disabled:
            verb = "disable" if disabled else "enable"
            values["disabled_at"] = database_now() if disabled else None
        changed = changed_attributes(market, values)
        if not changed:
            return market
        for attribute in changed:
            setattr(market, attribute, values[attribute])
        require_coherent_policy(market)
        if "code" in changed:
            _refuse_taken_code(market)
        market.updated_at = database_now()
        _save(market)
        _record(market, verb, caller=caller, reason=reason, data={"changed": changed})
    return market


def delete_market(*, caller: Caller, market_id: UUID, reason: str = "") -> None:
    """Raises NotFound, InUse while gift cards, API keys or other records depend on it."""
    with transaction.atomic():
        market = _lock(market_id, caller)
        delete_unless_in_use(market, "market")
        _record(market, "destroy", caller=caller, reason=reason)


def _lock(market_id: UUID, caller: Caller) -> Market:
    try:
        # no_key: cards that refer to the market may be issued meanwhile.
        return Market.objects.visible_to(caller).select_for_update(no_key=True).get(pk=market_id)
    except Market.DoesNotExist:
        raise NotFound(RESOURCE_TYPE, market_id) from None


def _next_number(mode: Mode) -> int:
    # Until COMMIT: whoever numbers the next market in this mode waits, and then sees this one.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"markets.number.{mode.value}"]
        )
    highest = Market.objects.filter(mode=mode).aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1


def _refuse_taken_code(market: Market) -> None:
    others = Market.objects.filter(mode=market.mode, code=market.code).exclude(pk=market.pk)
    if market.code is not None and others.exists():
        raise Invalid("code", "taken", TAKEN, value=market.code)


def _save(market: Market) -> None:
    try:
        with transaction.atomic():
            market.save()
    except IntegrityError as error:
        if violated_constraint(error) == "market_code_is_unique_per_mode":
            raise Conflict("code", TAKEN) from error
        # Gift cards refer to their market and its currency: the database refuses to change it under them.
        if is_foreign_key_violation(error):
            raise Invalid(
                "currency_code",
                "in_use",
                "can't be changed once a gift card uses it",
                value=market.currency_code,
            ) from error
        raise
