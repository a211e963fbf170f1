"""Showing a whole code: nothing moves, and it stays on record who asked."""

import pytest

from giftcards.models import Status
from giftcards.operations import Occasion, reveal_code
from kernel.refusals import NotFound
from kernel.secret import Secret
from tests.fixtures.cast import CARD_IN, LIVE, TEST, a_draft, a_market, as_stored, caller, last_event
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db

CODE = "SENTINEL-REVEALED-1"


def test_a_code_comes_out_as_a_secret():
    code = reveal_code(caller=TEST, card_id=a_draft(code=CODE).id)

    assert code == Secret(CODE)
    assert CODE not in f"{code} {code!r}"


def test_who_asked_and_why_is_on_record_and_the_code_is_not():
    card = a_draft(code=CODE)

    reveal_code(caller=TEST, card_id=card.id, occasion=Occasion(reason="Customer at the till"))

    event = last_event(card)
    assert (event.topic, event.reason, event.actor_id) == (
        "gift_cards.reveal",
        "Customer at the till",
        "till",
    )
    assert event.data == {"status": "draft"}


@pytest.mark.parametrize("status", list(Status))
def test_a_look_moves_nothing(status):
    card = CARD_IN[status]()
    before = as_stored(card.id)

    reveal_code(caller=TEST, card_id=card.id)

    after = as_stored(card.id)
    assert (after["row"], after["entries"]) == (before["row"], before["entries"])
    assert len(after["events"]) == len(before["events"]) + 1


def test_a_stranger_is_shown_nothing_and_leaves_no_trace():
    card = a_draft(market=a_market(name="Berlin"))

    for stranger in (LIVE, caller(markets=[a_market(name="Paris")])):
        with refused(NotFound, card=card):
            reveal_code(caller=stranger, card_id=card.id)
