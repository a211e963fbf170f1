"""The market as JSON:API sees it: the only declaration of the resource (contract §4)."""

from api.fields import CurrencyCode, StrictBoolean, StrictString, Url
from api.serializers import ResourceSerializer
from markets.models import Market


class MarketSerializer(ResourceSerializer):
    checkout_url = Url(required=False, allow_null=True)
    # Null takes the setting's default.
    currency_code = CurrencyCode(required=False, allow_null=True)
    time_zone = StrictString(required=False, allow_null=True)
    locale = StrictString(required=False, allow_null=True)
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
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
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
