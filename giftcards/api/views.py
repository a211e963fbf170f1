"""Gift cards under `/api/gift_cards`: each write is one operation call."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request

from access.scopes import Scope
from api.views import ResourceViewSet
from giftcards import operations
from giftcards.api.serializers import GiftCardSerializer
from giftcards.api.triggers import requested_operation, required_scopes
from kernel.caller import Caller
from kernel.secret import Secret


class GiftCardViewSet(ResourceViewSet):
    serializer_class = GiftCardSerializer
    scopes: ClassVar[Mapping[str, str]] = {"read": Scope.READ, "create": Scope.ISSUE, "delete": Scope.ISSUE}

    def required_scope(self, request: Request, values: Mapping[str, Any]) -> str:
        needed = required_scopes(values)
        return next((scope for scope in needed if scope not in request.auth.scopes), needed[0])

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        code = values.pop("code", None)
        card = operations.create_gift_card(
            caller=caller, attributes=values, code=None if code is None else Secret(code)
        )
        return card.pk

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        requested_operation(values, caller)(caller=caller, card_id=pk)

    def delete_resource(self, caller: Caller, pk: UUID) -> None:
        operations.delete_gift_card(caller=caller, card_id=pk)
