"""The market and its price list as JSON:API sees them: the only declaration of each (contract §4)."""

from collections.abc import Mapping
from typing import ClassVar

from rest_framework_json_api.relations import ResourceRelatedField

from api.fields import CurrencyCode, StrictBoolean, StrictChoice, StrictInteger, StrictString, Url
from api.serializers import ResourceSerializer
from markets.models import CodeFormat, Market


class PriceListSerializer(ResourceSerializer):
    """A mirror of the market: clients read a market's currency as `price_list.currency_code`.

    It is the market's own row under another type, with the market's id. A table of price lists would hold
    nothing of its own, and could disagree.
    """

    class Meta(ResourceSerializer.Meta):
        model = Market
        resource_name = "price_lists"
        fields = (
            "name",
            "code",
            "currency_code",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields
        filterable = fields
        sortable = (
            "name",
            "code",
            "currency_code",
            "reference",
            "reference_origin",
            "created_at",
            "updated_at",
        )


class MarketSerializer(ResourceSerializer):
    included_serializers: ClassVar[Mapping[str, type[ResourceSerializer]]] = {
        "price_list": PriceListSerializer
    }

    checkout_url = Url(required=False, allow_null=True)
    # Null takes the setting's default.
    currency_code = CurrencyCode(required=False, allow_null=True)
    time_zone = StrictString(required=False, allow_null=True)
    locale = StrictString(required=False, allow_null=True)
    code_format = StrictChoice(choices=CodeFormat.choices, required=False, allow_null=True)
    default_validity_months = StrictInteger(required=False, allow_null=True)
    minimum_validity_months = StrictInteger(required=False, allow_null=True)
    cash_out_below_cents = StrictInteger(required=False, allow_null=True)
    price_list = ResourceRelatedField(source="*", read_only=True)
    _disable = StrictBoolean(write_only=True, required=False, allow_null=True)
    _enable = StrictBoolean(write_only=True, required=False, allow_null=True)

    class Meta(ResourceSerializer.Meta):
        model = Market
        resource_name = "markets"
        fields = (
            "number",
            "name",
            "code",
            "checkout_url",
            "private",
            "disabled_at",
            "currency_code",
            "time_zone",
            "locale",
            "code_format",
            "default_validity_months",
            "minimum_validity_months",
            "allows_expiry",
            "keeps_single_use_remainder",
            "cash_out_below_cents",
            "tax_rate",
            "tax_code",
            "gift_cards_taxable",
            "automatic_taxes",
            "tax_provider_id",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
            "price_list",
            "_disable",
            "_enable",
        )
        read_only_fields = ("number", "disabled_at", "created_at", "updated_at")
        update_only_fields = ("_disable", "_enable")
        triggers = ("_disable", "_enable")
        filterable = (
            "number",
            "name",
            "code",
            "private",
            "disabled_at",
            "currency_code",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
        )
        sortable = (
            "number",
            "name",
            "code",
            "disabled_at",
            "currency_code",
            "reference",
            "reference_origin",
            "created_at",
            "updated_at",
        )
