"""What a key may do. A view names the scope it asks for; a key carries the scopes it was given."""

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    READ = "gift_cards:read"
    ISSUE = "gift_cards:issue"
    SPEND = "gift_cards:spend"
    RECHARGE = "gift_cards:recharge"
    ADJUST = "gift_cards:adjust"
    REVEAL_CODES = "codes:reveal"
    ADMIN = "admin"


EVERY_SCOPE = tuple(scope.value for scope in Scope)


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    return [scope for scope in scopes if scope not in EVERY_SCOPE]
