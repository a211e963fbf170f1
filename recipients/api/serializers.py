"""The gift card recipient as JSON:API sees it: the only declaration of the resource (contract §4)."""

from api.serializers import ResourceSerializer
from recipients.models import GiftCardRecipient


class RecipientSerializer(ResourceSerializer):
    class Meta(ResourceSerializer.Meta):
        model = GiftCardRecipient
        resource_name = "gift_card_recipients"
        fields = (
            "email",
            "first_name",
            "last_name",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("created_at", "updated_at")
        filterable = (
            "email",
            "first_name",
            "last_name",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
        )
        sortable = ("email", "reference", "created_at", "updated_at")
