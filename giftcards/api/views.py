"""Gift cards under `/api/gift_cards`: each write is one operation call."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast
from uuid import UUID

from rest_framework.request import Request

from access.scopes import Scope
from api.views import ResourceViewSet
from giftcards import operations
from giftcards.api.serializers import GiftCardSerializer
from giftcards.api.triggers import naming, requested_operation, required_scopes
from giftcards.models import Tag
from giftcards.operations import GiftCardChanges
from kernel.caller import Caller
from kernel.secret import Secret


class GiftCardViewSet(ResourceViewSet):
    serializer_class = GiftCardSerializer
    scopes: ClassVar[Mapping[str, str]] = {"read": Scope.READ, "create": Scope.ISSUE, "delete": Scope.ISSUE}

    def required_scope(self, request: Request, values: Mapping[str, Any]) -> str:
        needed = required_scopes(values)
        return next((scope for scope in needed if scope not in self.credential.scopes), needed[0])

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        code = values.pop("code", None)
        card = operations.create_gift_card(
            caller=caller,
            attributes=cast(GiftCardChanges, values),
            code=None if code is None else Secret(code),
        )
        return card.pk

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        with naming(add_tags="_add_tags"):
            requested_operation(values, caller)(caller=caller, card_id=pk)

    def change_members(
        self, caller: Caller, pk: UUID, relationship: str, *, added: Sequence[Tag], removed: Sequence[Tag]
    ) -> None:
        """Of `tags`: the only relationship to many that is written from the card's side."""
        changes = GiftCardChanges(add_tags=added, remove_tags=removed)
        with naming(add_tags=relationship):
            operations.update_gift_card(caller=caller, card_id=pk, changes=changes)

    def delete_resource(self, caller: Caller, pk: UUID) -> None:
        operations.delete_gift_card(caller=caller, card_id=pk)
