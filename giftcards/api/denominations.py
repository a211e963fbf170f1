"""The values that products come in, under `/api/gift_card_denominations`."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from rest_framework_json_api.relations import ResourceRelatedField

from access.scopes import Scope
from api.fields import Metadata, StrictBoolean, Url
from api.serializers import ResourceSerializer
from api.views import ResourceViewSet
from giftcards import operations
from giftcards.models import Denomination, Product
from giftcards.operations import DenominationChanges
from kernel.caller import Caller
from markets.api.views import asked_to_disable


class DenominationSerializer(ResourceSerializer):
    """One of a product's values. It is sold where the product is and where it has an amount in the market's
    currency. Once it was sold it cannot be deleted, only disabled."""

    included_serializers: ClassVar[Mapping[str, str]] = {
        "product": "giftcards.api.products.ProductSerializer",
    }
    related_serializers: ClassVar[Mapping[str, str]] = {"events": "events.api.serializers.EventSerializer"}

    amounts = Metadata(
        help_text='Minor units by currency, above 0: `{"USD": 2500, "EUR": 2300}`. Replaced as a whole.'
    )
    image_url = Url(required=False, allow_null=True, help_text="Null: the product's.")
    product = ResourceRelatedField(queryset=Product.objects.all())
    events = ResourceRelatedField(many=True, read_only=True)
    _disable = StrictBoolean(
        write_only=True, required=False, allow_null=True, help_text="It is not sold any more."
    )
    _enable = StrictBoolean(write_only=True, required=False, allow_null=True, help_text="It is sold again.")

    class Meta(ResourceSerializer.Meta):
        model = Denomination
        resource_name = "gift_card_denominations"
        fields = (
            "name",
            "amounts",
            "image_url",
            "disabled_at",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
            "product",
            "events",
            "_disable",
            "_enable",
        )
        read_only_fields = ("disabled_at", "created_at", "updated_at")
        create_only_fields = ("product",)
        update_only_fields = ("_disable", "_enable")
        triggers = ("_disable", "_enable")
        links_only = ("events",)
        ways_back = {"events": "subject_id"}
        filterable = ("disabled_at", "reference", "created_at")
        sortable = ("reference", "created_at")


class DenominationViewSet(ResourceViewSet):
    serializer_class = DenominationSerializer
    scopes: ClassVar[Mapping[str, str]] = {
        "read": Scope.READ,
        "create": Scope.ISSUE,
        "update": Scope.ISSUE,
        "delete": Scope.ISSUE,
    }

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        product = values.pop("product")
        attributes = DenominationChanges(**values)  # type: ignore[typeddict-item]
        return operations.create_denomination(caller=caller, product=product, attributes=attributes).pk

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        operations.update_denomination(
            caller=caller,
            denomination_id=pk,
            changes=DenominationChanges(
                **{name: value for name, value in values.items() if name[0] != "_"}  # type: ignore[typeddict-item]
            ),
            disabled=asked_to_disable(values),
        )

    def delete_resource(self, caller: Caller, pk: UUID) -> None:
        operations.delete_denomination(caller=caller, denomination_id=pk)
