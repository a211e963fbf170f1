"""What taxes make of card money. Rates are percentages: 19 means 19 of every 100.

A card's rate says that tax was taken when it was sold, or will not be taken where it pays:

| the card's market | the card's rate |
|---|---|
| says that its gift cards are not taxable | none, whatever else there is |
| else, with a rate set on the card itself | that one |
| else | the market's, if it has one |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


def effective_rate(
    own_rate: Decimal | None, *, market_rate: Decimal | None = None, market_taxes_cards: bool = True
) -> Decimal | None:
    """Of a card. A card without a market has what is set on itself."""
    if not market_taxes_cards:
        return None
    return market_rate if own_rate is None else own_rate


@dataclass(frozen=True, slots=True)
class OrderAmounts:
    """Before any card has paid, in minor units, none below 0; the subtotal is without tax."""

    subtotal_cents: int
    shipping_cents: int = 0
    tax_cents: int = 0
    discount_cents: int = 0


@dataclass(frozen=True, slots=True)
class Giving:
    """A card that is to pay, or a share that one has paid: how much it has, and its rate."""

    amount_cents: int
    tax_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class CardTotals:
    """In minor units, none below 0. `shares_cents` is what each card gives, in the order of the cards."""

    gift_card_total_cents: int
    gift_card_tax_total_cents: int
    total_cents: int
    shares_cents: tuple[int, ...]


def payable_cents(order: OrderAmounts, *, cards_are_taxable: bool) -> int:
    """What cards may pay of an order. Where their money is taxed, tax is no part of it: it is taken off the
    total beside them."""
    before_tax = order.subtotal_cents + order.shipping_cents - order.discount_cents
    return max(0, before_tax if cards_are_taxable else before_tax + order.tax_cents)


def card_totals(order: OrderAmounts, cards: Sequence[Giving], *, cards_are_taxable: bool) -> CardTotals:
    """What `cards` pay of an order, each as much as is needed or as it has, in the order in which they are
    given; and what that leaves to pay in another way.

    `cards_are_taxable` is the `gift_cards_taxable` of the order's market. Where it is false no card takes tax
    off, not even one with a rate of its own that belongs to no market.
    """
    needed = payable_cents(order, cards_are_taxable=cards_are_taxable)
    shares = []
    tax_total = 0
    for card in cards:
        share = min(needed, max(0, card.amount_cents))
        needed -= share
        shares.append(share)
        if cards_are_taxable:
            tax_total += tax_on(share, card.tax_rate)
    paid = sum(shares)
    total = order.subtotal_cents + order.shipping_cents + order.tax_cents
    # Cards that were sold at a higher rate than the order's leave nothing to pay, and nothing to pay out.
    left = max(0, total - (paid + order.discount_cents + tax_total))
    return CardTotals(paid, tax_total, left, tuple(shares))


def tax_on(amount_cents: int, tax_rate: Decimal | None) -> int:
    """Of an amount of 0 or more; halves are rounded up, as JavaScript's Math.round does, but exactly: binary
    fractions would make 3.4999 of what is 3.5."""
    if not tax_rate:
        return 0
    doubled = 2 * amount_cents * Fraction(tax_rate) / 100
    return int((doubled + 1) // 2)
