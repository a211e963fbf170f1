"""A card's two logs, as the contract's §4 words them: the latest 100 changes after issue, oldest first."""

from collections.abc import Mapping
from typing import Final, TypedDict
from uuid import UUID

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


def changes_of(card_ids: list[UUID], credential: Credential) -> Mapping[UUID, list[BalanceChange]]:
    """What both logs are made of, read once."""
    return latest_changes(card_ids)


def balance_log(changes: list[BalanceChange]) -> list[BalanceLine]:
    return [
        {"datetime": timestamp_as_stored(change.created_at), "balance_change_cents": change.amount_cents}
        for change in changes
    ]


def usage_log(changes: list[BalanceChange]) -> dict[str, list[UsageLine]]:
    """By order reference; only what was spent for an order, or given back for one."""
    log: dict[str, list[UsageLine]] = {}
    for change in changes:
        if change.reference and change.kind in USAGE_ACTIONS:
            log.setdefault(change.reference, []).append(
                {
                    "action": USAGE_ACTIONS[change.kind],
                    "amount_cents": change.amount_cents,
                    "balance_cents": change.balance_cents,
                    "order_number": change.order_number,
                    "datetime": timestamp_as_stored(change.created_at),
                }
            )
    return log
