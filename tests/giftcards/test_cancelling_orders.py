"""Cancelling an order gives everything back, or nothing at all."""

from typing import cast

import pytest

from events.models import Event
from giftcards.exceptions import Archived, BoughtCardInUse, OrderCancelled, OrderReachesBeyond
from giftcards.models import GiftCard, Kind, LedgerEntry, Order, Status
from giftcards.operations import (
    LineTold,
    OrderChanges,
    activate,
    adjust,
    archive,
    authorize,
    cancel_order,
    debit,
    pay,
    place_order,
    refund,
    refund_payment,
    update_order,
    void,
)
from kernel.refusals import NotFound
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card, caller, edit, last_entry

pytestmark = pytest.mark.django_db


def placed(*lines, market=None, **attributes):
    return place_order(
        caller=TEST, market=market or a_market(), attributes=cast(OrderChanges, attributes), lines=lines
    )


def paid_for(order, *cards, amount_cents=1_000):
    return pay(caller=TEST, amount_cents=amount_cents, gift_cards=[card.pk for card in cards], order=order)


def cancelled(order, by=TEST, **more):
    return cancel_order(caller=by, order_id=order.pk, **more)


def bought(order):
    return list(order.bought_gift_cards.order_by("id"))


def again(card):
    return GiftCard.objects.get(pk=card.pk)


def topics(subject):
    return list(
        Event.objects.filter(subject_id=subject.pk).order_by("sequence").values_list("topic", flat=True)
    )


def last_event(order):
    return Event.objects.filter(subject_id=order.pk).latest("sequence")


# What is given back


def test_every_payment_is_refunded_in_full():
    first, second, third = (an_active_card(balance_cents=700) for _ in range(3))
    order = placed(reference="order-1", display_number=17)
    paid_for(order, first, second)
    half = paid_for(order, third, amount_cents=600)
    refund_payment(caller=TEST, payment_id=half.pk, amount_cents=200)

    after = cancelled(order, reason="out of stock")

    assert (after.status, after.cancelled_at is not None) == ("cancelled", True)
    assert [again(card).balance_cents for card in (first, second, third)] == [700, 700, 700]
    assert topics(half)[-2:] == ["gift_card_payments.refund", "gift_card_payments.refund"]
    event = last_event(order)
    assert (event.topic, event.reason) == ("gift_card_orders.cancel", "out of stock")
    assert event.data == {
        "status": "cancelled",
        "refunded_amount_cents": 1_400,
        "cashed_out_amount_cents": 0,
    }


def test_what_was_refunded_already_is_left_alone():
    card, order = an_active_card(balance_cents=700), placed()
    payment = paid_for(order, card, amount_cents=700)
    refund_payment(caller=TEST, payment_id=payment.pk)

    cancelled(order)

    assert (again(card).balance_cents, len(topics(payment))) == (700, 2)


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("rechargeable", [True, False])
def test_the_cards_that_were_bought_are_paid_out_and_put_away(active, rechargeable):
    order = placed(LineTold(quantity=2, amount_cents=2_500, active=active), reference="order-1")
    for card in bought(order):
        edit(card, rechargeable=rechargeable)

    cancelled(order)

    for card in bought(order):
        entry = last_entry(card)
        assert (card.balance_cents, card.is_archived) == (0, True)
        assert (entry.kind, entry.amount_cents, entry.reference) == (Kind.CASH_OUT, -2_500, "order-1")
        assert topics(card)[-2:] == ["gift_cards.cash_out", "gift_cards.archive"]
        used_up = Status.ACTIVE if rechargeable else Status.REDEEMED
        assert card.status == (used_up if active else Status.INACTIVE)
    assert last_event(order).data["cashed_out_amount_cents"] == 5_000


def test_a_card_that_was_taken_back_is_spent_no_more():
    order = placed(LineTold(amount_cents=2_500))
    (card,) = bought(order)
    cancelled(order)

    with pytest.raises(Archived):
        debit(caller=TEST, card_id=card.pk, amount_cents=1)


def test_what_a_bought_card_paid_for_the_same_order_is_no_obstacle():
    order = placed(LineTold(amount_cents=2_500))
    (card,) = bought(order)
    paid_for(order, card)

    cancelled(order)

    assert again(card).balance_cents == 0
    kinds = card.ledger_entries.order_by("sequence").values_list("kind", flat=True)
    assert list(kinds) == [Kind.ISSUE, Kind.DEBIT, Kind.REFUND, Kind.CASH_OUT]


