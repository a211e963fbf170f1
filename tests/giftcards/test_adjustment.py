"""Correcting a balance, and telling a correction from an edit form that sends back what it has read."""

import pytest

from giftcards.exceptions import InvalidTransition, StaleBalance
from giftcards.models import Kind
from giftcards.operations import Occasion, adjust, debit, update_gift_card
from kernel.refusals import Invalid
from tests.fixtures.cast import (
    TEST,
    a_draft,
    a_redeemed_card,
    an_active_card,
    an_inactive_card,
    as_stored,
    edit,
    last_entry,
    last_event,
)
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db


def correct(card, balance_cents, **more):
    return adjust(caller=TEST, card_id=card.id, balance_cents=balance_cents, **more)


@pytest.mark.parametrize(("balance_cents", "difference"), [(10_001, 1), (9_999, -1), (0, -10_000)])
@pytest.mark.parametrize("make", [an_inactive_card, an_active_card])
def test_an_adjustment_posts_the_difference(make, balance_cents, difference):
    card = correct(make(), balance_cents, occasion=Occasion(reason="Typing mistake"))

    entry = last_entry(card)
    assert (entry.kind, entry.amount_cents, entry.balance_cents) == (
        Kind.ADJUSTMENT,
        difference,
        balance_cents,
    )
    assert (last_event(card).topic, last_event(card).reason) == (
        "gift_cards.adjust",
        "Typing mistake",
    )


def test_an_adjustment_to_the_present_balance_leaves_no_trace():
    card = an_active_card()
    before = as_stored(card.id)

    correct(card, 10_000)

    assert as_stored(card.id) == before


def test_a_draft_has_nothing_to_adjust():
    card = a_draft()

    with refused(InvalidTransition, card=card):
        correct(card, 1)


@pytest.mark.parametrize("balance_cents", [-1, 10**13 + 1, 2**63])
def test_a_balance_is_an_amount_of_money(balance_cents):
    card = an_active_card()

    with refused(Invalid, about="balance_cents", card=card):
        correct(card, balance_cents)


def test_an_adjustment_upwards_reopens_a_redeemed_card():
    card = a_redeemed_card(balance_cents=10_000)

    card = correct(card, 5_001)

    assert (card.status, card.balance_cents) == ("active", 5_001)
    assert debit(caller=TEST, card_id=card.id, amount_cents=1).balance_cents == 5_000


def test_an_adjustment_downwards_leaves_a_redeemed_card_redeemed():
    card = correct(a_redeemed_card(balance_cents=10_000), 0)

    assert (card.status, card.balance_cents) == ("redeemed", 0)


def test_an_adjustment_to_nothing_redeems_a_card_that_cannot_be_recharged():
    assert correct(an_active_card(rechargeable=False), 0).status == "redeemed"


def test_an_adjustment_to_nothing_leaves_a_rechargeable_card_active():
    assert correct(an_active_card(), 0).status == "active"


def test_an_adjustment_to_nothing_leaves_an_inactive_card_inactive():
    assert correct(an_inactive_card(rechargeable=False), 0).status == "inactive"


def test_a_balance_alone_in_an_update_is_an_adjustment():
    card = edit(an_active_card(), balance_cents=12_000)

    assert (card.balance_cents, last_entry(card).kind) == (12_000, Kind.ADJUSTMENT)


def test_an_adjustment_by_an_update_carries_its_reason():
    card = update_gift_card(
        caller=TEST,
        card_id=an_active_card().id,
        changes={"balance_cents": 1},
        occasion=Occasion(reason="Damaged"),
    )

    assert last_entry(card).reason == "Damaged"


def test_the_present_balance_in_company_changes_nothing_but_the_company():
    card = an_active_card()

    card = edit(card, balance_cents=10_000, reference="A")

    assert (card.reference, card.ledger_sequence) == ("A", 1)
    assert last_event(card).data == {"status": "active", "changed": ["reference"]}


def test_a_stale_balance_in_company_is_refused():
    card = an_active_card()
    debit(caller=TEST, card_id=card.id, amount_cents=400)

    with refused(StaleBalance, about="balance_cents", error="stale", card=card) as refusal:
        edit(card, balance_cents=10_000, reference="A")
    assert "has changed since it was read" in str(refusal.value)


def test_the_balance_of_a_draft_is_its_face_value():
    card = edit(a_draft(), balance_cents=50, reference="A")

    assert (card.balance_cents, card.initial_balance_cents, card.ledger_sequence) == (50, 50, 0)
    assert last_event(card).topic == "gift_cards.update"
