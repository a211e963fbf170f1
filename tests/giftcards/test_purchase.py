"""A purchase issues the face value; a draft owes nobody anything."""

import pytest

from events.models import Event
from giftcards.exceptions import AboveMaximumBalance, InvalidTransition, MarketDisabled
from giftcards.models import Kind, LedgerEntry
from giftcards.operations import (
    Occasion,
    activate,
    create_gift_card,
    issue_gift_card,
    purchase,
    update_gift_card,
)
from kernel.refusals import Invalid, NotFound
from tests.fixtures.cast import (
    LIVE,
    TEST,
    a_draft,
    a_market,
    an_inactive_card,
    as_stored,
    disabled,
    last_event,
)
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db


def test_a_draft_has_no_entries():
    card = a_draft()

    assert (card.ledger_sequence, card.balance_cents, card.initial_balance_cents) == (0, 10_000, 10_000)
    assert not LedgerEntry.objects.filter(gift_card=card).exists()


def test_a_purchase_posts_the_face_value_as_its_first_entry():
    card = purchase(
        caller=TEST,
        card_id=a_draft(balance_cents=2_500).id,
        occasion=Occasion(reason="Bought online", reference="order-1", order_number="#1001"),
    )

    entry = LedgerEntry.objects.get(gift_card=card)
    assert (entry.sequence, entry.kind, entry.amount_cents, entry.balance_cents) == (
        1,
        Kind.ISSUE,
        2_500,
        2_500,
    )
    assert (entry.reason, entry.reference, entry.order_number) == ("Bought online", "order-1", "#1001")
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("api_key", "till", "The till")


def test_a_purchase_returns_the_card_as_it_is_stored():
    card = an_inactive_card()

    stored = as_stored(card.id)["row"]
    assert {name: getattr(card, name) for name in stored if name != "ledger_hash"} == {
        name: value for name, value in stored.items() if name != "ledger_hash"
    }
    assert bytes(card.ledger_hash or b"") == bytes(stored["ledger_hash"])


def test_a_purchase_records_one_event_beside_its_entry():
    card = purchase(caller=TEST, card_id=a_draft().id, occasion=Occasion(reason="Bought online"))

    event = last_event(card)
    assert (event.topic, event.reason, event.mode) == ("gift_cards.purchase", "Bought online", "test")
    assert event.data == {
        "status": "inactive",
        "entry_sequence": 1,
        "amount_cents": 10_000,
        "balance_cents": 10_000,
    }


def test_issuing_is_announced_once_whoever_issues():
    """For whoever listens for new cards by the name that Medusa gave it; a draft is none yet."""
    draft = a_draft()
    assert announcements() == []

    purchase(caller=TEST, card_id=draft.id)
    at_once = issue_gift_card(caller=TEST, attributes={"balance_cents": 500, "currency_code": "EUR"})
    activate(caller=TEST, card_id=draft.id)

    assert announcements() == [(card.id, {"id": str(card.id)}) for card in (draft, at_once)]


def announcements():
    announced = Event.objects.filter(topic="gift_card.created", subject_type="gift_cards")
    return list(announced.order_by("created_at").values_list("subject_id", "data"))


def test_a_card_is_bought_once():
    card = an_inactive_card()

    with refused(InvalidTransition, card=card):
        purchase(caller=TEST, card_id=card.id)


def test_what_a_request_changes_beside_the_purchase_is_applied_before_it():
    card = purchase(caller=TEST, card_id=a_draft().id, changes={"balance_cents": 700, "reference": "A"})

    assert (card.initial_balance_cents, card.balance_cents, card.reference) == (700, 700, "A")
    assert LedgerEntry.objects.get(gift_card=card).amount_cents == 700
    assert last_event(card).data["changed"] == ["reference", "initial_balance_cents", "balance_cents"]


def test_a_refused_purchase_takes_the_changes_beside_it_back():
    card = a_draft(market=disabled(a_market()))

    with refused(MarketDisabled, about="market", card=card):
        purchase(caller=TEST, card_id=card.id, changes={"reference": "A", "balance_cents": 1})


def test_a_rechargeable_card_may_be_issued_empty():
    card = an_inactive_card(balance_cents=0)

    assert (card.status, card.balance_cents, card.ledger_sequence) == ("inactive", 0, 1)


def test_a_card_that_cannot_be_recharged_is_worth_something():
    with pytest.raises(Invalid, match="balance_cents must be greater than 0 unless rechargeable") as refusal:
        a_draft(balance_cents=0, rechargeable=False)

    assert refusal.value.error == "greater_than"


def test_an_empty_draft_stays_rechargeable():
    card = a_draft(balance_cents=0)

    with refused(Invalid, about="balance_cents", error="greater_than", card=card):
        update_gift_card(caller=TEST, card_id=card.id, changes={"rechargeable": False})


@pytest.mark.parametrize(
    ("balance_cents", "error"),
    [
        (-1, "greater_than_or_equal_to"),
        (10**13 + 1, "less_than_or_equal_to"),
        (2**63 - 1, "less_than_or_equal_to"),
        (2**63, "less_than_or_equal_to"),
        (10**30, "less_than_or_equal_to"),
    ],
)
def test_a_face_value_is_an_amount_of_money(balance_cents, error):
    with refused(Invalid, about="balance_cents", error=error):
        a_draft(balance_cents=balance_cents)


def test_the_largest_face_value_is_ten_to_the_thirteenth():
    assert an_inactive_card(balance_cents=10**13).balance_cents == 10**13


def test_a_face_value_has_no_default():
    with refused(Invalid, about="balance_cents", error="blank"):
        create_gift_card(caller=TEST, attributes={"currency_code": "USD"})


def test_a_face_value_does_not_exceed_the_maximum_balance():
    with refused(AboveMaximumBalance, about="balance_cents", error="balance_max_exceeded"):
        a_draft(balance_cents=501, balance_max_cents=500)

    assert a_draft(balance_cents=500, balance_max_cents=500).balance_max_cents == 500


@pytest.mark.parametrize("stranger", [LIVE])
def test_a_stranger_cannot_buy(stranger):
    card = a_draft()

    with refused(NotFound, card=card):
        purchase(caller=stranger, card_id=card.id)
