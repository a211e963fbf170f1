"""What cards pay for an order: each once, as it was then, and counted as long as it is not given back."""

from decimal import Decimal

import pytest
from django.db import IntegrityError

from giftcards.exceptions import MarketDisabled, UnusableCodes
from giftcards.models import LedgerEntry, Payment, PaymentShare
from giftcards.operations import pay, refund, refund_payment
from giftcards.queries import OrderTotals, order_card_totals
from kernel.keys import uuid7
from kernel.refusals import Invalid, NotFound
from markets.operations import update_market
from tests.fixtures.cast import (
    LIVE,
    TEST,
    a_market,
    an_active_card,
    caller,
    disabled,
    edit,
)
from tests.fixtures.raw_sql import insert_copy, run
from tests.fixtures.told_orders import an_order, cancelled

pytestmark = pytest.mark.django_db

SEVEN, NINETEEN = Decimal(7), Decimal(19)


@pytest.fixture
def market():
    return a_market(tax_rate=NINETEEN)


@pytest.fixture
def order(market):
    return an_order(market, reference="order-9", display_number=1009)


def pay_for(order, *cards, amount_cents=100, **more):
    return pay(
        caller=TEST, amount_cents=amount_cents, order=order, gift_cards=[card.id for card in cards], **more
    )


def shares_of(payment):
    shares = PaymentShare.objects.filter(payment=payment).order_by("id")
    return [(s.gift_card_id, s.amount_cents, s.is_taxable, s.tax_rate, s.order_id) for s in shares]


def totals(order):
    return order_card_totals([order.id])[order.id]


def test_each_share_is_kept_with_the_rate_that_the_card_had(market, order):
    taxed = an_active_card(market=market, balance_cents=300)
    own_rate = an_active_card(market=market, balance_cents=400, tax_rate=SEVEN)
    untaxed = an_active_card(balance_cents=5_000)

    payment = pay_for(order, untaxed, own_rate, taxed, amount_cents=1_000)

    assert (payment.order, payment.market, payment.currency_code) == (order, market, "USD")
    assert shares_of(payment) == [
        (taxed.id, 300, True, NINETEEN, order.id),
        (own_rate.id, 400, True, SEVEN, order.id),
        (untaxed.id, 300, False, None, order.id),
    ]
    update_market(caller=TEST, market_id=market.id, changes={"tax_rate": SEVEN})
    edit(own_rate, tax_rate=Decimal(5))
    assert [rate for _, _, _, rate, _ in shares_of(payment)] == [NINETEEN, SEVEN, None]


def test_a_payment_for_no_order_keeps_its_shares_too(market):
    card, of_no_rate = an_active_card(market=market, balance_cents=60), an_active_card(tax_rate=Decimal(0))

    payment = pay(caller=TEST, amount_cents=100, gift_cards=[card.id, of_no_rate.id])

    assert shares_of(payment) == [
        (card.id, 60, True, NINETEEN, None),
        (of_no_rate.id, 40, False, Decimal(0), None),
    ]


def test_where_cards_are_not_taxed_not_even_one_with_a_rate_of_its_own_is():
    order = an_order(a_market(gift_cards_taxable=False))

    payment = pay_for(order, an_active_card(tax_rate=SEVEN))

    assert [(taxed, rate) for _, _, taxed, rate, _ in shares_of(payment)] == [(False, None)]


def test_its_entries_name_the_order_unless_the_shop_notes_another(order, market):
    pay_for(order, an_active_card())
    pay_for(order, an_active_card(), attributes={"reference": "mine", "order_number": "#2"})
    pay_for(an_order(market), an_active_card())

    named = LedgerEntry.objects.filter(kind="debit").order_by("created_at")
    assert list(named.values_list("reference", "order_number")) == [
        ("order-9", "1009"), ("mine", "#2"), (None, None),
    ]  # fmt: skip


def test_an_order_may_be_paid_by_several_payments(order):
    pay_for(order, an_active_card())
    pay_for(order, an_active_card(), amount_cents=50)

    assert totals(order).gift_card_total_cents == 150


# What is refused


def refused_card(order, card, **more):
    before = Payment.objects.count()
    with pytest.raises(Invalid) as refusal:
        pay_for(order, card, **more)
    assert Payment.objects.count() == before
    assert (refusal.value.about, refusal.value.value) == ("gift_cards", str(card.id))
    return refusal.value.error, refusal.value.message


def refused_order(order, **more):
    with pytest.raises(Invalid) as refusal:
        pay_for(order, an_active_card(), **more)
    assert not Payment.objects.exists()
    assert refusal.value.about == "order"
    return refusal.value.error, refusal.value.message


def test_a_card_gives_to_an_order_once(order, market):
    card, other = an_active_card(), an_active_card()
    pay_for(order, card)
    told = ("already_given", "include one that has paid for this order before")

    assert refused_card(order, card) == told
    assert pay_for(order, other)
    assert pay_for(an_order(market), card)


