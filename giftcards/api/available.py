"""What can be spent of a card now, in its three faces. It goes by the clock, so no column has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from api.computed import BatchField
from api.credential import Credential
from giftcards import money
from giftcards.models import GiftCard
from giftcards.queries import available_balances


@dataclass(frozen=True, slots=True)
class Available:
    """In minor units of the currency; the locale is the market's, or None."""

    cents: int
    currency_code: str
    locale: str | None

    def in_cents(self) -> int:
        return self.cents

    def as_float(self) -> float:
        return money.to_float(self.cents, self.currency_code)

    def formatted(self) -> str:
        return money.format_amount(
            self.cents, self.currency_code, self.locale or settings.GIFTCARDS_DEFAULT_LOCALE
        )


def available_of(card_ids: list[UUID], credential: Credential) -> Mapping[UUID, Available]:
    balances = available_balances(card_ids)
    cards = GiftCard.objects.filter(pk__in=card_ids).values_list("pk", "currency_code", "market__locale")
    return {key: Available(balances[key], currency, locale) for key, currency, locale in cards}


def nothing() -> None:
    """Of a card that was deleted between two statements."""


def available_cents() -> BatchField:
    return BatchField(load=available_of, compute=Available.in_cents, default=nothing)


def available_float() -> BatchField:
    return BatchField(load=available_of, compute=Available.as_float, default=nothing)


def formatted_available() -> BatchField:
    return BatchField(load=available_of, compute=Available.formatted, default=nothing)
