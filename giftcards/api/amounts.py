"""An amount's other two faces: the float of major units, and the text in the market's locale."""

from django.conf import settings

from api.computed import ComputedField
from giftcards import money


def float_of(cents: str) -> ComputedField:
    return ComputedField(columns=(cents, "currency_code"), compute=_float)


def formatted(cents: str, *, locale: str = "market__locale") -> ComputedField:
    return ComputedField(columns=(cents, "currency_code", locale), compute=_formatted)


def _float(amount_cents: int | None, currency_code: str) -> float | None:
    return None if amount_cents is None else money.to_float(amount_cents, currency_code)


def _formatted(amount_cents: int | None, currency_code: str, locale: str | None) -> str | None:
    if amount_cents is None:
        return None
    return money.format_amount(amount_cents, currency_code, locale or settings.GIFTCARDS_DEFAULT_LOCALE)