def test_a_bought_card_that_was_put_away_or_expired_is_taken_back_too():
    order = placed(LineTold(quantity=2, amount_cents=2_500))
    archived, expired = bought(order)
    archive(caller=TEST, card_id=archived.pk)
    edit(expired, expires_at=again(expired).created_at)

    cancelled(order)

    assert [card.balance_cents for card in bought(order)] == [0, 0]
    assert topics(archived).count("gift_cards.archive") == 1


def test_an_order_without_cards_or_payments_is_cancelled_by_a_note():
    order = placed()

    after = cancelled(order, changes={"metadata": {"why": "test"}})

    assert (after.status, after.metadata) == ("cancelled", {"why": "test"})
    assert last_event(order).data == {
        "status": "cancelled",
        "refunded_amount_cents": 0,
        "cashed_out_amount_cents": 0,
        "changed": ["metadata"],
    }


# What stands in the way


def spend(card):
    debit(caller=TEST, card_id=card.pk, amount_cents=100)


def spend_and_get_some_back(card):
    spend(card)
    refund(caller=TEST, transaction_id=last_entry(card).pk, amount_cents=40)


def hold(card):
    authorize(caller=TEST, card_id=card.pk, amount_cents=100)


def correct(card):
    adjust(caller=TEST, card_id=card.pk, balance_cents=2_600)


@pytest.mark.parametrize(
    ("use", "why"),
    [
        (spend, "has been spent from: 100 are not given back"),
        (spend_and_get_some_back, "has been spent from: 60 are not given back"),
        (hold, "is held for orders with 100"),
        (correct, "has a balance of 2600, and was sold with 2500"),
    ],
)
def test_one_card_that_is_no_longer_as_sold_refuses_all_of_it(use, why):
    payer = an_active_card(balance_cents=1_000)
    order = placed(LineTold(quantity=2, amount_cents=2_500))
    paid_for(order, payer)
    used = bought(order)[-1]
    use(used)
    before = LedgerEntry.objects.count()

    with pytest.raises(BoughtCardInUse) as refusal:
        cancelled(order)

    assert str(refusal.value).endswith(f"the gift card {used.pk}, which was bought with the order, {why}")
    assert (refusal.value.about, refusal.value.error) == ("operation", "bought_card_in_use")
    assert (LedgerEntry.objects.count(), Order.objects.get().status) == (before, "placed")
    assert again(payer).balance_cents == 0


def test_when_the_obstacle_is_gone_it_can_be_cancelled():
    order = placed(LineTold(amount_cents=2_500))
    (card,) = bought(order)
    spend(card)
    refund(caller=TEST, transaction_id=last_entry(card).pk)
    held = authorize(caller=TEST, card_id=card.pk, amount_cents=100)
    void(caller=TEST, authorization_id=held.pk)

    assert cancelled(order).status == "cancelled"


def test_it_is_cancelled_once():
    order = placed(LineTold(amount_cents=2_500, active=False))
    cancelled(order)

    with pytest.raises(OrderCancelled, match="because the order is cancelled"):
        cancelled(order)
    with pytest.raises(Archived):
        activate(caller=TEST, card_id=bought(order)[0].pk)
    assert update_order(caller=TEST, order_id=order.pk, changes={"reference": "late"}).reference == "late"


# Who may


def test_an_order_beyond_the_callers_reach_does_not_exist():
    order = placed()

    for by in (LIVE, caller(markets=[a_market(name="Paris")])):
        with pytest.raises(NotFound, match="gift_card_orders"):
            cancelled(order, by=by)


@pytest.mark.parametrize("is_bought", [True, False])
def test_a_card_in_another_market_is_beyond_a_caller_of_one(is_bought):
    berlin, paris = a_market(), a_market(name="Paris")
    order = placed(LineTold(amount_cents=2_500), market=berlin)
    (card,) = bought(order)
    if not is_bought:
        card = an_active_card(balance_cents=1_000)
        paid_for(order, card)
    edit(card, market=paris)

    with pytest.raises(OrderReachesBeyond):
        cancelled(order, by=caller(markets=[berlin]))

    assert cancelled(order).status == "cancelled"
