"""What the list of cards can be narrowed by, beside plain columns."""

from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest

from giftcards.models import GiftCard
from giftcards.queries import currencies_of_cards
from kernel.clock import database_now


class CurrencyFilter(admin.SimpleListFilter):
    title = "currency"
    parameter_name = "currency_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in currencies_of_cards()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GiftCard]) -> QuerySet[GiftCard]:
        return queryset.filter(currency_code=self.value()) if self.value() else queryset


class ExpiredFilter(admin.SimpleListFilter):
    title = "expiry"
    parameter_name = "expiry"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("expired", "Expired"), ("valid", "Valid"), ("never", "Never expires")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GiftCard]) -> QuerySet[GiftCard]:
        if self.value() is None:
            return queryset
        expired = Q(expires_at__lte=F("test_clock_at")) | Q(
            test_clock_at=None, expires_at__lte=database_now()
        )
        never = Q(expires_at=None)
        wanted = {"expired": expired, "valid": never | ~expired, "never": never}
        return queryset.filter(wanted.get(self.value() or "", Q()))


class ArchivedFilter(admin.SimpleListFilter):
    title = "archive"
    parameter_name = "archive"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("without", "Not archived"), ("only", "Archived")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GiftCard]) -> QuerySet[GiftCard]:
        wanted = {"without": Q(archived_at=None), "only": Q(archived_at__isnull=False)}
        return queryset.filter(wanted.get(self.value() or "", Q()))
