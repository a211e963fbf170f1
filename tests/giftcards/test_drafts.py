"""A draft can be taken away; a card that was ever bought cannot."""

import pytest

from events.queries import timeline
from giftcards.models import GiftCard, Status
from giftcards.operations import Occasion, delete_gift_card
from kernel.refusals import InUse, NotFound
from tests.fixtures.cast import CARD_IN, LIVE, TEST, a_draft
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db


def test_a_draft_is_deleted_and_its_events_stay():
    card = a_draft()

    delete_gift_card(caller=TEST, card_id=card.id, occasion=Occasion(reason="Typing mistake"))

    assert not GiftCard.objects.filter(id=card.id).exists()
    assert [(event.topic, event.reason) for event in timeline(card.id)] == [
        ("gift_cards.create", ""),
        ("gift_cards.destroy", "Typing mistake"),
    ]


def test_a_deleted_draft_is_gone():
    card = a_draft()
    delete_gift_card(caller=TEST, card_id=card.id)

    with pytest.raises(NotFound):
        delete_gift_card(caller=TEST, card_id=card.id)


def test_the_code_of_a_deleted_draft_is_free_again():
    card = a_draft(code="WELCOME-BACK-2027")
    delete_gift_card(caller=TEST, card_id=card.id)

    assert a_draft(code="WELCOME-BACK-2027").code_last_four == "2027"


@pytest.mark.parametrize("status", [status for status in Status if status != Status.DRAFT])
def test_a_card_that_was_ever_bought_is_not_deleted(status):
    card = CARD_IN[status]()

    with refused(InUse, card=card):
        delete_gift_card(caller=TEST, card_id=card.id)


def test_a_key_of_the_other_mode_finds_nothing_to_delete():
    card = a_draft()

    with refused(NotFound, card=card):
        delete_gift_card(caller=LIVE, card_id=card.id)
