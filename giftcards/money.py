"""Amounts are integers of a currency's minor units; this module only reads and words them.

ISO 4217 gives the exponent (JPY 0, USD 2, KWD 3, CLF 4). Babel formats, but its own table of decimals is
wrong for money in several currencies, so the pattern's decimals are always set from the exponent.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol, parse_pattern
from iso4217 import Currency

MAX_AMOUNT = 10**13
"""Largest amount accepted, in minor units: a JSON number stays exact in JavaScript up to 2**53."""

THOUSANDS: Final = 3
"""Digits in a group, of most locales."""


@lru_cache(maxsize=256)
def exponent(currency_code: str) -> int:
    """Decimals of the currency's major unit. Raises ValueError for an unknown currency."""
    decimals = Currency(currency_code).exponent
    if decimals is None:
        raise ValueError(f"{currency_code} has no minor unit")
    return int(decimals)


def to_float(amount_cents: int, currency_code: str) -> float:
    """Minor units as a float of major units, for display only: the nearest float of the exact decimal."""
    return amount_cents / _minor_units_of_one(currency_code)


@lru_cache(maxsize=256)
def _minor_units_of_one(currency_code: str) -> int:
    return int(10 ** exponent(currency_code))


@lru_cache(maxsize=4096)
def format_amount(amount_cents: int, currency_code: str, locale: str) -> str:
    """Minor units worded for a person, for example "1.234,50 €" for 123450 EUR in de_DE."""
    return _wording(currency_code, locale).of(amount_cents)


@dataclass(frozen=True, slots=True)
class _Wording:
    """How one locale writes the amounts of one currency: what stands around them, and between the digits.

    Babel tells it once; for each amount anew, it takes longer than all else that is read of a card.
    """

    around_positive: tuple[str, str]
    around_negative: tuple[str, str]
    decimals: int
    decimal_symbol: str
    group_symbol: str
    last_group: int
    """How many digits: of the group before the decimals, and of those before it (India's have two)."""
    other_groups: int

    def of(self, amount_cents: int) -> str:
        before, after = self.around_negative if amount_cents < 0 else self.around_positive
        units, rest = divmod(abs(amount_cents), 10**self.decimals)
        decimals = f"{self.decimal_symbol}{rest:0{self.decimals}d}" if self.decimals else ""
        return f"{before}{self._grouped(units)}{decimals}{after}"

    def _grouped(self, units: int) -> str:
        if self.last_group == self.other_groups == THOUSANDS:
            return f"{units:,}".replace(",", self.group_symbol)
        digits = str(units)
        groups = [digits[-self.last_group :]]
        rest = digits[: -self.last_group]
        while rest:
            groups.insert(0, rest[-self.other_groups :])
            rest = rest[: -self.other_groups]
        return self.group_symbol.join(groups)


@lru_cache(maxsize=1024)
def _wording(currency_code: str, locale: str) -> _Wording:
    babel_locale = Locale.parse(locale.replace("-", "_"))
    pattern = parse_pattern(babel_locale.currency_formats["standard"].pattern)
    decimals = exponent(currency_code)
    pattern.frac_prec = (decimals, decimals)
    decimal_symbol = get_decimal_symbol(babel_locale)
    one = f"1{decimal_symbol}{'0' * decimals}" if decimals else "1"

    def around(amount: int) -> tuple[str, str]:
        worded = pattern.apply(amount, babel_locale, currency=currency_code, currency_digits=False)
        before, _, after = worded.rpartition(one)
        return before, after

    last_group, other_groups = pattern.grouping
    return _Wording(
        around_positive=around(1),
        around_negative=around(-1),
        decimals=decimals,
        decimal_symbol=decimal_symbol,
        group_symbol=get_group_symbol(babel_locale),
        last_group=last_group,
        other_groups=other_groups,
    )
