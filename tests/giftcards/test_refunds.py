"""Refunds: at most what was spent, to the card it was spent from."""

from datetime import UTC, datetime

import pytest

from giftcards.exceptions import AboveRefundable, NotRefundable
from giftcards.models import GiftCard, Kind, Status
from giftcards.operations import Occasion, authorize, capture, debit, refund
from kernel.refusals import Invalid, NotFound
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card, caller, edit, last_entry

pytestmark = pytest.mark.django_db


def spent(card, amount_cents=4_000, **more):
    debit(caller=TEST, card_id=card.id, amount_cents=amount_cents, **more)
    return last_entry(card)


def back(entry, amount_cents=None, **more):
    return refund(caller=TEST, transaction_id=entry.id, amount_cents=amount_cents, **more)


def test_a_refund_gives_all_of_it_back_unless_told():
    card = an_active_card()
    entry = spent(card, occasion=Occasion("A book", reference="order-1", order_number="#1"))

    given = back(entry, occasion=Occasion("Sent back"))

    assert (given.kind, given.amount_cents, given.balance_cents) == (Kind.REFUND, 4_000, 10_000)
    assert given.original == entry
    assert (given.reason, given.reference, given.order_number) == ("Sent back", "order-1", "#1")


def test_refunds_of_a_debit_never_exceed_it():
    entry = spent(an_active_card())
    back(entry, 1_500)

    with pytest.raises(AboveRefundable) as refusal:
        back(entry, 2_501)

    assert (refusal.value.about, refusal.value.count) == ("amount_cents", 2_500)
    assert back(entry).amount_cents == 2_500
    with pytest.raises(AboveRefundable):
        back(entry)


def test_a_capture_is_refunded_like_a_debit():
    card = an_active_card()
    capture(caller=TEST, authorization_id=authorize(caller=TEST, card_id=card.id, amount_cents=700).id)

    assert back(last_entry(card)).balance_cents == 10_000


@pytest.mark.parametrize("kind", [Kind.ISSUE, Kind.REFUND])
def test_nothing_else_is_refunded(kind):
    card = an_active_card()
    entry = card.ledger_entries.get() if kind == Kind.ISSUE else back(spent(card))

    with pytest.raises(NotRefundable):
        back(entry)


def test_a_redeemed_card_becomes_active_again():
    card = an_active_card(single_use=True)
    entry = spent(card)

    back(entry, 1)

    card = GiftCard.objects.get(id=card.id)
    assert (card.status, card.balance_cents) == (Status.ACTIVE, 6_001)


def test_an_expired_card_and_a_full_one_take_it_too():
    card = an_active_card(balance_max_cents=10_000)
    entry = spent(card)
    edit(card, expires_at=datetime(2020, 1, 1, tzinfo=UTC), balance_max_cents=6_000)

    assert back(entry).balance_cents == 10_000


@pytest.mark.parametrize("amount_cents", [0, -1, 10**13 + 1])
def test_it_is_of_an_amount(amount_cents):
    with pytest.raises(Invalid) as refusal:
        back(spent(an_active_card()), amount_cents)

    assert refusal.value.about == "amount_cents"


@pytest.mark.parametrize("by", [LIVE, caller(markets=[])])
def test_a_stranger_finds_nothing_to_refund(by):
    entry = spent(an_active_card(market=a_market()))

    with pytest.raises(NotFound):
        refund(caller=by, transaction_id=entry.id)
