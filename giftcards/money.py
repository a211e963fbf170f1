"""Amounts are integers of a currency's minor units; this module only reads and words them.

ISO 4217 gives the exponent (JPY 0, USD 2, KWD 3, CLF 4). Babel formats, but its own table of decimals is
wrong for money in several currencies, so the pattern's decimals are always set from the exponent.
"""

from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern, parse_pattern
from iso4217 import Currency

MAX_AMOUNT = 10**13
"""Largest amount accepted, in minor units: a JSON number stays exact in JavaScript up to 2**53."""


@lru_cache(maxsize=256)
def exponent(currency_code: str) -> int:
    """Decimals of the currency's major unit. Raises ValueError for an unknown currency."""
    decimals = Currency(currency_code).exponent
    if decimals is None:
        raise ValueError(f"{currency_code} has no minor unit")
    return int(decimals)


def to_float(amount_cents: int, currency_code: str) -> float:
    """Minor units as a float of major units, for display only: the nearest float of the exact decimal."""
    return float(Decimal(amount_cents).scaleb(-exponent(currency_code)))


def format_amount(amount_cents: int, currency_code: str, locale: str) -> str:
    """Minor units worded for a person, for example "1.234,50 €" for 123450 EUR in de_DE."""
    babel_locale, pattern = _currency_pattern(currency_code, locale)
    amount = Decimal(amount_cents).scaleb(-exponent(currency_code))
    return str(pattern.apply(amount, babel_locale, currency=currency_code, currency_digits=False))


@lru_cache(maxsize=1024)
def _currency_pattern(currency_code: str, locale: str) -> tuple[Locale, NumberPattern]:
    babel_locale = Locale.parse(locale.replace("-", "_"))
    pattern = parse_pattern(babel_locale.currency_formats["standard"].pattern)
    decimals = exponent(currency_code)
    pattern.frac_prec = (decimals, decimals)
    return babel_locale, pattern
