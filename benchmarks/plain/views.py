from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework_json_api.views import ModelViewSet

from benchmarks.plain.serializers import GiftCardSerializer, MarketSerializer, RecipientSerializer
from giftcards.models import GiftCard
from markets.models import Market
from recipients.models import GiftCardRecipient


class GiftCardViewSet(ModelViewSet):  # type: ignore[misc]
    serializer_class = GiftCardSerializer
    queryset = GiftCard.objects.order_by("-pk")
    ordering_fields = ("id",)
    # As DJA's documentation advises against one query for each row.
    select_for_includes: ClassVar[dict[str, list[str]]] = {
        "market": ["market"],
        "gift_card_recipient": ["gift_card_recipient"],
    }

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset()
        return rows.filter(mode=self.request.auth.caller.mode)


class MarketViewSet(ModelViewSet):  # type: ignore[misc]
    serializer_class = MarketSerializer
    queryset = Market.objects.order_by("-pk")


class RecipientViewSet(ModelViewSet):  # type: ignore[misc]
    serializer_class = RecipientSerializer
    queryset = GiftCardRecipient.objects.order_by("-pk")
