"""What cards pay of an order where taxes are counted, and what they take off it."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giftcards.tax import (
    CardTotals,
    Giving,
    OrderAmounts,
    card_totals,
    effective_rate,
    payable_cents,
    tax_on,
)

AMOUNTS = st.integers(0, 10**13)
RATES = st.none() | st.decimals(0, 999, places=4)
ORDERS = st.builds(OrderAmounts, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
CARDS = st.lists(st.builds(Giving, AMOUNTS, RATES), max_size=5)


@pytest.mark.parametrize(
    ("own", "market", "expected"),
    [
        (None, {}, None),
        (Decimal(7), {}, Decimal(7)),
        (None, {"market_rate": Decimal(19)}, Decimal(19)),
        (Decimal(7), {"market_rate": Decimal(19)}, Decimal(7)),
        (Decimal(0), {"market_rate": Decimal(19)}, Decimal(0)),
        (None, {"market_rate": Decimal(19), "market_taxes_cards": False}, None),
        (Decimal(7), {"market_rate": Decimal(19), "market_taxes_cards": False}, None),
    ],
)
def test_the_rate_of_a_card(own, market, expected):
    assert effective_rate(own, **market) == expected


ORDER = OrderAmounts(subtotal_cents=10_000, shipping_cents=1_000, tax_cents=2_090, discount_cents=500)


@pytest.mark.parametrize(
    ("taxable", "cards", "expected"),
    [
        # Cards pay subtotal + shipping - discount, and take their tax off beside it.
        (True, [], CardTotals(0, 0, 12_590, ())),
        (True, [Giving(3_000, None)], CardTotals(3_000, 0, 9_590, (3_000,))),
        (True, [Giving(3_000, Decimal(19))], CardTotals(3_000, 570, 9_020, (3_000,))),
        (True, [Giving(20_000, Decimal(19))], CardTotals(10_500, 1_995, 95, (10_500,))),
        # Only the rest is taxed that is still needed, and an untaxed card uses up what is needed too.
        (
            True,
            [Giving(10_000, None), Giving(3_000, Decimal(10))],
            CardTotals(10_500, 50, 2_040, (10_000, 500)),
        ),
        (True, [Giving(10_500, None), Giving(9, Decimal(10))], CardTotals(10_500, 0, 2_090, (10_500, 0))),
        # Each card's tax is rounded by itself: 0.5 and 0.5 are 1 and 1.
        (True, [Giving(5, Decimal(10)), Giving(5, Decimal(10))], CardTotals(10, 2, 12_578, (5, 5))),
        # Elsewhere they pay the tax as well, and take nothing off beside.
        (False, [Giving(20_000, None)], CardTotals(12_590, 0, 0, (12_590,))),
        (False, [Giving(3_000, Decimal(19))], CardTotals(3_000, 0, 9_590, (3_000,))),
    ],
)
def test_what_cards_pay_of_an_order(taxable, cards, expected):
    assert card_totals(ORDER, cards, cards_are_taxable=taxable) == expected


def test_a_discount_beyond_the_order_leaves_cards_nothing_to_pay():
    order = OrderAmounts(subtotal_cents=1_000, tax_cents=190, discount_cents=1_500)

    assert payable_cents(order, cards_are_taxable=True) == 0
    assert card_totals(order, [Giving(500, Decimal(19))], cards_are_taxable=True) == CardTotals(0, 0, 0, (0,))


def test_cards_sold_at_a_higher_rate_leave_nothing_to_pay_out():
    order = OrderAmounts(subtotal_cents=1_000, tax_cents=70)

    assert card_totals(order, [Giving(1_000, Decimal(19))], cards_are_taxable=True).total_cents == 0


@pytest.mark.parametrize(
    ("amount", "rate", "expected"),
    [
        (50, "7", 4),  # 3.5
        (49, "7", 3),  # 3.43
        (150, "3", 5),  # 4.5
        (250, "1.4", 4),  # 3.5, which binary fractions make 3.4999…
        (1, "0.0001", 0),
        (10**13, "999", 99_900_000_000_000),
        (100, "0", 0),
    ],
)
def test_halves_are_rounded_up_and_exactly(amount, rate, expected):
    assert tax_on(amount, Decimal(rate)) == expected


@given(amount=st.integers(0, 10**9), quarters=st.integers(0, 400))
def test_it_rounds_like_javascript_where_binary_fractions_are_exact(amount, quarters):
    """Math.round(x) is floor(x + 0.5)."""
    rate = Decimal(quarters) / 4
    assert tax_on(amount, rate) == math.floor(Fraction(amount * quarters, 400) + Fraction(1, 2))


@given(order=ORDERS, cards=CARDS, taxable=st.booleans())
def test_nobody_pays_more_than_is_needed_or_than_he_has(order, cards, taxable):
    totals = card_totals(order, cards, cards_are_taxable=taxable)
    payable = payable_cents(order, cards_are_taxable=taxable)

    assert totals.gift_card_total_cents == sum(totals.shares_cents)
    assert totals.gift_card_total_cents == min(payable, sum(card.amount_cents for card in cards))
    for card, share in zip(cards, totals.shares_cents, strict=True):
        assert 0 <= share <= card.amount_cents
    assert min(totals.gift_card_tax_total_cents, totals.total_cents, payable) >= 0


@given(order=ORDERS, cards=CARDS, taxable=st.booleans())
def test_what_is_left_is_the_order_without_all_that_is_taken_off(order, cards, taxable):
    totals = card_totals(order, cards, cards_are_taxable=taxable)
    whole = order.subtotal_cents + order.shipping_cents + order.tax_cents

    left = whole - order.discount_cents - totals.gift_card_total_cents - totals.gift_card_tax_total_cents
    assert totals.total_cents == max(0, left)


@given(order=ORDERS, cards=CARDS)
def test_what_was_given_counts_again_to_the_same_totals(order, cards):
    """A payment keeps its shares; the totals of the order can be counted from them for ever."""
    totals = card_totals(order, cards, cards_are_taxable=True)
    given_back = [
        Giving(share, card.tax_rate) for card, share in zip(cards, totals.shares_cents, strict=True)
    ]
    assert card_totals(order, given_back, cards_are_taxable=True) == totals
