"""From a PATCH's attributes to the one operation they ask for (contract §5).

| trigger | operation |
|---|---|
| `_purchase` | purchase |
| `_activate` | activate |
| `_deactivate` | deactivate |
| `_cash_out` | cash_out |
| `_archive` | archive |
| `_unarchive` | unarchive |
| `_balance_change_cents` | change_balance (negative: debit, positive: recharge) |
| none | update_gift_card |

A trigger that is false or null asks for nothing. Exactly one may ask. `_add_tags` and `_remove_tags` are no
triggers: they say what else changes, beside any of these.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from access.scopes import Scope
from api.fields import uuid_or_none
from giftcards import operations
from giftcards.models import GiftCard
from giftcards.operations import GiftCardChanges, NoteChanges, Occasion
from giftcards.queries import tags_named
from kernel.caller import Caller
from kernel.refusals import Invalid, NotFound
from markets.models import Market


@contextmanager
def naming(**attributes: str) -> Iterator[None]:
    """An operation's refusal names its own argument; the client is told the attribute that it sent for it.

    Where one argument stands for several attributes, a refusal's symbol says which: it is looked up first.
    """
    try:
        yield
    except Invalid as refusal:
        about = attributes.get(refusal.error) or attributes.get(refusal.about)
        if about is None:
            raise
        raise Invalid(
            about,
            refusal.error,
            refusal.message,
            value=refusal.value,
            count=refusal.count,
        ) from refusal


def change_balance(**told: Any) -> GiftCard:
    with naming(spent_in="_market_id"):
        return operations.change_balance(**told)


VERBS: Final[Mapping[str, Callable[..., GiftCard]]] = {
    "_purchase": operations.purchase,
    "_activate": operations.activate,
    "_deactivate": operations.deactivate,
    "_cash_out": operations.cash_out,
    "_archive": operations.archive,
    "_unarchive": operations.unarchive,
    "_balance_change_cents": change_balance,
}
TRIGGERS: Final = tuple(VERBS)
ABOUT_A_BALANCE_CHANGE: Final = ("_reference", "_order_number", "_market_id")
TAGGING: Final[Mapping[str, str]] = {"_add_tags": "add_tags", "_remove_tags": "remove_tags"}
"""Attributes with names of tags, and the operations' argument for each."""


def requested_operation(values: Mapping[str, Any], caller: Caller) -> Callable[..., GiftCard]:
    """The operation with all but `caller` and `card_id` filled in.

    Raises Invalid for a second trigger, or for what accompanies a trigger that is not there; NotFound for a
    market beyond the caller's reach.
    """
    trigger = only_trigger(values, TRIGGERS)
    _refuse_strays(values, trigger)
    with naming(reason="_reason", reference="_reference", order_number="_order_number"):
        occasion = Occasion(
            reason=values.get("_reason") or "",
            reference=values.get("_reference"),
            order_number=values.get("_order_number"),
        )
    changes = _changes(values, caller)
    if trigger is None:
        return partial(operations.update_gift_card, changes=changes, occasion=occasion)
    operation = partial(VERBS[trigger], changes=changes, occasion=occasion)
    if trigger != "_balance_change_cents":
        return operation
    return partial(
        operation, amount_cents=values[trigger], spent_in=_market(values.get("_market_id"), caller)
    )


def required_scopes(values: Mapping[str, Any]) -> tuple[str, ...]:
    """What a credential must hold for this update; plain attributes beside a balance change need theirs
    too."""
    plain = {name for name in values if name[0] != "_" or (name in TAGGING and values[name] is not None)}
    change = values.get("_balance_change_cents")
    verb = Scope.SPEND if values.get("_cash_out") else None
    if change is not None:
        verb = Scope.SPEND if change < 0 else Scope.RECHARGE
    if verb is not None:
        return (verb, Scope.ISSUE) if plain else (verb,)
    adjusts = plain == {"balance_cents"} and not any(values.get(trigger) for trigger in TRIGGERS)
    return (Scope.ADJUST,) if adjusts else (Scope.ISSUE,)


def _changes(values: Mapping[str, Any], caller: Caller) -> GiftCardChanges:
    changes = {name: value for name, value in values.items() if name[0] != "_"}
    for attribute, argument in TAGGING.items():
        if values.get(attribute) is not None:
            names = [name.strip() for name in values[attribute].split(",")]
            changes[argument] = tags_named(names, caller)
    return cast(GiftCardChanges, changes)


def only_trigger(values: Mapping[str, Any], triggers: Iterable[str]) -> str | None:
    """The one that asks for something. Raises Invalid for a second."""
    asking = [name for name in triggers if values.get(name) is not None and values[name] is not False]
    if len(asking) > 1:
        raise Invalid(
            asking[1], "single_trigger", f"can't be combined with {asking[0]}", value=values[asking[1]]
        )
    return asking[0] if asking else None


def _refuse_strays(values: Mapping[str, Any], trigger: str | None) -> None:
    if trigger == "_balance_change_cents":
        return
    for name in ABOUT_A_BALANCE_CHANGE:
        if values.get(name) is not None:
            raise Invalid(
                name, "missing_trigger", "is only allowed with _balance_change_cents", value=values[name]
            )


def _market(market_id: str | None, caller: Caller) -> Market | None:
    if market_id is None:
        return None
    key: UUID | None = uuid_or_none(market_id)
    market = None if key is None else Market.objects.visible_to(caller).filter(pk=key).first()
    if market is None:
        raise NotFound("markets", market_id)
    return market


def notes_in(values: Mapping[str, Any]) -> NoteChanges:
    """What of a request the shop notes about an authorization or a payment."""
    names = NoteChanges.__optional_keys__
    return cast(NoteChanges, {name: value for name, value in values.items() if name in names})
