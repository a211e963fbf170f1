"""What is left of a single-use card after its use: owed as before, unless its market says otherwise."""

from datetime import timedelta

import pytest

from giftcards.exceptions import AlreadyUsed
from giftcards.models import GiftCard, Kind
from giftcards.operations import (
    activate,
    adjust,
    authorize,
    capture,
    cash_out,
    deactivate,
    debit,
    pay,
    refund,
    refund_payment,
)
from kernel.clock import database_now
from tests.fixtures.cast import TEST, a_market, an_active_card, edit, last_entry, last_event

pytestmark = pytest.mark.django_db


def strict(**policy):
    return a_market(name="Once", **{"keeps_single_use_remainder": False, **policy})


def a_single_use_card(market=None, **attributes):
    return an_active_card(
        balance_cents=1_000, **{"single_use": True, "market": market or strict(), **attributes}
    )


def amounts(card):
    return list(card.ledger_entries.order_by("sequence").values_list("kind", "amount_cents"))


@pytest.mark.parametrize("attributes", [{"market": None}, {"market": "keeps"}])
def test_a_remainder_is_owed_unless_the_market_says_otherwise(attributes):
    market = attributes["market"] and a_market()
    card = an_active_card(balance_cents=1_000, single_use=True, market=market)

    card = debit(caller=TEST, card_id=card.id, amount_cents=300)

    assert (card.status, card.balance_cents) == ("redeemed", 700)
    assert amounts(card) == [("issue", 1_000), ("debit", -300)]


def test_a_remainder_is_given_up_in_an_entry_and_an_event_of_its_own():
    card = debit(caller=TEST, card_id=a_single_use_card().id, amount_cents=300)

    assert (card.status, card.balance_cents) == ("redeemed", 0)
    assert GiftCard.objects.get(id=card.id).balance_cents == 0
    assert amounts(card) == [("issue", 1_000), ("debit", -300), ("adjustment", -700)]
    entry, event = last_entry(card), last_event(card)
    assert entry.reason == event.reason == "The market Once keeps no remainder of a single-use gift card."
    assert (entry.actor_id, entry.reference, event.topic) == ("till", None, "gift_cards.adjust")
    assert event.data == {
        "status": "redeemed",
        "entry_sequence": 3,
        "amount_cents": -700,
        "balance_cents": 0,
    }


def test_a_capture_gives_the_remainder_up_too():
    card = a_single_use_card()
    held = authorize(caller=TEST, card_id=card.id, amount_cents=500)

    capture(caller=TEST, authorization_id=held.id, amount_cents=200)

    card.refresh_from_db(fields=["balance_cents", "authorized_cents"])
    assert (card.balance_cents, card.authorized_cents) == (0, 0)
    assert amounts(card) == [("issue", 1_000), ("capture", -200), ("adjustment", -800)]


def test_so_does_a_capture_from_a_card_that_was_switched_off():
    card = a_single_use_card()
    held = authorize(caller=TEST, card_id=card.id, amount_cents=500)
    deactivate(caller=TEST, card_id=card.id)

    capture(caller=TEST, authorization_id=held.id)

    card = GiftCard.objects.get(id=card.id)
    assert (card.status, card.balance_cents) == ("inactive", 0)
    assert amounts(card)[1:] == [("capture", -500), ("adjustment", -500)]


def test_so_does_a_payment_over_several_cards():
    market = strict()
    once, often = a_single_use_card(market), an_active_card(balance_cents=2_000, market=market)

    payment = pay(caller=TEST, amount_cents=2_500, gift_cards=[once.id, often.id])

    assert amounts(once)[1:] == [("debit", -1_000)]
    assert amounts(often)[1:] == [("debit", -1_500)]
    assert refund_payment(caller=TEST, payment_id=payment.id).id == payment.id


def test_a_payment_that_needs_a_part_only_gives_up_the_rest():
    card = a_single_use_card()

    payment = pay(caller=TEST, amount_cents=400, gift_cards=[card.id])

    assert amounts(card)[1:] == [("debit", -400), ("adjustment", -600)]
    assert payment.transactions.count() == 1
    refund_payment(caller=TEST, payment_id=payment.id)
    assert GiftCard.objects.get(id=card.id).balance_cents == 400


def test_a_use_of_everything_leaves_nothing_to_give_up():
    card = debit(caller=TEST, card_id=a_single_use_card().id, amount_cents=1_000)

    assert amounts(card) == [("issue", 1_000), ("debit", -1_000)]


def test_a_card_of_several_uses_keeps_what_it_has():
    card = debit(caller=TEST, card_id=a_single_use_card(single_use=False).id, amount_cents=300)

    assert (card.status, card.balance_cents) == ("active", 700)


def test_a_refund_gives_back_what_was_spent_not_what_was_given_up():
    card = debit(caller=TEST, card_id=a_single_use_card().id, amount_cents=300)

    refund(caller=TEST, transaction_id=card.ledger_entries.get(kind=Kind.DEBIT).id)

    card = GiftCard.objects.get(id=card.id)
    assert (card.status, card.balance_cents) == ("active", 300)
    card = debit(caller=TEST, card_id=card.id, amount_cents=100)
    assert (card.status, card.balance_cents) == ("redeemed", 0)


def test_what_was_given_up_can_be_put_back():
    card = debit(caller=TEST, card_id=a_single_use_card().id, amount_cents=300)

    assert adjust(caller=TEST, card_id=card.id, balance_cents=700).status == "active"


def test_what_is_kept_can_be_cashed_out():
    card = a_single_use_card(a_market(cash_out_below_cents=1_000), rechargeable=False)
    card = debit(caller=TEST, card_id=card.id, amount_cents=300)

    card = cash_out(caller=TEST, card_id=card.id)

    assert (card.status, card.balance_cents) == ("redeemed", 0)
    assert amounts(card)[2:] == [("cash_out", -700)]


def test_a_used_card_that_was_switched_off_stays_off():
    card = a_single_use_card()
    held = authorize(caller=TEST, card_id=card.id, amount_cents=500)
    deactivate(caller=TEST, card_id=card.id)
    capture(caller=TEST, authorization_id=held.id)

    with pytest.raises(AlreadyUsed):
        activate(caller=TEST, card_id=card.id)


def test_what_a_lapsed_hold_held_is_given_up_too():
    """It holds nothing any more, whether somebody has written that down or not."""
    card = an_active_card(balance_cents=1_000, market=strict())
    ends = database_now() + timedelta(hours=1)
    authorize(caller=TEST, card_id=card.id, amount_cents=400, expires_at=ends)
    kept = authorize(caller=TEST, card_id=card.id, amount_cents=300)
    card = edit(card, test_clock_at=ends, single_use=True)

    capture(caller=TEST, authorization_id=kept.id)

    card = GiftCard.objects.get(id=card.id)
    assert (card.status, card.balance_cents, card.authorized_cents) == ("redeemed", 0, 0)
    assert amounts(card)[1:] == [("capture", -300), ("adjustment", -700)]
