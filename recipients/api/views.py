"""Recipients under `/api/gift_card_recipients`: each write is one operation call."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from access.scopes import Scope
from api.views import ResourceViewSet
from kernel.caller import Caller
from recipients import operations
from recipients.api.serializers import RecipientSerializer
from recipients.operations import RecipientChanges


class RecipientViewSet(ResourceViewSet):
    """Whoever may issue cards may also say for whom: a card's `recipient_email` creates recipients too."""

    serializer_class = RecipientSerializer
    scopes: ClassVar[Mapping[str, str]] = {
        "read": Scope.READ,
        "create": Scope.ISSUE,
        "update": Scope.ISSUE,
        "delete": Scope.ISSUE,
    }

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        return operations.create_recipient(caller=caller, **values).pk

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        changes = RecipientChanges(**values)  # type: ignore[typeddict-item]
        operations.update_recipient(caller=caller, recipient_id=pk, changes=changes)

    def delete_resource(self, caller: Caller, pk: UUID) -> None:
        operations.delete_recipient(caller=caller, recipient_id=pk)
