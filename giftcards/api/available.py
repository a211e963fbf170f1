"""What can be spent of a card now, in its three faces. It goes by the clock, so no column has it."""

from collections.abc import Mapping
from uuid import UUID

from django.conf import settings

from api.computed import BatchField
from api.credential import Credential
from giftcards import money
from giftcards.queries import Available, availability


def available_cents() -> BatchField:
    return BatchField(load=available_of, compute=_cents, default=nothing)


def available_float() -> BatchField:
    return BatchField(load=available_of, compute=_float, default=nothing)


def formatted_available() -> BatchField:
    return BatchField(load=available_of, compute=_formatted, default=nothing)


def available_of(card_ids: list[UUID], credential: Credential) -> Mapping[UUID, Available]:
    return availability(card_ids)


def nothing() -> None:
    """Of a card that was deleted between two statements."""


def _cents(available: Available) -> int:
    return available.cents


def _float(available: Available) -> float:
    return money.to_float(available.cents, available.currency_code)


def _formatted(available: Available) -> str:
    locale = available.locale or settings.GIFTCARDS_DEFAULT_LOCALE
    return money.format_amount(available.cents, available.currency_code, locale)
