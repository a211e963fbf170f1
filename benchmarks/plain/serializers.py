from typing import Any, ClassVar

from rest_framework_json_api import serializers

from giftcards import operations
from giftcards.models import GiftCard
from giftcards.operations import Occasion
from kernel.caller import Caller
from markets.models import Market
from recipients.models import GiftCardRecipient


class MarketSerializer(serializers.ModelSerializer):  # type: ignore[misc]
    class Meta:
        model = Market
        resource_name = "markets"
        fields = ("name", "code", "currency_code", "time_zone", "locale", "created_at", "updated_at")


class RecipientSerializer(serializers.ModelSerializer):  # type: ignore[misc]
    class Meta:
        model = GiftCardRecipient
        resource_name = "gift_card_recipients"
        fields = ("email", "first_name", "last_name", "metadata", "created_at", "updated_at")


class GiftCardSerializer(serializers.ModelSerializer):  # type: ignore[misc]
    """The card's columns, without what the service computes from them: it favours the plain side."""

    included_serializers: ClassVar[dict[str, type]] = {
        "market": MarketSerializer,
        "gift_card_recipient": RecipientSerializer,
    }
    _balance_change_cents = serializers.IntegerField(write_only=True, required=False)
    _reference = serializers.CharField(write_only=True, required=False)

    class Meta:
        model = GiftCard
        resource_name = "gift_cards"
        fields = (
            "status",
            "currency_code",
            "initial_balance_cents",
            "balance_cents",
            "balance_max_cents",
            "single_use",
            "rechargeable",
            "distribute_discount",
            "image_url",
            "expires_at",
            "test_clock_at",
            "archived_at",
            "reference",
            "reference_origin",
            "metadata",
            "created_at",
            "updated_at",
            "market",
            "gift_card_recipient",
            "_balance_change_cents",
            "_reference",
        )
        read_only_fields = ("status", "currency_code", "initial_balance_cents", "archived_at")

    def create(self, validated_data: dict[str, Any]) -> GiftCard:
        return operations.create_gift_card(caller=self._caller, attributes=validated_data)  # type: ignore[arg-type]

    def update(self, instance: GiftCard, validated_data: dict[str, Any]) -> GiftCard:
        return operations.change_balance(
            caller=self._caller,
            card_id=instance.pk,
            amount_cents=validated_data["_balance_change_cents"],
            occasion=Occasion(reference=validated_data.get("_reference")),
        )

    @property
    def _caller(self) -> Caller:
        caller: Caller = self.context["request"].auth.caller
        return caller
