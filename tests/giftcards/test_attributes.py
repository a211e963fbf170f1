"""A card's plain attributes: what is stored, what counts as a change, what is refused."""

import pytest

from giftcards.models import GiftCard
from giftcards.operations import adjust, create_gift_card, update_gift_card
from kernel.refusals import Invalid, InvalidSet, NotFound
from tests.fixtures.cast import (
    CARD_IN,
    LIVE,
    TEST,
    a_draft,
    a_market,
    an_active_card,
    an_inactive_card,
    as_stored,
    edit,
    last_event,
)
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db


def test_an_update_replaces_metadata_whole():
    card = a_draft(metadata={"kept": 1, "nested": {"a": [1]}})

    edit(card, metadata={"new": None})

    assert GiftCard.objects.get(id=card.id).metadata == {"new": None}


def test_metadata_set_to_null_is_an_empty_object():
    card = edit(a_draft(metadata={"a": 1}), metadata=None)

    assert GiftCard.objects.get(id=card.id).metadata == card.metadata == {}


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (1, 1.0), ("1", 1), (None, False)])
def test_metadata_that_python_takes_for_equal_is_stored_all_the_same(before, after):
    card = a_draft(metadata={"value": before})

    card = edit(card, metadata={"value": after})

    stored = GiftCard.objects.get(id=card.id).metadata["value"]
    assert (stored, type(stored)) == (after, type(after))
    assert last_event(card).data["changed"] == ["metadata"]


@pytest.mark.parametrize("status", list(CARD_IN))
def test_attributes_change_in_every_status(status):
    card = CARD_IN[status]()

    card = edit(card, reference="A", image_url="https://shop.example/card.png", distribute_discount=False)

    row = as_stored(card.id)["row"]
    assert (row["reference"], row["image_url"], row["distribute_discount"]) == (
        "A",
        "https://shop.example/card.png",
        False,
    )
    assert row["status"] == status


def test_an_update_that_changes_nothing_leaves_no_trace():
    card = an_active_card(reference="A", metadata={"a": 1}, recipient_email="anna@example.com")
    before = as_stored(card.id)

    edit(card, reference="A", metadata={"a": 1}, recipient_email="ANNA@example.com", balance_cents=10_000)
    edit(card)

    assert as_stored(card.id) == before


def test_an_update_tells_the_names_of_what_changed_and_never_the_values():
    card = edit(a_draft(), reference="A", metadata={"secret": "sentinel"}, recipient_email="anna@example.com")

    event = last_event(card)
    assert event.topic == "gift_cards.update"
    assert sorted(event.data["changed"]) == ["gift_card_recipient_id", "metadata", "reference"]
    assert "sentinel" not in str(event.data)


def test_an_update_moves_updated_at_and_leaves_created_at():
    card = a_draft()
    before = as_stored(card.id)["row"]

    edit(card, reference="A")

    after = as_stored(card.id)["row"]
    assert after["updated_at"] >= before["updated_at"]
    assert after["created_at"] == before["created_at"]


@pytest.mark.parametrize("emptied", [None, ""])
def test_an_emptied_text_is_null(emptied):
    card = edit(
        a_draft(reference="A", image_url="https://shop.example/a.png"), reference=emptied, image_url=emptied
    )

    assert (card.reference, card.image_url) == (None, None)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("image_url", "javascript:alert(1)"),
        ("image_url", "ftp://shop.example/a.png"),
        ("image_url", "//shop.example/a.png"),
        ("image_url", "https://shop.example/" + "a" * 2048),
        ("reference", "x" * 256),
        ("reference_origin", "nul\x00"),
        ("metadata", []),
        ("single_use", "yes"),
        ("rechargeable", None),
    ],
)
def test_a_value_that_cannot_be_stored_is_refused_by_name(attribute, value):
    card = a_draft()

    with refused(Invalid, about=attribute, card=card):
        edit(card, **{attribute: value})


def test_all_refused_values_are_named_at_once():
    card = a_draft()

    with refused(InvalidSet, card=card) as refusal:
        edit(card, reference="x" * 256, metadata=[], image_url="x")

    assert {one.about for one in refusal.value.refusals} == {"reference", "metadata", "image_url"}


@pytest.mark.parametrize("currency_code", ["XYZ", "usd", "", None, "XAU", "EURO"])
def test_a_currency_is_one_of_iso_4217_that_money_is_made_of(currency_code):
    with pytest.raises(Invalid) as refusal:
        create_gift_card(caller=TEST, attributes={"balance_cents": 1, "currency_code": currency_code})

    assert refusal.value.about == "currency_code"


def test_the_currency_of_a_draft_may_change():
    assert edit(a_draft(), currency_code="EUR").currency_code == "EUR"


def test_the_currency_of_an_issued_card_never_changes():
    card = an_inactive_card()

    with refused(Invalid, about="currency_code", error="immutable", card=card):
        edit(card, currency_code="EUR")
    assert edit(card, currency_code="USD").currency_code == "USD"


def test_a_market_of_another_currency_is_refused_on_an_issued_card():
    card = an_inactive_card()

    with refused(Invalid, about="market", error="currency_mismatch", card=card):
        edit(card, market=a_market(currency_code="EUR"))


def test_a_key_of_the_other_mode_finds_nothing_to_change():
    card = a_draft()

    with refused(NotFound, card=card):
        update_gift_card(caller=LIVE, card_id=card.id, changes={"reference": "A"})
    with refused(NotFound, card=card):
        adjust(caller=LIVE, card_id=card.id, balance_cents=1)
