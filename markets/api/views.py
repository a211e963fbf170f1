"""Markets under `/api/markets`, each write one operation call; their price lists under `/api/price_lists`."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from access.scopes import Scope
from api.views import ResourceViewSet
from kernel.caller import Caller
from kernel.refusals import Invalid
from markets import operations
from markets.api.serializers import MarketSerializer, PriceListSerializer
from markets.attributes import MarketChanges


class MarketViewSet(ResourceViewSet):
    serializer_class = MarketSerializer
    scopes: ClassVar[Mapping[str, str]] = {
        "read": Scope.READ,
        "create": Scope.ADMIN,
        "update": Scope.ADMIN,
        "delete": Scope.ADMIN,
    }

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        return operations.create_market(caller=caller, **values).pk

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        operations.update_market(
            caller=caller,
            market_id=pk,
            changes=MarketChanges(**{name: value for name, value in values.items() if name[0] != "_"}),  # type: ignore[typeddict-item]
            disabled=asked_to_disable(values),
        )

    def delete_resource(self, caller: Caller, pk: UUID) -> None:
        operations.delete_market(caller=caller, market_id=pk)


class PriceListViewSet(ResourceViewSet):
    """Read only: a market's currency is changed at the market."""

    serializer_class = PriceListSerializer
    scopes: ClassVar[Mapping[str, str]] = {"read": Scope.READ}


def asked_to_disable(values: Mapping[str, Any]) -> bool | None:
    """A trigger that is false or null asks for nothing; only one may ask (contract §5)."""
    if values.get("_disable") and values.get("_enable"):
        raise Invalid("_enable", "single_trigger", "can't be combined with _disable", value=True)
    if values.get("_disable"):
        return True
    return False if values.get("_enable") else None
