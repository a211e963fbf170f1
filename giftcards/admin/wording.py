"""Amounts in words, in the locale of the market: of the card, or of an order, a payment or a batch."""

from typing import Final

from django.conf import settings

from giftcards.models import Batch, GiftCard, Order, Payment, Status
from giftcards.money import exponent, format_amount

STATUS_TONES: Final = {
    Status.DRAFT.value: "default",
    Status.INACTIVE.value: "warning",
    Status.ACTIVE.value: "success",
    Status.REDEEMED.value: "primary",
    "expired": "danger",
    "archived": "default",
}


def worded(amount_cents: int, of: GiftCard | Payment | Order | Batch) -> str:
    locale = of.market.locale if of.market else settings.GIFTCARDS_DEFAULT_LOCALE
    return format_amount(amount_cents, of.currency_code, locale)


def signed(amount_cents: int, of: GiftCard | Payment | Order | Batch) -> str:
    plus = "+" if amount_cents > 0 else ""
    return plus + worded(amount_cents, of)


def minor_units(of: GiftCard | Payment | Order | Batch) -> str:
    """How to type an amount, by example."""
    decimals = exponent(of.currency_code)
    return f"In minor units of {of.currency_code}: {10**decimals} is {worded(10**decimals, of)}."
