"""Refunds under `/api/gift_card_refunds`: the ledger's own entries under another type, with their ids."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from rest_framework_json_api.relations import ResourceRelatedField

from access.scopes import Scope
from api.fields import StrictInteger, StrictString, Timestamp
from api.serializers import ResourceSerializer
from api.views import ResourceViewSet
from giftcards import operations
from giftcards.api.amounts import float_of, formatted
from giftcards.api.triggers import naming
from giftcards.models import LedgerEntry, Refund
from giftcards.operations import Occasion
from kernel.caller import Caller


class RefundSerializer(ResourceSerializer):
    """`transaction` is the debit or capture that it gives back, of which without an amount it is all."""

    included_serializers: ClassVar[Mapping[str, str]] = {
        "transaction": "giftcards.api.transactions.TransactionSerializer",
        "gift_card": "giftcards.api.serializers.GiftCardSerializer",
    }

    amount_cents = StrictInteger(required=False, allow_null=True)
    amount_float = float_of("amount_cents")
    formatted_amount = formatted("amount_cents", locale="gift_card__market__locale")
    reason = StrictString(required=False, allow_null=True)
    reference = StrictString(required=False, allow_null=True)
    order_number = StrictString(required=False, allow_null=True)
    # Every resource has one; an entry never changes.
    updated_at = Timestamp(source="created_at", read_only=True)
    transaction = ResourceRelatedField(source="original", queryset=LedgerEntry.objects.all())

    class Meta(ResourceSerializer.Meta):
        model = Refund
        resource_name = "gift_card_refunds"
        fields = (
            "currency_code",
            "amount_cents",
            "amount_float",
            "formatted_amount",
            "reason",
            "reference",
            "order_number",
            "created_at",
            "updated_at",
            "transaction",
            "gift_card",
        )
        read_only_fields = ("currency_code", "created_at", "gift_card")
        filterable = (
            "currency_code",
            "amount_cents",
            "reason",
            "reference",
            "order_number",
            "created_at",
            "updated_at",
        )
        sortable = ("created_at", "updated_at")


class RefundViewSet(ResourceViewSet):
    serializer_class = RefundSerializer
    scopes: ClassVar[Mapping[str, str]] = {"read": Scope.READ, "create": Scope.SPEND}

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        original: LedgerEntry = values["transaction"]
        with naming(operation="transaction"):
            entry = operations.refund(
                caller=caller,
                transaction_id=original.pk,
                amount_cents=values.get("amount_cents"),
                occasion=Occasion(
                    reason=values.get("reason") or "",
                    reference=values.get("reference"),
                    order_number=values.get("order_number"),
                ),
            )
        return entry.pk
