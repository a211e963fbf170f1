"""Attachments under `/api/attachments`: notes and addresses of documents beside a card."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from rest_framework_json_api.relations import ResourceRelatedField

from access.scopes import Scope
from api.fields import StrictString, Url
from api.serializers import ResourceSerializer
from api.views import ResourceViewSet
from giftcards import operations
from giftcards.models import Attachment, GiftCard
from giftcards.operations import AttachmentChanges
from kernel.caller import Caller


class AttachmentSerializer(ResourceSerializer):
    """`attachable` may be many things elsewhere; here it is a gift card."""

    included_serializers: ClassVar[Mapping[str, str]] = {
        "attachable": "giftcards.api.serializers.GiftCardSerializer"
    }

    description = StrictString(required=False, allow_null=True)
    url = Url(required=False, allow_null=True)
    attachable = ResourceRelatedField(source="gift_card", queryset=GiftCard.objects.all())

    class Meta(ResourceSerializer.Meta):
        model = Attachment
        resource_name = "attachments"
        fields = (
            "name",
            "description",
            "url",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
            "attachable",
        )
        read_only_fields = ("created_at", "updated_at")
        filterable = ("name", "reference", "reference_origin", "metadata", "created_at", "updated_at")
        sortable = ("name", "reference", "reference_origin", "created_at", "updated_at")


class AttachmentViewSet(ResourceViewSet):
    serializer_class = AttachmentSerializer
    scopes: ClassVar[Mapping[str, str]] = {
        "read": Scope.READ,
        "create": Scope.ISSUE,
        "update": Scope.ISSUE,
        "delete": Scope.ISSUE,
    }

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        return operations.create_attachment(caller=caller, **values).pk

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        changes = AttachmentChanges(**values)  # type: ignore[typeddict-item]
        operations.update_attachment(caller=caller, attachment_id=pk, changes=changes)

    def delete_resource(self, caller: Caller, pk: UUID) -> None:
        operations.delete_attachment(caller=caller, attachment_id=pk)
