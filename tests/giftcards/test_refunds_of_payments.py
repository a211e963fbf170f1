"""What was paid with several cards goes back the way it came; and what the shop notes about a payment."""

import pytest

from events.models import Event
from giftcards.exceptions import AboveRefundable
from giftcards.models import Kind, LedgerEntry, Status
from giftcards.operations import deactivate, refund, refund_payment, update_gift_card, update_payment
from kernel.refusals import Invalid, NotFound
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card, caller, edit
from tests.giftcards.test_payments import PAST, again, balances, pay_with

pytestmark = pytest.mark.django_db


def three_cards():
    cards = [an_active_card(balance_cents=cents) for cents in (100, 200, 300)]
    return cards, pay_with(*cards, amount_cents=550)


def back(payment, amount_cents=None, **more):
    return refund_payment(caller=TEST, payment_id=payment.id, amount_cents=amount_cents, **more)


def test_a_refund_gives_all_of_it_back():
    cards, payment = three_cards()

    back(payment, reason="Sent back")

    assert balances(*cards) == [100, 200, 300]
    refunds = LedgerEntry.objects.filter(payment=payment, kind=Kind.REFUND).order_by("created_at")
    assert [(entry.amount_cents, entry.reason) for entry in refunds] == [
        (250, "Sent back"),
        (200, "Sent back"),
        (100, "Sent back"),
    ]


@pytest.mark.parametrize(
    ("amount_cents", "left"),
    [
        (1, [0, 0, 51]),
        (250, [0, 0, 300]),
        (251, [0, 1, 300]),
        (450, [0, 200, 300]),
        (549, [99, 200, 300]),
        (550, [100, 200, 300]),
    ],
)
def test_a_part_goes_back_to_the_card_that_was_used_last(amount_cents, left):
    cards, payment = three_cards()

    back(payment, amount_cents)

    assert balances(*cards) == left


def test_parts_add_up_to_what_was_paid_and_no_further():
    cards, payment = three_cards()
    back(payment, 300)

    with pytest.raises(AboveRefundable) as refusal:
        back(payment, 251)
    assert refusal.value.count == 250
    assert balances(*cards) == [0, 50, 300]

    back(payment)
    assert balances(*cards) == [100, 200, 300]
    for amount_cents in (None, 1):
        with pytest.raises(AboveRefundable):
            back(payment, amount_cents)


def test_a_debit_that_was_refunded_alone_counts():
    cards, payment = three_cards()
    last = LedgerEntry.objects.get(payment=payment, gift_card=cards[2], kind=Kind.DEBIT)
    refund(caller=TEST, transaction_id=last.id, amount_cents=249)

    with pytest.raises(AboveRefundable) as refusal:
        back(payment, 302)
    assert refusal.value.count == 301

    back(payment, 2)
    assert balances(*cards) == [0, 1, 300]
    with pytest.raises(AboveRefundable):
        refund(caller=TEST, transaction_id=last.id, amount_cents=1)


@pytest.mark.parametrize("amount_cents", [0, -1, 10**13 + 1])
def test_a_refund_is_of_something(amount_cents):
    _, payment = three_cards()

    with pytest.raises(Invalid) as refusal:
        back(payment, amount_cents)

    assert refusal.value.about == "amount_cents"


def test_money_goes_back_to_redeemed_inactive_and_expired_cards():
    single = an_active_card(balance_cents=300, single_use=True)
    off, expired = an_active_card(balance_cents=400), an_active_card(balance_cents=500)
    payment = pay_with(single, off, expired, amount_cents=1_200)
    deactivate(caller=TEST, card_id=off.id)
    edit(expired, expires_at=PAST)

    back(payment)

    assert balances(single, off, expired) == [300, 400, 500]
    assert again(single).status == Status.ACTIVE
    assert again(off).status == Status.INACTIVE


def test_a_payment_that_took_from_cards_beyond_reach_does_not_exist():
    here, there = a_market(), a_market(name="Paris")
    payment = pay_with(
        an_active_card(market=here, balance_cents=500), an_active_card(market=there, balance_cents=600)
    )

    for stranger in (LIVE, caller(markets=[here]), caller(markets=[])):
        with pytest.raises(NotFound):
            refund_payment(caller=stranger, payment_id=payment.id)
        with pytest.raises(NotFound):
            update_payment(caller=stranger, payment_id=payment.id, changes={"reference": "mine"})
    refund_payment(caller=caller(markets=[here, there]), payment_id=payment.id)


# What is noted about it


def test_what_the_shop_notes_may_change():
    _, payment = three_cards()

    changed = update_payment(
        caller=TEST, payment_id=payment.id, changes={"reference": "order-2", "metadata": {"till": 3}}
    )

    assert (changed.reference, changed.metadata, changed.amount_cents) == ("order-2", {"till": 3}, 550)
    assert changed.updated_at > payment.updated_at


def test_each_operation_leaves_an_event_and_each_entry_one_on_its_card():
    cards, payment = three_cards()
    update_payment(caller=TEST, payment_id=payment.id, changes={"order_number": "#2"}, reason="Typed wrong")
    update_payment(caller=TEST, payment_id=payment.id, changes={"order_number": "#2"})
    back(payment, 260, reason="Sent back", changes={"metadata": {"parcel": "x"}})

    told = {"amount_cents": 550, "currency_code": "USD"}
    events = Event.objects.filter(subject_id=payment.id).order_by("sequence")
    assert [(event.topic, event.reason, event.data) for event in events] == [
        ("gift_card_payments.create", "", {**told, "paid_amount_cents": 550}),
        ("gift_card_payments.update", "Typed wrong", {**told, "changed": ["order_number"]}),
        (
            "gift_card_payments.refund",
            "Sent back",
            {**told, "refunded_amount_cents": 260, "changed": ["metadata"]},
        ),
    ]
    of_cards = [
        list(Event.objects.filter(subject_id=card.id, sequence__gt=4).order_by("sequence")) for card in cards
    ]
    debited, refunded = "gift_cards.debit", "gift_cards.refund"
    assert [[event.topic for event in told] for told in of_cards] == [
        [debited],
        [debited, refunded],
        [debited, refunded],
    ]


def test_a_card_may_move_to_another_market_without_taking_its_payment_along():
    market = a_market()
    card = an_active_card()
    payment = pay_with(card)
    update_gift_card(caller=TEST, card_id=card.id, changes={"market": market})

    refund_payment(caller=caller(markets=[market]), payment_id=payment.id)

    assert balances(card) == [10_000]
