"""An archived card: nothing new begins with it, what was promised is kept, and nothing is forgotten."""

from threading import Barrier
from uuid import UUID

import pytest
from django.db import IntegrityError

from events.models import Event
from giftcards.exceptions import Archived, CodeTaken, NotArchived, UnusableCodes
from giftcards.lookups import usable_cards
from giftcards.models import GiftCard, Kind, Status
from giftcards.operations import (
    activate,
    adjust,
    archive,
    authorize,
    capture,
    cash_out,
    deactivate,
    debit,
    delete_gift_card,
    locking,
    pay,
    purchase,
    recharge,
    refund,
    refund_payment,
    reveal_code,
    unarchive,
    void,
)
from giftcards.queries import available_balances
from kernel.caller import Caller
from kernel.refusals import OPERATION, Invalid, NotFound
from kernel.secret import Secret
from tests.fixtures.cast import (
    CARD_IN,
    LIVE,
    TEST,
    a_draft,
    a_market,
    an_active_card,
    an_archived_card,
    an_inactive_card,
    as_stored,
    caller,
    disabled,
    edit,
    last_entry,
    last_event,
)
from tests.fixtures.client import api_client
from tests.fixtures.races import at_once, outcomes
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db

CODE = "an-old-code-of-ours"

BEGINS_SOMETHING = {
    "purchase": (a_draft, lambda card: purchase(caller=TEST, card_id=card.pk)),
    "activate": (an_inactive_card, lambda card: activate(caller=TEST, card_id=card.pk)),
    "debit": (an_active_card, lambda card: debit(caller=TEST, card_id=card.pk, amount_cents=1)),
    "authorize": (an_active_card, lambda card: authorize(caller=TEST, card_id=card.pk, amount_cents=1)),
    "recharge": (an_active_card, lambda card: recharge(caller=TEST, card_id=card.pk, amount_cents=1)),
    "cash_out": (an_active_card, lambda card: cash_out(caller=TEST, card_id=card.pk)),
}


def archived(card):
    return archive(caller=TEST, card_id=card.pk)


# --- What it does


@pytest.mark.parametrize("status", list(Status))
def test_a_card_is_archived_in_every_status_and_keeps_it(status):
    card = CARD_IN[status]()
    balance, entries = card.balance_cents, card.ledger_entries.count()

    after = archived(card)

    assert (after.status, after.balance_cents, after.is_archived) == (status, balance, True)
    assert after.ledger_entries.count() == entries
    event = last_event(card)
    assert (event.topic, event.data) == ("gift_cards.archive", {"status": status})


@pytest.mark.parametrize("status", list(Status))
def test_out_of_the_archive_a_card_is_what_it_was(status):
    card = CARD_IN[status]()
    before = as_stored(card.pk)

    archived(card)
    unarchive(caller=TEST, card_id=card.pk)

    after = as_stored(card.pk)
    changed = {name for name, value in after["row"].items() if value != before["row"][name]}
    assert changed == {"updated_at"}
    assert after["entries"] == before["entries"]
    assert last_event(card).topic == "gift_cards.unarchive"


def test_once_is_enough():
    card = an_archived_card()
    with refused(Archived, about=OPERATION, error="archived", card=card):
        archived(card)


def test_what_is_not_in_the_archive_cannot_be_taken_out():
    card = an_active_card()
    with refused(NotArchived, about=OPERATION, error="not_archived", card=card):
        unarchive(caller=TEST, card_id=card.pk)


def test_a_card_out_of_reach_is_not_found():
    card = an_active_card(market=a_market())
    for stranger in (LIVE, caller(markets=[a_market()])):
        for verb in (archive, unarchive):
            with refused(NotFound, card=card):
                verb(caller=stranger, card_id=card.pk)


def test_a_card_of_a_disabled_market_is_archived_too():
    market = a_market()
    card = an_active_card(market=market)
    disabled(market)

    assert archived(card).is_archived


# --- What it forbids


@pytest.mark.parametrize("verb", BEGINS_SOMETHING)
def test_nothing_new_begins_with_it(verb):
    prepare, act = BEGINS_SOMETHING[verb]
    card = archived(prepare(market=a_market(cash_out_below_cents=100_000)))

    with refused(Archived, about=OPERATION, error="archived", card=card) as refusal:
        act(card)

    assert str(refusal.value) == "is not possible because the gift card is archived"
    unarchive(caller=TEST, card_id=card.pk)
    act(card)


def test_no_payment_takes_from_it():
    card, other = an_archived_card(code=CODE), an_active_card()

    with refused(Invalid, about="gift_cards", error="archived", card=card) as refusal:
        pay(caller=TEST, amount_cents=1, gift_cards=[other.pk, card.pk])
    assert refusal.value.value == str(card.pk)
    with refused(UnusableCodes, card=card):
        pay(caller=TEST, amount_cents=1, codes=[Secret(CODE)])


def test_a_look_up_does_not_find_it():
    card = an_archived_card(code=CODE)

    assert not usable_cards([Secret(CODE)], TEST).exists()
    unarchive(caller=TEST, card_id=card.pk)
    assert usable_cards([Secret(CODE)], TEST).get() == card


def test_its_code_stays_taken():
    an_archived_card(code=CODE)
    with pytest.raises(CodeTaken):
        a_draft(code=CODE)


# --- What it leaves possible


