"""Amounts in words, in the locale of the card's market."""

from typing import Final

from django.conf import settings

from giftcards.models import GiftCard, Status
from giftcards.money import exponent, format_amount

STATUS_TONES: Final = {
    Status.DRAFT.value: "default",
    Status.INACTIVE.value: "warning",
    Status.ACTIVE.value: "success",
    Status.REDEEMED.value: "primary",
    "expired": "danger",
}


def worded(amount_cents: int, card: GiftCard) -> str:
    locale = card.market.locale if card.market else settings.GIFTCARDS_DEFAULT_LOCALE
    return format_amount(amount_cents, card.currency_code, locale)


def signed(amount_cents: int, card: GiftCard) -> str:
    plus = "+" if amount_cents > 0 else ""
    return plus + worded(amount_cents, card)


def minor_units(card: GiftCard) -> str:
    """How to type an amount, by example."""
    decimals = exponent(card.currency_code)
    return f"In minor units of {card.currency_code}: {10**decimals} is {worded(10**decimals, card)}."
