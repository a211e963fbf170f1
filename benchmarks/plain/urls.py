from django.urls import include, path
from rest_framework.routers import DefaultRouter

from benchmarks.plain.views import GiftCardViewSet, MarketViewSet, RecipientViewSet

router = DefaultRouter(trailing_slash=False)
router.register("gift_cards", GiftCardViewSet)
router.register("markets", MarketViewSet)
router.register("gift_card_recipients", RecipientViewSet)

urlpatterns = [path("api/", include(router.urls))]