def test_not_even_when_what_it_gave_was_given_back(order):
    """What was given back is no longer counted; the share stays, and there is one."""
    card = an_active_card()
    refund_payment(caller=TEST, payment_id=pay_for(order, card).id)

    assert refused_card(order, card)[0] == "already_given"
    assert totals(order) == OrderTotals(0, 0)


def test_by_code_no_card_is_named(order, market):
    of_elsewhere = an_active_card(market=a_market(name="Paris"), code="ELSEWHERE-CODE")
    gave = an_active_card(code="CODE-THAT-GAVE")
    pay_for(order, gave)

    for card in (of_elsewhere, gave):
        with pytest.raises(UnusableCodes):
            pay(caller=TEST, amount_cents=1, codes=[card.code()], order=order)


def test_a_cancelled_order_is_not_paid(order):
    assert refused_order(cancelled(order)) == (
        "cancelled",
        "is not possible because the order is cancelled",
    )


def test_what_the_payment_says_must_be_the_orders(order):
    assert refused_order(order, spent_in=a_market(name="Paris")) == (
        "other_market",
        "is of another market than the payment",
    )
    assert refused_order(order, currency_code="EUR") == (
        "currency_mismatch",
        "is in USD, the payment in EUR",
    )


def test_a_card_of_another_market_or_currency_is_named(order):
    assert refused_card(order, an_active_card(market=a_market(name="Paris"))) == (
        "other_market",
        "include one that is restricted to another market than the order's",
    )
    assert refused_card(order, an_active_card(currency_code="EUR")) == (
        "currency_mismatch",
        "is in EUR, the payment in USD",
    )


def test_an_order_of_a_disabled_market_is_not_paid(order, market):
    disabled(market)

    with pytest.raises(MarketDisabled) as refusal:
        pay_for(order, an_active_card())
    assert refusal.value.about == "order"


@pytest.mark.parametrize("by", [LIVE, "elsewhere"])
def test_an_order_beyond_the_callers_reach_is_not_there(order, by):
    by = caller(markets=[a_market(name="Paris")]) if by == "elsewhere" else by

    with pytest.raises(NotFound, match="gift_card_orders"):
        pay(caller=by, amount_cents=1, gift_cards=[an_active_card(by=by).id], order=order)


# What it comes to


def test_totals_are_counted_on_what_is_still_paid(order, market):
    taxed = an_active_card(market=market, balance_cents=300)
    seven = an_active_card(market=market, balance_cents=1_000, tax_rate=SEVEN)
    payment = pay_for(order, seven, taxed, amount_cents=800)
    # 19 % of 300 is 57; 7 % of 500 is 35.
    assert totals(order) == OrderTotals(800, 57 + 35)

    refund_payment(caller=TEST, payment_id=payment.id, amount_cents=450)
    assert totals(order) == OrderTotals(350, 57 + 4)  # 3.5
    refund(caller=TEST, transaction_id=LedgerEntry.objects.get(gift_card=taxed, kind="debit").id)
    assert totals(order) == OrderTotals(50, 4)
    assert [cents for _, cents, *_ in shares_of(payment)] == [300, 500]


def test_an_order_that_no_card_has_paid_for_has_none(order):
    assert totals(order) == OrderTotals(0, 0)


def test_the_totals_of_many_orders_cost_one_query(market, django_assert_num_queries):
    orders = [an_order(market) for _ in range(3)]
    for order in orders:
        pay_for(order, an_active_card())

    with django_assert_num_queries(1):
        assert len(order_card_totals([order.id for order in orders])) == 3


# What the database holds by itself


@pytest.mark.tampers
def test_the_database_refuses_a_second_share_of_a_card(order, market):
    card = an_active_card()
    pay_for(order, card)
    share = PaymentShare.objects.get()
    elsewhere = pay(caller=TEST, amount_cents=1, gift_cards=[an_active_card().id])

    with pytest.raises(IntegrityError, match="share_is_one_of_card_and_payment"):
        insert_copy(share, id=uuid7(), order_id=None)
    with pytest.raises(IntegrityError, match="share_is_one_of_card_and_order"):
        insert_copy(share, id=uuid7(), payment_id=elsewhere.id)


@pytest.mark.parametrize(
    ("column", "value"), [("mode", "live"), ("currency_code", "EUR"), ("order_id", uuid7())]
)
def test_a_share_agrees_with_its_payment_card_and_order(order, column, value):
    pay_for(order, an_active_card())

    with pytest.raises(IntegrityError, match="share_agrees_with_its"):
        insert_copy(
            PaymentShare.objects.get(), **{"id": uuid7(), "gift_card_id": an_active_card().id, column: value}
        )


@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET amount_cents = 1", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_a_share_is_never_changed_or_removed(order, statement):
    pay_for(order, an_active_card())

    with pytest.raises(IntegrityError, match="append-only"):
        run(statement.format("giftcards_paymentshare"))
