"""Spending: what is there, from a card that is active, and to the cent."""

import pytest

from giftcards.exceptions import InsufficientBalance, InvalidTransition
from giftcards.models import Kind, LedgerEntry
from giftcards.operations import Occasion, change_balance, debit, recharge, update_gift_card
from kernel.refusals import OPERATION, Invalid, NotFound
from tests.fixtures.cast import LIVE, TEST, an_active_card, last_entry, last_event
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db


def spend(card, amount_cents, **more):
    return debit(caller=TEST, card_id=card.id, amount_cents=amount_cents, **more)


def test_a_debit_is_a_negative_entry():
    card = spend(an_active_card(), 1, occasion=Occasion("A book", reference="order-1", order_number="#1"))

    entry = LedgerEntry.objects.get(gift_card=card, sequence=2)
    assert (entry.kind, entry.amount_cents, entry.balance_cents) == (Kind.DEBIT, -1, 9_999)
    assert (entry.reason, entry.reference, entry.order_number) == ("A book", "order-1", "#1")
    assert last_event(card).data == {
        "status": "active",
        "entry_sequence": 2,
        "amount_cents": -1,
        "balance_cents": 9_999,
    }


def test_a_negative_balance_change_is_a_debit():
    card = change_balance(caller=TEST, card_id=an_active_card().id, amount_cents=-4_000)

    assert (card.balance_cents, last_entry(card).kind) == (6_000, Kind.DEBIT)


def test_a_balance_change_of_nothing_is_refused():
    card = an_active_card()

    with refused(Invalid, about=OPERATION, error="other_than", card=card):
        change_balance(caller=TEST, card_id=card.id, amount_cents=0)


@pytest.mark.parametrize("amount_cents", [0, -1, -(2**63)])
def test_a_debit_is_above_zero(amount_cents):
    card = an_active_card()

    with refused(Invalid, about=OPERATION, error="greater_than", card=card):
        spend(card, amount_cents)


@pytest.mark.parametrize("amount_cents", [10_001, 10**13])
def test_nobody_spends_more_than_there_is(amount_cents):
    card = an_active_card(balance_cents=10_000)

    with refused(InsufficientBalance, error="insufficient_balance", card=card) as refusal:
        spend(card, amount_cents)

    assert refusal.value.count == 10_000


@pytest.mark.parametrize("amount_cents", [10**13 + 1, 2**63, 10**30])
def test_an_amount_beyond_counting_is_refused(amount_cents):
    card = an_active_card()

    with refused(Invalid, about=OPERATION, error="less_than_or_equal_to", card=card):
        spend(card, amount_cents)


def test_the_last_cent_can_be_spent():
    card = an_active_card(balance_cents=2)

    assert [spend(card, 1).balance_cents, spend(card, 1).balance_cents] == [1, 0]


def test_a_single_use_card_is_redeemed_by_its_first_debit():
    card = an_active_card(single_use=True)

    card = spend(card, 1)

    assert (card.status, card.balance_cents) == ("redeemed", 9_999)
    with refused(InvalidTransition, error="invalid_transition", card=card):
        spend(card, 1)


def test_a_card_that_cannot_be_recharged_is_redeemed_when_nothing_is_left():
    card = an_active_card(rechargeable=False, balance_cents=300)

    assert spend(card, 299).status == "active"
    assert spend(card, 1).status == "redeemed"


def test_a_rechargeable_card_stays_active_when_nothing_is_left():
    card = spend(an_active_card(balance_cents=300), 300)

    assert (card.status, card.balance_cents) == ("active", 0)
    assert recharge(caller=TEST, card_id=card.id, amount_cents=5).balance_cents == 5


def test_a_rechargeable_single_use_card_is_redeemed_all_the_same():
    assert spend(an_active_card(single_use=True, rechargeable=True), 1).status == "redeemed"


def test_a_card_made_single_use_later_is_redeemed_by_its_next_debit():
    card = an_active_card()
    spend(card, 1)
    update_gift_card(caller=TEST, card_id=card.id, changes={"single_use": True})

    assert spend(card, 1).status == "redeemed"


def test_the_attributes_beside_a_debit_are_applied_before_it():
    card = spend(an_active_card(), 1, changes={"single_use": True, "metadata": {"till": 7}})

    assert (card.status, card.metadata) == ("redeemed", {"till": 7})
    assert last_event(card).data["changed"] == ["single_use", "metadata"]


def test_a_refused_debit_takes_the_attributes_beside_it_back():
    card = an_active_card()

    with refused(InsufficientBalance, card=card):
        spend(card, 10_001, changes={"reference": "A", "recipient_email": "new@example.com"})


def test_a_balance_cannot_accompany_a_debit():
    card = an_active_card()

    with refused(Invalid, about="balance_cents", error="single_trigger", card=card):
        spend(card, 1, changes={"balance_cents": 10_000})


def test_a_key_of_the_other_mode_finds_nothing_to_spend():
    card = an_active_card()

    with refused(NotFound, card=card):
        debit(caller=LIVE, card_id=card.id, amount_cents=1)


@pytest.mark.parametrize(
    ("occasion", "about"),
    [
        ({"reason": "x" * 1001}, "reason"),
        ({"reference": "x" * 256}, "reference"),
        ({"order_number": "x" * 256}, "order_number"),
        ({"reason": "nul \x00"}, "reason"),
        ({"reference": "\ud800"}, "reference"),
    ],
)
def test_what_is_said_about_a_debit_must_be_kept_whole(occasion, about):
    with refused(Invalid, about=about):
        Occasion(**occasion)


def test_everything_that_can_be_said_about_a_debit_is_kept():
    said = Occasion("é" * 1000, reference="R" * 255, order_number="🎁" * 255)
    card = spend(an_active_card(), 1, occasion=said)

    entry = card.ledger_entries.get(sequence=2)
    assert (entry.reason, entry.reference, entry.order_number) == (
        said.reason,
        said.reference,
        said.order_number,
    )