def test_what_was_held_before_is_captured_or_given_up():
    card = an_active_card(balance_cents=1_000)
    first, second = (authorize(caller=TEST, card_id=card.pk, amount_cents=400) for _ in range(2))
    archived(card)

    capture(caller=TEST, authorization_id=first.pk)
    void(caller=TEST, authorization_id=second.pk)

    assert last_entry(card).kind == Kind.CAPTURE
    assert available_balances([card.pk]) == {card.pk: 600}


def test_what_was_spent_before_comes_back():
    card = an_active_card(balance_cents=1_000, rechargeable=False)
    payment = pay(caller=TEST, amount_cents=400, gift_cards=[card.pk])
    debit(caller=TEST, card_id=card.pk, amount_cents=600)
    archived(card)

    refund(caller=TEST, transaction_id=last_entry(card).pk)
    refund_payment(caller=TEST, payment_id=payment.pk)

    row = GiftCard.objects.get(pk=card.pk)
    assert (row.status, row.balance_cents, row.is_archived) == (Status.ACTIVE, 1_000, True)


def test_books_and_attributes_are_still_corrected():
    card = an_archived_card()

    adjust(caller=TEST, card_id=card.pk, balance_cents=0)
    edit(card, reference="old stock")
    deactivate(caller=TEST, card_id=card.pk)
    reveal_code(caller=TEST, card_id=card.pk)

    row = GiftCard.objects.get(pk=card.pk)
    assert (row.status, row.balance_cents, row.reference) == (Status.INACTIVE, 0, "old stock")
    assert row.is_archived


def test_an_archived_draft_can_still_be_deleted():
    card = archived(a_draft())
    delete_gift_card(caller=TEST, card_id=card.pk)
    assert not GiftCard.objects.filter(pk=card.pk).exists()


# --- At the same moment as another verb


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", sorted(BEGINS_SOMETHING))
def test_whoever_comes_second_sees_it(verb):
    prepare, act = BEGINS_SOMETHING[verb]
    card = prepare(market=a_market(cash_out_below_cents=100_000))

    first, second = at_once([lambda: archived(card), lambda: act(card)])

    assert isinstance(first, GiftCard)
    assert GiftCard.objects.get(pk=card.pk).is_archived
    topics = Event.objects.filter(subject_id=card.pk).order_by("sequence").values_list("topic", flat=True)
    expected = {
        True: [f"gift_cards.{verb}", "gift_cards.archive"],
        False: ["gift_cards.archive"],
    }[not isinstance(second, Archived)]
    assert list(topics)[-len(expected) :] == expected
    assert f"gift_cards.{verb}" not in list(topics)[: -len(expected)]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_archive_it_once():
    card = an_active_card()
    results = at_once([lambda: archived(card)] * 4)
    assert outcomes(results) == {"won": 1, "Archived": 3}


@pytest.mark.django_db(transaction=True)
@pytest.mark.tampers
def test_without_the_lock_two_archive_it(monkeypatch):
    card = an_active_card()
    both_have_read = Barrier(2, timeout=20)

    def read(card_id: UUID, caller: Caller) -> GiftCard:
        found = GiftCard.objects.visible_to(caller).get(pk=card_id)
        both_have_read.wait()
        return found

    monkeypatch.setattr(locking, "lock_card", read)
    results = at_once([lambda: archived(card)] * 2)

    # Both wrote an event: the database still refuses the second one of the same number.
    assert "Archived" not in outcomes(results)
    assert outcomes(results)["won"] + sum(isinstance(each, IntegrityError) for each in results) == 2


# --- On the wire


def test_the_trigger_archives_and_takes_out_again():
    card, client = an_active_card(), api_client()
    address = f"gift_cards/{card.pk}"

    put_away = client.update(address, _archive=True, _reason="Lost", reference="A")

    attributes = put_away.document["data"]["attributes"]
    assert put_away.status == 200
    assert (attributes["status"], attributes["balance_cents"]) == ("active", 10_000)
    assert attributes["archived_at"].endswith("Z")
    assert (last_event(card).reason, last_event(card).data["changed"]) == ("Lost", ["reference"])
    back = client.update(address, _unarchive=True)
    assert back.document["data"]["attributes"]["archived_at"] is None


@pytest.mark.parametrize(
    ("trigger", "sentence"),
    [
        ({"_archive": True}, "is not possible because the gift card is archived"),
        ({"_balance_change_cents": -1}, "is not possible because the gift card is archived"),
        ({"_deactivate": True, "_unarchive": True}, "can't be combined with _deactivate"),
    ],
    ids=str,
)
def test_a_refusal_names_the_trigger(trigger, sentence):
    card = an_archived_card()

    answer = api_client().update(f"gift_cards/{card.pk}", **trigger)

    assert answer.refusal == (422, "VALIDATION_ERROR", sentence, f"/data/attributes/{list(trigger)[-1]}")


def test_lists_show_it_unless_they_are_told_not_to():
    card, put_away = an_active_card(), an_archived_card()
    client = api_client()

    def listed(query: str) -> set[str]:
        return {each["id"] for each in client.get(f"gift_cards?{query}").document["data"]}

    assert listed("") == {str(card.pk), str(put_away.pk)}
    assert listed("filter[q][archived_at_null]=true") == {str(card.pk)}
    assert listed("filter[q][archived_at_null]=false") == {str(put_away.pk)}
    assert listed("filter[q][archived_at_gt]=2020-01-01T00:00:00Z") == {str(put_away.pk)}
