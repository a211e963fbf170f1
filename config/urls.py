"""The only place that knows every app. /admin belongs to the Medusa API; Django's is the back office."""

from django.contrib import admin
from django.urls import include, path

from access.api.oauth import views as oauth
from access.api.views import ApplicationView, OrganizationView
from api.openapi.views import documentation
from api.routers import ResourceRouter, by_type
from config import health
from config.openapi import ABOUT
from events.api.views import EventViewSet
from giftcards.api.attachments import AttachmentViewSet
from giftcards.api.authorizations import AuthorizationViewSet
from giftcards.api.denominations import DenominationViewSet
from giftcards.api.lookups import LookupViewSet
from giftcards.api.orders import OrderViewSet
from giftcards.api.payments import PaymentViewSet
from giftcards.api.products import ProductViewSet
from giftcards.api.refunds import RefundViewSet
from giftcards.api.tags import TagViewSet
from giftcards.api.transactions import TransactionViewSet
from giftcards.api.views import GiftCardViewSet
from markets.api.views import MarketViewSet, PriceListViewSet
from recipients.api.views import RecipientViewSet

router = ResourceRouter()
router.register(GiftCardViewSet)
router.register_create_only(LookupViewSet)
router.register(AuthorizationViewSet)
router.register(RefundViewSet)
router.register(PaymentViewSet)
router.register(OrderViewSet)
router.register(TransactionViewSet)
router.register(MarketViewSet)
router.register(PriceListViewSet)
router.register(RecipientViewSet)
router.register(TagViewSet)
router.register(ProductViewSet)
router.register(DenominationViewSet)
router.register(AttachmentViewSet)
router.register(EventViewSet)
router.register_singleton(OrganizationView)
router.register_singleton(ApplicationView)

# Tried in this order, so what is asked for most stands first.
urlpatterns = [
    by_type("api/", [*router.urls, *documentation(router, ABOUT)]),
    path("healthz/live", health.live),
    path("healthz/ready", health.ready),
    path("oauth/token", oauth.token),
    path("oauth/revoke", oauth.revoke),
    path("oauth/tokeninfo", oauth.token_info),
    path(".well-known/jwks.json", oauth.signing_keys),
    path("", include("medusa.urls")),
    path("back-office/", admin.site.urls),
]
