"""Tags under `/api/tags`: the merchant's list of words. A card carries them by its relationship `tags`."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from access.scopes import Scope
from api.serializers import ResourceSerializer
from api.views import ResourceViewSet
from giftcards import operations
from giftcards.models import Tag
from giftcards.operations import TagChanges
from kernel.caller import Caller


class TagSerializer(ResourceSerializer):
    class Meta(ResourceSerializer.Meta):
        model = Tag
        resource_name = "tags"
        fields = ("name", "reference", "reference_origin", "metadata", "created_at", "updated_at")
        read_only_fields = ("created_at", "updated_at")
        filterable = fields
        sortable = ("name", "reference", "reference_origin", "created_at", "updated_at")


class TagViewSet(ResourceViewSet):
    """Whoever may issue cards may also sort them."""

    serializer_class = TagSerializer
    scopes: ClassVar[Mapping[str, str]] = {
        "read": Scope.READ,
        "create": Scope.ISSUE,
        "update": Scope.ISSUE,
        "delete": Scope.ISSUE,
    }

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        return operations.create_tag(caller=caller, **values).pk

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        changes = TagChanges(**values)  # type: ignore[typeddict-item]
        operations.update_tag(caller=caller, tag_id=pk, changes=changes)

    def delete_resource(self, caller: Caller, pk: UUID) -> None:
        operations.delete_tag(caller=caller, tag_id=pk)
