"""What gift cards are sold as, under `/api/gift_card_products`."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from rest_framework_json_api.relations import ResourceRelatedField

from access.scopes import Scope
from api.fields import StrictBoolean, StrictChoice, StrictInteger, StrictString, Url
from api.serializers import ResourceSerializer
from api.views import ResourceViewSet
from giftcards import operations
from giftcards.models import Product
from giftcards.operations import ProductChanges
from kernel.caller import Caller
from markets.api.views import asked_to_disable
from markets.models import CodeFormat, Market


class ProductSerializer(ResourceSerializer):
    """It is sold in the `markets` that it names, or everywhere if it names none. A caller restricted to
    certain markets reads those of them that are his."""

    included_serializers: ClassVar[Mapping[str, str]] = {
        "markets": "markets.api.serializers.MarketSerializer",
        "denominations": "giftcards.api.denominations.DenominationSerializer",
    }
    related_serializers: ClassVar[Mapping[str, str]] = {"events": "events.api.serializers.EventSerializer"}

    description = StrictString(required=False, allow_null=True)
    handle = StrictString(
        required=False, allow_null=True, help_text="Its name in addresses: a-z, digits and hyphens."
    )
    image_url = Url(required=False, allow_null=True)
    code_format = StrictChoice(
        choices=CodeFormat.choices,
        required=False,
        allow_null=True,
        help_text="Of the codes of its cards. Null: the market's.",
    )
    validity_months = StrictInteger(
        required=False, allow_null=True, help_text="How long its cards are valid. Null: the market's default."
    )
    markets = ResourceRelatedField(many=True, queryset=Market.objects.all(), required=False)
    denominations = ResourceRelatedField(many=True, read_only=True)
    events = ResourceRelatedField(many=True, read_only=True)
    _disable = StrictBoolean(
        write_only=True, required=False, allow_null=True, help_text="It is not sold any more."
    )
    _enable = StrictBoolean(write_only=True, required=False, allow_null=True, help_text="It is sold again.")

    class Meta(ResourceSerializer.Meta):
        model = Product
        resource_name = "gift_card_products"
        fields = (
            "name",
            "description",
            "handle",
            "image_url",
            "code_format",
            "validity_months",
            "disabled_at",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
            "markets",
            "denominations",
            "events",
            "_disable",
            "_enable",
        )
        read_only_fields = ("disabled_at", "created_at", "updated_at")
        update_only_fields = ("_disable", "_enable")
        triggers = ("_disable", "_enable")
        links_only = ("events",)
        ways_back = {"events": "subject_id"}
        filterable = ("name", "handle", "disabled_at", "reference", "created_at")
        sortable = ("name", "reference", "created_at")


class ProductViewSet(ResourceViewSet):
    """Whoever may issue a card of any value may also say which ones are sold."""

    serializer_class = ProductSerializer
    scopes: ClassVar[Mapping[str, str]] = {
        "read": Scope.READ,
        "create": Scope.ISSUE,
        "update": Scope.ISSUE,
        "delete": Scope.ISSUE,
    }

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        return operations.create_product(caller=caller, attributes=ProductChanges(**values)).pk  # type: ignore[typeddict-item]

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        operations.update_product(
            caller=caller,
            product_id=pk,
            changes=ProductChanges(**{name: value for name, value in values.items() if name[0] != "_"}),  # type: ignore[typeddict-item]
            disabled=asked_to_disable(values),
        )

    def change_members(
        self,
        caller: Caller,
        pk: UUID,
        relationship: str,
        *,
        added: Sequence[Market],
        removed: Sequence[Market],
    ) -> None:
        """Of `markets`: the only relationship to many that is written."""
        changes = ProductChanges(add_markets=added, remove_markets=removed)
        operations.update_product(caller=caller, product_id=pk, changes=changes)

    def delete_resource(self, caller: Caller, pk: UUID) -> None:
        operations.delete_product(caller=caller, product_id=pk)
