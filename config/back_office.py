"""How the back office looks, and what its sidebar leads to."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def environment(request: HttpRequest) -> list[str] | None:
    """The badge in the header: whoever sees one is not in production."""
    if settings.DEBUG:
        return ["Debug", "danger"]
    if settings.INSECURE_HTTP:
        return ["Local", "info"]
    return None


def _may_view(app: str, model: str) -> Callable[[HttpRequest], bool]:
    return lambda request: any(request.user.has_perm(f"{app}.{verb}_{model}") for verb in ("view", "change"))


def _page(title: str, icon: str, app: str, model: str) -> dict[str, Any]:
    link = reverse_lazy(f"admin:{app}_{model}_changelist")
    return {"title": title, "icon": icon, "link": link, "permission": _may_view(app, model)}


THEME: dict[str, Any] = {
    "SITE_TITLE": "Gift cards",
    "SITE_HEADER": "Gift cards",
    "SITE_SUBHEADER": "Back office",
    "SITE_SYMBOL": "redeem",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("back_office/mark.svg")}
    ],
    # The events on each page tell more than Django's own history, and can't be edited.
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "config.back_office.environment",
    "STYLES": [lambda request: static("back_office/back_office.css")],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.7)",
            "100": "oklch(95.3% .051 180.8)",
            "200": "oklch(91% .096 180.4)",
            "300": "oklch(85.5% .138 181.1)",
            "400": "oklch(77.7% .152 181.9)",
            "500": "oklch(60% .118 184.7)",
            "600": "oklch(51.1% .096 186.4)",
            "700": "oklch(43.7% .078 188.2)",
            "800": "oklch(38.6% .063 188.4)",
            "900": "oklch(32% .055 188.4)",
            "950": "oklch(27.7% .046 192.5)",
        },
    },
    "SIDEBAR": {
        "navigation": [
            {
                "title": "Gift cards",
                "items": [
                    _page("Gift cards", "redeem", "giftcards", "giftcard"),
                    _page("Ledger", "receipt_long", "giftcards", "ledgerentry"),
                    _page("Authorizations", "lock_clock", "giftcards", "authorization"),
                    _page("Orders", "shopping_bag", "giftcards", "order"),
                    _page("Payments", "payments", "giftcards", "payment"),
                    _page("Recipients", "person", "recipients", "giftcardrecipient"),
                    _page("Markets", "storefront", "markets", "market"),
                    _page("Products", "shopping_bag", "giftcards", "product"),
                    _page("Tags", "sell", "giftcards", "tag"),
                ],
            },
            {
                "title": "Access",
                "items": [
                    _page("API keys", "key", "access", "apikey"),
                    _page("Applications", "terminal", "access", "application"),
                    _page("Users", "badge", "access", "user"),
                    _page("Groups", "group", "auth", "group"),
                    _page("Organization", "domain", "access", "organization"),
                ],
            },
            {
                "title": "Records",
                "items": [
                    _page("Events", "history", "events", "event"),
                    _page("Batches", "library_add", "giftcards", "batch"),
                    _page("Verifications", "fact_check", "giftcards", "verification"),
                    {
                        "title": "Wipe test data",
                        "icon": "delete_sweep",
                        "link": reverse_lazy("admin:giftcards_wipe_test_data"),
                        "permission": lambda request: request.user.is_superuser,
                    },
                ],
            },
        ],
    },
}
