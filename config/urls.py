"""The only place that knows every app. /admin is left free: it belongs to the Medusa API."""

from django.contrib import admin
from django.urls import include, path

from api.routers import ResourceRouter
from config import health
from giftcards.api.views import GiftCardViewSet
from markets.api.views import MarketViewSet
from recipients.api.views import RecipientViewSet

router = ResourceRouter()
router.register(GiftCardViewSet)
router.register(MarketViewSet)
router.register(RecipientViewSet)

urlpatterns = [
    path("healthz/live", health.live),
    path("healthz/ready", health.ready),
    path("api/", include(router.urls)),
    path("back-office/", admin.site.urls),
]
