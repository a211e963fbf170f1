"""Medusa's rows in our words, or the reason why they can't be. What is odd is said, and decided here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from giftcards.models import Order
from giftcards.operations.importing import PastCard, PastDebit, PastOrder
from giftcards.operations.occasion import Occasion
from kernel.refusals import Invalid
from markets.attributes import MarketChanges, tax_rate
from markets.models import CodeFormat, Market
from medusa.importing.source import MedusaCard, MedusaOrder, MedusaRegion, MedusaTransaction
from recipients.operations import email_address

ORIGIN: Final = "medusa"
OVERSPENT: Final = "Medusa spent more than its records had left on the card"
UNEXPLAINED: Final = "Medusa's balance, which its transactions do not add up to"
STEP: Final = Decimal("0.0001")


@dataclass(slots=True)
class Translated:
    """`past` is None where nothing was ever owed."""

    past: PastCard | None
    oddities: list[str] = field(default_factory=list)


def market_of(region: MedusaRegion) -> MarketChanges:
    """What `create_market` takes. Raises Invalid."""
    return {
        "name": region.name,
        "currency_code": region.currency_code.upper(),
        "code_format": CodeFormat.GROUPED_16.value,
        "tax_rate": _rate(region.tax_rate)[0],
        "tax_code": region.tax_code,
        "gift_cards_taxable": region.gift_cards_taxable,
        "automatic_taxes": region.automatic_taxes,
        "tax_provider_id": region.tax_provider_id,
        "reference": region.id,
        "reference_origin": ORIGIN,
        "metadata": region.metadata,
    }


def order_of(order: MedusaOrder, market: Market) -> PastOrder:
    return PastOrder(
        market=market,
        display_number=order.number if order.number > 0 else None,
        customer_email=_address(order.email),
        cancelled_at=order.cancelled_at,
        reference=order.id,
        reference_origin=ORIGIN,
        metadata=order.metadata or {},
    )


def card_of(card: MedusaCard, market: Market, order: Order | None) -> Translated:
    """Raises Invalid."""
    oddities: list[str] = []
    if card.value <= 0 and card.owed == 0:
        return Translated(None, ["was never worth anything, and is left out"])
    past = PastCard(
        code=card.code,
        face_value_cents=_face_value(card, oddities),
        balance_cents=card.owed,
        market=market,
        is_active=not card.is_disabled,
        is_archived=card.is_deleted,
        expires_at=card.ends_at,
        own_tax_rate=_own_rate(card, market, oddities),
        reference=card.id,
        reference_origin=ORIGIN,
        metadata=card.metadata or {},
        order=_order_of(order, market, oddities),
        debits=debits_of(card),
        issued=Occasion(
            f"Issued in Medusa on {card.created_at} UTC", card.order_id, _text(card.order_number)
        ),
        overspent=OVERSPENT,
        unexplained=UNEXPLAINED,
    )
    _judge_balance(card, oddities)
    _judge_transactions(card.transactions, oddities)
    _judge_end(card, oddities)
    return Translated(past, oddities)


def debits_of(card: MedusaCard) -> list[PastDebit]:
    """Raises Invalid."""
    return [
        PastDebit(
            spent.amount,
            Occasion(
                f"Spent in Medusa on {spent.created_at} UTC ({spent.id})",
                spent.order_id,
                _text(spent.order_number),
            ),
        )
        for spent in card.transactions
        if spent.amount > 0
    ]


def _address(email: str) -> str | None:
    """None for what is none: the order is worth more than its address."""
    try:
        return email_address("customer_email", email)
    except Invalid:
        return None


def _order_of(order: Order | None, market: Market, oddities: list[str]) -> Order | None:
    """A card may have gone to another region since, but it is in its order's currency."""
    if order is None or order.currency_code == market.currency_code:
        return order
    oddities.append(f"was bought with an order in {order.currency_code}: it comes without that")
    return None


def _face_value(card: MedusaCard, oddities: list[str]) -> int:
    if card.value > 0:
        return card.value
    oddities.append(
        f"has a value of {card.value} and a balance of {card.balance}: it was worth that at least"
    )
    return card.balance


def _own_rate(card: MedusaCard, market: Market, oddities: list[str]) -> Decimal | None:
    """Medusa keeps with each card what tax is taken off where it pays, and null for none. Here a card without
    a rate has its market's, so that none is a rate of 0."""
    rate, rounded = _rate(card.tax_rate)
    if rounded:
        oddities.append(f"has a tax rate of {card.tax_rate}, rounded to {rate}")
    if not market.gift_cards_taxable:
        if rate:
            oddities.append(
                f"has a tax rate of {rate} in a region that does not tax gift cards: none is kept"
            )
        return None
    return rate or (Decimal(0) if market.tax_rate else None)


def _rate(written: str | None) -> tuple[Decimal | None, bool]:
    """With the decimals that we keep, and whether that changed it. Raises Invalid."""
    if written is None:
        return None, False
    try:
        given = Decimal(written)
        kept = given.quantize(STEP) if given.is_finite() else given
    except InvalidOperation:
        raise Invalid("tax_rate", "not_a_number", "is not a number", value=written) from None
    return tax_rate("tax_rate", kept), kept != given


def _judge_balance(card: MedusaCard, oddities: list[str]) -> None:
    spent = sum(each.amount for each in card.transactions)
    if card.balance < 0:
        oddities.append(f"has a balance of {card.balance}: 0 is owed")
    elif card.balance > card.value > 0:
        oddities.append(f"has a balance of {card.balance}, above its value of {card.value}")
    if spent > max(card.value, 0):
        oddities.append(f"was worth {card.value}, and {spent} were spent of it")
    if card.value - spent != card.balance:
        oddities.append(
            f"has a balance of {card.balance}, its value less its transactions is {card.value - spent}: "
            f"{card.owed} is owed"
        )


def _judge_transactions(transactions: Sequence[MedusaTransaction], oddities: list[str]) -> None:
    for spent in transactions:
        if spent.amount < 0:
            oddities.append(f"has a transaction of {spent.amount} ({spent.id}): part of the difference")
        elif spent.amount == 0:
            oddities.append(f"has a transaction of 0 ({spent.id}): it moved nothing, and is left out")
        if spent.order_number is None:
            oddities.append(f"has a transaction ({spent.id}) of an order that is not there")


def _judge_end(card: MedusaCard, oddities: list[str]) -> None:
    if card.ended_always:
        raise Invalid("ends_at", "invalid", "is before the year 1")
    if card.ends_never:
        oddities.append("ends beyond the year 9998: it is taken not to expire")
    if "/" in card.code.reveal():
        oddities.append("has a code with a slash, which no address can contain: look it up by POST")


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
