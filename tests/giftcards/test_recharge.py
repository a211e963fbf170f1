"""Recharging: only cards made for it, never above their maximum, never clamped."""

import pytest

from giftcards.exceptions import AboveMaximumBalance, InvalidTransition, NotRechargeable
from giftcards.models import Kind
from giftcards.operations import change_balance, debit, recharge, update_gift_card
from kernel.refusals import OPERATION, Invalid
from tests.fixtures.cast import TEST, a_draft, a_redeemed_card, an_active_card, an_inactive_card, last_entry
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db


def fill(card, amount_cents):
    return recharge(caller=TEST, card_id=card.id, amount_cents=amount_cents)


@pytest.mark.parametrize("make", [an_inactive_card, an_active_card])
def test_a_recharge_is_a_positive_entry_and_moves_no_status(make):
    card = make()

    after = fill(card, 250)

    entry = last_entry(after)
    assert (entry.kind, entry.amount_cents, entry.balance_cents) == (Kind.RECHARGE, 250, 10_250)
    assert after.status == card.status


def test_a_positive_balance_change_is_a_recharge():
    card = change_balance(caller=TEST, card_id=an_active_card().id, amount_cents=1)

    assert (card.balance_cents, last_entry(card).kind) == (10_001, Kind.RECHARGE)


def test_the_face_value_stays_what_was_issued():
    assert fill(an_active_card(), 250).initial_balance_cents == 10_000


@pytest.mark.parametrize("make", [a_draft, a_redeemed_card])
def test_neither_a_draft_nor_a_redeemed_card_is_recharged(make):
    card = make()

    with refused(InvalidTransition, about=OPERATION, card=card):
        fill(card, 1)


def test_a_card_not_made_for_it_is_not_recharged():
    card = an_active_card(rechargeable=False)

    with refused(NotRechargeable, about=OPERATION, error="not_rechargeable", card=card):
        fill(card, 1)


@pytest.mark.parametrize(
    ("amount_cents", "error"),
    [(0, "greater_than"), (-1, "greater_than"), (2**63, "less_than_or_equal_to")],
)
def test_a_recharge_is_an_amount_of_money(amount_cents, error):
    card = an_active_card()

    with refused(Invalid, about=OPERATION, error=error, card=card):
        fill(card, amount_cents)


def test_a_recharge_reaches_the_maximum_and_never_passes_it():
    card = an_active_card(balance_cents=400, balance_max_cents=500)

    assert fill(card, 100).balance_cents == 500
    with refused(AboveMaximumBalance, about=OPERATION, error="balance_max_exceeded", card=card) as refusal:
        fill(card, 1)
    assert refusal.value.count == 500


def test_what_is_spent_makes_room_below_the_maximum():
    card = an_active_card(balance_cents=500, balance_max_cents=500)
    debit(caller=TEST, card_id=card.id, amount_cents=200)

    assert fill(card, 200).balance_cents == 500


def test_a_maximum_below_the_balance_stops_recharges_and_takes_nothing():
    card = an_active_card(balance_cents=500)

    card = update_gift_card(caller=TEST, card_id=card.id, changes={"balance_max_cents": 100})

    assert card.balance_cents == 500
    with refused(AboveMaximumBalance, card=card):
        fill(card, 1)


def test_without_a_maximum_a_balance_stays_countable():
    card = an_active_card(balance_cents=10**13 - 1)

    assert fill(card, 1).balance_cents == 10**13
    with refused(AboveMaximumBalance, card=card):
        fill(card, 1)


def test_a_maximum_set_beside_a_recharge_counts_for_it():
    card = an_active_card(balance_cents=500)

    with refused(AboveMaximumBalance, card=card):
        recharge(caller=TEST, card_id=card.id, amount_cents=1, changes={"balance_max_cents": 500})


@pytest.mark.parametrize("balance_max_cents", [-1, 10**13 + 1, 2**63])
def test_a_maximum_is_an_amount_of_money(balance_max_cents):
    with refused(Invalid, about="balance_max_cents"):
        a_draft(balance_max_cents=balance_max_cents)
