"""An API key's public half, its client id, as a publishable key: it may stand in a shop's pages, says in
which mode and markets its bearer looks, and permits nothing."""

from dataclasses import dataclass
from uuid import UUID

from access.models import ApiKey, ApiKeyMarket
from kernel.modes import Mode


@dataclass(frozen=True, slots=True)
class Reach:
    mode: Mode
    market_ids: frozenset[UUID] | None


def reach_of_publishable_key(client_id: str) -> Reach | None:
    """None if there is no such key, or it is revoked or has expired."""
    if not client_id.isprintable():
        return None
    key = ApiKey.objects.usable().filter(client_id=client_id).only("id", "mode").first()
    if key is None:
        return None
    market_ids = ApiKeyMarket.objects.filter(api_key=key).values_list("market_id", flat=True)
    return Reach(Mode(key.mode), frozenset(market_ids) or None)
