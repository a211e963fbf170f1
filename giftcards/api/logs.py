"""A card's two logs, as the contract's §4 words them: the latest 100 changes after issue, oldest first."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Final, NamedTuple, TypedDict
from uuid import UUID

from api.computed import BatchField
from api.credential import Credential
from api.fields import timestamp_as_stored
from giftcards.models import Kind
from giftcards.queries import BalanceChange, latest_changes

USAGE_ACTIONS: Final[Mapping[str, str]] = {Kind.DEBIT: "use", Kind.CAPTURE: "use", Kind.REFUND: "refund"}


class BalanceLine(TypedDict):
    datetime: str
    balance_change_cents: int


class UsageLine(TypedDict):
    action: str
    amount_cents: int
    balance_cents: int
    order_number: str | None
    datetime: str


class Logs(NamedTuple):
    balance: list[BalanceLine]
    usage: dict[str, list[UsageLine]]
    """By order reference; only what was spent for an order, or given back for one."""


def logs_of(card_ids: list[UUID], credential: Credential) -> Mapping[UUID, Logs]:
    return {card_id: _logs(changes) for card_id, changes in latest_changes(card_ids).items()}


def balance_log() -> BatchField:
    return BatchField(load=logs_of, compute=attrgetter("balance"), default=list, returns=list[BalanceLine])


def usage_log() -> BatchField:
    return BatchField(
        load=logs_of, compute=attrgetter("usage"), default=dict, returns=dict[str, list[UsageLine]]
    )


def _logs(changes: list[BalanceChange]) -> Logs:
    logs = Logs([], {})
    for _, created_at, kind, amount_cents, balance_cents, reference, order_number in changes:
        at = timestamp_as_stored(created_at)
        logs.balance.append({"datetime": at, "balance_change_cents": amount_cents})
        if reference and kind in USAGE_ACTIONS:
            use: UsageLine = {
                "action": USAGE_ACTIONS[kind],
                "amount_cents": amount_cents,
                "balance_cents": balance_cents,
                "order_number": order_number,
                "datetime": at,
            }
            logs.usage.setdefault(reference, []).append(use)
    return logs
