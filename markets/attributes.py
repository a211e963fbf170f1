"""A market's attributes, and what each must be."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypedDict
from zoneinfo import available_timezones

import iso4217
from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from kernel.refusals import Invalid
from kernel.validation import RESOURCE_CHECKS, Check, boolean, optional_text, required_text, storable_text
from markets.models import CodeFormat, Market

LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(_[A-Za-z0-9]{2,8}){0,3}")
"""Babel would also take what follows a dot or an at sign, as in `en_US.UTF-8`."""

LONGEST_VALIDITY: Final = 1200
"""In months: a hundred years, so that every card's last day can be counted."""

LARGEST_AMOUNT: Final = 10**13
"""In minor units, as for every other amount."""


LARGEST_RATE: Final = 999
"""In percent. There are taxes of several hundred."""

SMALLEST_RATE_STEP: Final = Decimal("0.0001")


class MarketChanges(TypedDict, total=False):
    """Only the keys that are present are changed. None takes the setting's default or empties it."""

    name: str
    code: str | None
    checkout_url: str | None
    private: bool
    currency_code: str | None
    time_zone: str | None
    locale: str | None
    code_format: str | None
    default_validity_months: int | None
    minimum_validity_months: int | None
    allows_expiry: bool
    keeps_single_use_remainder: bool
    cash_out_below_cents: int | None
    tax_rate: Decimal | None
    tax_code: str | None
    gift_cards_taxable: bool
    automatic_taxes: bool
    tax_provider_id: str | None
    reference: str | None
    reference_origin: str | None
    metadata: dict[str, Any] | None


NEW_MARKET: Final[Mapping[str, Any]] = {
    "name": None,
    "code": None,
    "checkout_url": None,
    "private": False,
    "currency_code": None,
    "time_zone": None,
    "locale": None,
    "code_format": None,
    "default_validity_months": None,
    "minimum_validity_months": None,
    "allows_expiry": True,
    "keeps_single_use_remainder": True,
    "cash_out_below_cents": None,
    "tax_rate": None,
    "tax_code": None,
    "gift_cards_taxable": True,
    "automatic_taxes": True,
    "tax_provider_id": None,
    "reference": None,
    "reference_origin": None,
    "metadata": None,
}
"""What a market is made of where nothing else is said; without a name it is refused."""


def web_address(about: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    address = storable_text(about, value, longest=2048)
    try:
        URLValidator(schemes=["http", "https"])(address)
    except ValidationError:
        raise Invalid(about, "invalid", "is invalid", value=value) from None
    return address


def currency(about: str, value: Any) -> str:
    code = storable_text(about, value or settings.GIFTCARDS_DEFAULT_CURRENCY)
    try:
        known = iso4217.Currency(code).exponent is not None  # gold and test codes have none: no money in them
    except ValueError:
        known = False
    if not known:
        raise Invalid(about, "inclusion", "is not included in the list", value=value)
    return code


def time_zone(about: str, value: Any) -> str:
    name = storable_text(about, value or settings.GIFTCARDS_TIME_ZONE)
    if name not in _time_zones():
        raise Invalid(about, "inclusion", "is not included in the list", value=value)
    return name


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())  # walks a folder: once is enough


def locale(about: str, value: Any) -> str:
    """Kept as Babel writes it, `en_US`; clients may write `en-US`."""
    name = storable_text(about, value or settings.GIFTCARDS_DEFAULT_LOCALE).replace("-", "_")
    if not LOCALE.fullmatch(name) or not _is_known_locale(name):
        raise Invalid(about, "inclusion", "is not included in the list", value=value)
    return name


def _is_known_locale(name: str) -> bool:
    try:
        Locale.parse(name)
    except (ValueError, UnknownLocaleError):
        return False
    return True


def code_format(about: str, value: Any) -> str:
    name = storable_text(about, value or CodeFormat.UUID.value)
    if name not in CodeFormat.values:
        raise Invalid(about, "inclusion", "is not included in the list", value=value)
    return name


def months(about: str, value: Any) -> int | None:
    return _positive(about, value, largest=LONGEST_VALIDITY)


def threshold(about: str, value: Any) -> int | None:
    return _positive(about, value, largest=LARGEST_AMOUNT)


def _positive(about: str, value: Any, *, largest: int) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise Invalid(about, "not_an_integer", "must be an integer", value=value)
    if value < 1:
        raise Invalid(
            about, "greater_than_or_equal_to", "must be greater than or equal to 1", value=value, count=1
        )
    if value > largest:
        sentence = f"must be less than or equal to {largest}"
        raise Invalid(about, "less_than_or_equal_to", sentence, value=value, count=largest)
    return value


def tax_rate(about: str, value: Any) -> Decimal | None:
    """A percentage, with the four decimals that its column has."""
    if value is None:
        return None
    if not isinstance(value, int | Decimal) or isinstance(value, bool) or not Decimal(value).is_finite():
        raise Invalid(about, "not_a_number", "is not a number", value=str(value))
    if value < 0:
        sentence = "must be greater than or equal to 0"
        raise Invalid(about, "greater_than_or_equal_to", sentence, value=str(value), count=0)
    if value > LARGEST_RATE:
        sentence = f"must be less than or equal to {LARGEST_RATE}"
        raise Invalid(about, "less_than_or_equal_to", sentence, value=str(value), count=LARGEST_RATE)
    rate = Decimal(value).quantize(SMALLEST_RATE_STEP)
    if rate != value:
        raise Invalid(about, "too_precise", "can have at most 4 decimals", value=str(value), count=4)
    return rate


def require_coherent_policy(market: Market) -> None:
    """Raises Invalid where one rule of the market forbids what another one gives."""
    given, minimum = market.default_validity_months, market.minimum_validity_months
    if given is None:
        return
    if not market.allows_expiry:
        raise Invalid(
            "default_validity_months",
            "expiry_not_allowed",
            "can't be set while allows_expiry is false",
            value=given,
        )
    if minimum is not None and given < minimum:
        raise Invalid(
            "default_validity_months",
            "minimum_validity",
            f"must be at least minimum_validity_months ({minimum})",
            value=given,
            count=minimum,
        )


MARKET_CHECKS: Final[Mapping[str, Check]] = {
    "name": required_text,
    "code": optional_text,
    "checkout_url": web_address,
    "private": boolean,
    "currency_code": currency,
    "time_zone": time_zone,
    "locale": locale,
    "code_format": code_format,
    "default_validity_months": months,
    "minimum_validity_months": months,
    "allows_expiry": boolean,
    "keeps_single_use_remainder": boolean,
    "cash_out_below_cents": threshold,
    "tax_rate": tax_rate,
    "tax_code": optional_text,
    "gift_cards_taxable": boolean,
    "automatic_taxes": boolean,
    "tax_provider_id": optional_text,
    **RESOURCE_CHECKS,
}
