"""What a market's rules say about the validity of its cards. The rules are columns of the market, so that a
merchant writes down what holds in his place; no jurisdiction is named in the program.

| column | null or its default | else |
|---|---|---|
| `default_validity_months` | no expiry | a card purchased without one expires so many months later |
| `minimum_validity_months` | none | no card expires sooner after its issue |
| `allows_expiry` | true | false: no card expires |
| `keeps_single_use_remainder` | true | false: what is left of a single-use card is given up with its use |
| `cash_out_below_cents` | no cash-out | what is left is paid out while it is less |
"""

from datetime import datetime

from giftcards.exceptions import ExpiryNotAllowed, TooShortValidity
from giftcards.expiry import earliest_end, end_of_validity
from kernel.refusals import Invalid
from markets.models import Market


def expiry_by_default(market: Market, issued_at: datetime) -> datetime | None:
    """Raises Invalid for a day that no calendar has."""
    return expiry_after(market.default_validity_months, market, issued_at)


def expiry_after(months: int | None, market: Market, issued_at: datetime) -> datetime | None:
    """The end of the day `months` after the issue, in the market's time zone; None without months. Raises
    Invalid for a day that no calendar has."""
    if months is None:
        return None
    try:
        return end_of_validity(issued_at, months, market.time_zone)
    except OverflowError:
        raise Invalid("expires_at", "invalid", "is out of range") from None


def require_lawful_expiry(market: Market, expires_at: datetime, issued_at: datetime, *, about: str) -> None:
    """`about` is what somebody changed: `expires_at`, or the `market`. Raises ExpiryNotAllowed,
    TooShortValidity."""
    if not market.allows_expiry:
        raise ExpiryNotAllowed(about, market.name)
    months = market.minimum_validity_months
    if months is not None and not _reaches(expires_at, issued_at, months, market.time_zone):
        raise TooShortValidity(about, market.name, months)


def require_lawful_validity(market: Market, months: int | None, *, about: str) -> None:
    """Of cards that are to be issued, valid for so many months; None: for ever. Raises ExpiryNotAllowed,
    TooShortValidity."""
    if months is None:
        return
    if not market.allows_expiry:
        raise ExpiryNotAllowed(about, market.name)
    minimum = market.minimum_validity_months
    if minimum is not None and months < minimum:
        raise TooShortValidity(about, market.name, minimum)


def gives_up_remainder(market: Market | None) -> bool:
    """Of single-use cards."""
    return market is not None and not market.keeps_single_use_remainder


def _reaches(expires_at: datetime, issued_at: datetime, months: int, time_zone: str) -> bool:
    try:
        return expires_at >= earliest_end(issued_at, months, time_zone)
    except OverflowError:
        return False
