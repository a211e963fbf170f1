"""What can be spent of a card now, in its three faces. It goes by the clock, so no column has it."""

from typing import Final

from django.conf import settings

from api.computed import ComputedField, Derived
from giftcards import money
from giftcards.queries import available_now

AVAILABLE_CENTS: Final = Derived(available_now)


def available_cents() -> ComputedField:
    return ComputedField(columns=(AVAILABLE_CENTS,), compute=_cents)


def available_float() -> ComputedField:
    return ComputedField(columns=(AVAILABLE_CENTS, "currency_code"), compute=money.to_float)


def formatted_available() -> ComputedField:
    return ComputedField(columns=(AVAILABLE_CENTS, "currency_code", "market__locale"), compute=_formatted)


def _cents(amount_cents: int) -> int:
    return amount_cents


def _formatted(amount_cents: int, currency_code: str, locale: str | None) -> str:
    return money.format_amount(amount_cents, currency_code, locale or settings.GIFTCARDS_DEFAULT_LOCALE)
