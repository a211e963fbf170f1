"""Who a card is for: found or created by e-mail, named, or nobody."""

import pytest

from giftcards.operations import create_gift_card
from kernel.refusals import Invalid
from recipients.models import GiftCardRecipient
from recipients.operations import create_recipient
from tests.fixtures.cast import LIVE, TEST, a_draft, an_active_card, edit
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db

ANNA = "Anna@Example.com"


def test_an_unknown_address_creates_the_recipient():
    recipient = a_draft(recipient_email=ANNA).gift_card_recipient

    assert recipient is not None
    assert (recipient.email, recipient.mode) == (ANNA, "test")


def test_a_known_address_finds_the_recipient_whatever_its_capitals():
    anna = create_recipient(caller=TEST, email=ANNA)

    assert a_draft(recipient_email=ANNA.upper()).gift_card_recipient == anna
    assert edit(a_draft(), recipient_email=ANNA.lower()).gift_card_recipient == anna
    assert GiftCardRecipient.objects.count() == 1


def test_the_same_address_is_another_recipient_in_the_other_mode():
    assert a_draft(recipient_email=ANNA).gift_card_recipient != (
        a_draft(by=LIVE, recipient_email=ANNA).gift_card_recipient
    )


def test_a_recipient_is_named():
    anna = create_recipient(caller=TEST, email=ANNA)

    assert a_draft(gift_card_recipient=anna).gift_card_recipient == anna


@pytest.mark.parametrize(
    "clearing",
    [
        {"recipient_email": ""},
        {"recipient_email": None},
        {"gift_card_recipient": None},
        {"recipient_email": "", "gift_card_recipient": None},
    ],
)
def test_a_recipient_is_cleared_both_ways(clearing):
    card = an_active_card(recipient_email=ANNA)

    card = edit(card, **clearing)

    card.refresh_from_db(fields=["gift_card_recipient"])
    assert card.gift_card_recipient is None
    assert GiftCardRecipient.objects.filter(email=ANNA).exists()


def test_an_address_and_a_name_that_agree_are_one_recipient():
    anna = create_recipient(caller=TEST, email=ANNA)

    assert edit(a_draft(), recipient_email=ANNA.lower(), gift_card_recipient=anna).gift_card_recipient == anna


def test_an_address_and_a_name_that_disagree_are_refused():
    card, anna = a_draft(), create_recipient(caller=TEST, email=ANNA)

    with refused(Invalid, about="recipient_email", error="conflict", card=card):
        edit(card, recipient_email="bob@example.com", gift_card_recipient=anna)


def test_an_address_wins_over_a_cleared_name_and_a_name_over_a_cleared_address():
    anna = create_recipient(caller=TEST, email=ANNA)

    assert edit(a_draft(), recipient_email=ANNA, gift_card_recipient=None).gift_card_recipient == anna
    assert edit(a_draft(), recipient_email="", gift_card_recipient=anna).gift_card_recipient == anna


@pytest.mark.parametrize(
    "address", ["anna", "anna@", "@example.com", "a b@example.com", "x" * 250 + "@a.bc", "   "]
)
def test_an_address_that_is_none_is_refused(address):
    card = a_draft()

    with refused(Invalid, about="recipient_email", card=card):
        edit(card, recipient_email=address)


def test_a_refused_card_creates_no_recipient():
    with refused(Invalid, about="code"):
        a_draft(recipient_email=ANNA, code="short")
    with refused(Invalid, about="code", error="taken"):
        a_draft(code="TAKEN-CODE-1")
        a_draft(recipient_email=ANNA, code="TAKEN-CODE-1")

    assert not GiftCardRecipient.objects.exists()


def test_an_update_without_a_recipient_keeps_the_one_there_is():
    card = create_gift_card(
        caller=TEST, attributes={"balance_cents": 1, "currency_code": "USD", "recipient_email": ANNA}
    )

    assert edit(card, reference="A").gift_card_recipient == card.gift_card_recipient
