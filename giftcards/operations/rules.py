"""The questions every verb asks before it posts. Each raises the refusal that answers it."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Q
from django_fsm import TransitionNotAllowed

from giftcards.exceptions import (
    AboveMaximumBalance,
    AlreadyUsed,
    Archived,
    Expired,
    InvalidTransition,
    MarketDisabled,
    NotRechargeable,
    OtherMarket,
)
from giftcards.models import GiftCard, Kind
from giftcards.models.ledger import SPENDING
from giftcards.money import MAX_AMOUNT
from kernel.clock import database_now
from kernel.refusals import OPERATION, Invalid
from markets.models import Market


def require_transition(card: GiftCard, verb: Callable[[], None]) -> None:
    """Ask the state machine, and let it take the card to the verb's target."""
    try:
        verb()
    except TransitionNotAllowed:
        raise InvalidTransition(card.status) from None


def require_in_circulation(card: GiftCard) -> None:
    """What begins something new with a card asks this; what ends something, like a capture or a refund, does
    not."""
    if card.is_archived:
        raise Archived
    if card.market is not None and card.market.disabled_at is not None:
        raise MarketDisabled


def now_for(card: GiftCard) -> datetime:
    """What the card's rules take for now: the database's clock, unless a test card has one of its own."""
    return card.test_clock_at or database_now()


def require_unexpired(card: GiftCard) -> None:
    """The clock is asked only when there is a date to compare with."""
    if card.expires_at is not None and card.is_expired(now_for(card)):
        raise Expired


def require_spendable_in(card: GiftCard, market: Market | None) -> None:
    """A shop may say in which market it takes the card; a card restricted to a market is taken there only."""
    if market is None:
        return
    if market.disabled_at is not None:
        raise MarketDisabled("spent_in")
    if card.market_id not in {None, market.id}:
        raise OtherMarket(market.id)
    if card.currency_code != market.currency_code:
        raise Invalid(
            "spent_in",
            "currency_mismatch",
            f"sells in {market.currency_code}, the gift card is in {card.currency_code}",
            value=str(market.id),
        )


def require_unused(card: GiftCard) -> None:
    """A single-use card that was captured from while switched off stays off, until money comes back.

    A debit tells nothing: of a single-use card it would have redeemed it, so it came before.
    """
    if not card.single_use:
        return
    telling = card.ledger_entries.filter(Q(kind__in=SPENDING) | Q(amount_cents__gt=0))
    if telling.order_by("-sequence").values_list("kind", flat=True).first() == Kind.CAPTURE:
        raise AlreadyUsed


def require_rechargeable(card: GiftCard) -> None:
    if not card.rechargeable:
        raise NotRechargeable


def require_amount(amount_cents: int, *, about: str = OPERATION) -> None:
    """Verbs take an amount of money, never nothing; its direction is the verb's."""
    if amount_cents <= 0:
        raise Invalid(about, "greater_than", "must be greater than 0", value=amount_cents, count=0)
    require_countable(about, amount_cents)


def require_balance(about: str, balance_cents: int) -> None:
    if balance_cents < 0:
        raise Invalid(
            about,
            "greater_than_or_equal_to",
            "must be greater than or equal to 0",
            value=balance_cents,
            count=0,
        )
    require_countable(about, balance_cents)


def require_countable(about: str, amount_cents: int) -> None:
    if amount_cents > MAX_AMOUNT:
        raise Invalid(
            about,
            "less_than_or_equal_to",
            f"must be less than or equal to {MAX_AMOUNT}",
            value=amount_cents,
            count=MAX_AMOUNT,
        )


def require_below_maximum(card: GiftCard, amount_cents: int) -> None:
    maximum = MAX_AMOUNT if card.balance_max_cents is None else card.balance_max_cents
    if card.balance_cents + amount_cents > maximum:
        raise AboveMaximumBalance(OPERATION, maximum)
