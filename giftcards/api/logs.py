"""A card's two logs, as the contract's §4 words them: the latest 100 changes after issue, oldest first."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from api.credential import Credential
from api.fields import timestamp_text
from giftcards.models import Kind
from giftcards.queries import BalanceChange, latest_changes

USAGE_ACTIONS: Final[Mapping[Kind, str]] = {Kind.DEBIT: "use", Kind.CAPTURE: "use", Kind.REFUND: "refund"}


def changes_of(card_ids: list[UUID], credential: Credential) -> Mapping[UUID, list[BalanceChange]]:
    """What both logs are made of, read once."""
    return latest_changes(card_ids)


def balance_log(changes: list[BalanceChange]) -> list[dict[str, Any]]:
    return [
        {"datetime": timestamp_text(change.created_at), "balance_change_cents": change.amount_cents}
        for change in changes
    ]


def usage_log(changes: list[BalanceChange]) -> dict[str, list[dict[str, Any]]]:
    """By order reference; only what was spent for an order, or given back for one."""
    log: dict[str, list[dict[str, Any]]] = {}
    for change in changes:
        if change.reference and change.kind in USAGE_ACTIONS:
            log.setdefault(change.reference, []).append(
                {
                    "action": USAGE_ACTIONS[change.kind],
                    "amount_cents": change.amount_cents,
                    "balance_cents": change.balance_cents,
                    "order_number": change.order_number,
                    "datetime": timestamp_text(change.created_at),
                }
            )
    return log
