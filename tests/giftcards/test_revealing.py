"""A whole code is shown to one person at a time, and the card's events tell to whom and why."""

import pytest

from events.models import Event
from giftcards.operations import Occasion, reveal_code
from kernel.refusals import NotFound
from tests.fixtures.cast import LIVE, TEST, TILL, a_market, an_active_card, as_stored, caller
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db


def test_a_code_comes_out_as_it_went_in():
    card = an_active_card(code="SENTINEL-CODE-4242")

    assert reveal_code(caller=TEST, card_id=card.pk).reveal() == "SENTINEL-CODE-4242"


def test_a_reveal_is_recorded_without_the_code():
    card = an_active_card(code="SENTINEL-CODE-4242")
    before = as_stored(card.pk)

    reveal_code(caller=TEST, card_id=card.pk, occasion=Occasion(reason="lost mail"))

    after = as_stored(card.pk)
    event = Event.objects.filter(subject_id=card.pk).latest("sequence")
    assert (event.topic, event.actor_name, event.reason) == ("gift_cards.reveal", TILL.name, "lost mail")
    assert "SENTINEL" not in str(after)
    assert (after["row"], after["entries"]) == (before["row"], before["entries"])
    assert after["events"][:-1] == before["events"]


@pytest.mark.parametrize("make_caller", [lambda: LIVE, lambda: caller(markets=[a_market()])])
def test_a_stranger_sees_no_code_and_leaves_no_event(make_caller):
    card = an_active_card(market=a_market())

    with refused(NotFound, card=card):
        reveal_code(caller=make_caller(), card_id=card.pk)
