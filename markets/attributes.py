"""A market's attributes, and what each must be."""

import re
from collections.abc import Mapping
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
from markets.models import CodeFormat

LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(_[A-Za-z0-9]{2,8}){0,3}")
"""Babel would also take what follows a dot or an at sign, as in `en_US.UTF-8`."""


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
    reference: str | None
    reference_origin: str | None
    metadata: dict[str, Any] | None


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


MARKET_CHECKS: Final[Mapping[str, Check]] = {
    "name": required_text,
    "code": optional_text,
    "checkout_url": web_address,
    "private": boolean,
    "currency_code": currency,
    "time_zone": time_zone,
    "locale": locale,
    "code_format": code_format,
    **RESOURCE_CHECKS,
}
