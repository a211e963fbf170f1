"""`manage.py verify_ledger` names the card of whoever changed history, whatever was changed."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from giftcards.models import GiftCard
from giftcards.operations import debit, recharge, update_gift_card
from tests.fixtures.cast import LIVE, TEST, a_draft, an_active_card
from tests.fixtures.tampering import A_NEW_CHAIN, tampered
from tests.invariants.checks import assert_ledger_is_true, lies

pytestmark = pytest.mark.django_db

ENTRY = "UPDATE giftcards_ledgerentry SET {} WHERE gift_card_id = %(card)s AND sequence = %(number)s"
CARD = "UPDATE giftcards_giftcard SET {} WHERE id = %(card)s"
EVENT = "UPDATE events_event SET {} WHERE subject_id = %(card)s AND sequence = %(number)s"
NO_ENTRY = "DELETE FROM giftcards_ledgerentry WHERE gift_card_id = %(card)s AND sequence = %(number)s"
NO_EVENT = "DELETE FROM events_event WHERE subject_id = %(card)s AND sequence = %(number)s"
ANOTHER_ENTRY = """
    INSERT INTO giftcards_ledgerentry
    SELECT (jsonb_populate_record(entry, jsonb_build_object('id', gen_random_uuid(), 'sequence', 5))).*
    FROM giftcards_ledgerentry AS entry WHERE gift_card_id = %(card)s AND sequence = %(number)s
"""
ANOTHER_EVENT = (
    ANOTHER_ENTRY.replace("giftcards_ledgerentry", "events_event")
    .replace("gift_card_id", "subject_id")
    .replace("'sequence', 5", "'sequence', 8")
)

ONLY_DRAFTS = "giftcards_giftcard.gift_card_is_sound"

FIRST, MIDDLE, LAST = 1, 3, 4
CREATED, ANNOUNCED, PURCHASED, ACTIVATED, LAST_EVENT = 1, 2, 3, 4, 7

TAMPERINGS = {
    "amount changed": (ENTRY.format("amount_cents = amount_cents - 1"), MIDDLE),
    "amount and balance of the last entry changed": (
        ENTRY.format("amount_cents = amount_cents + 1, balance_cents = balance_cents + 1"),
        LAST,
    ),
    "balance after changed": (ENTRY.format("balance_cents = balance_cents + 1"), MIDDLE),
    "face value of the entry changed": (ENTRY.format("amount_cents = 1"), FIRST),
    "kind of the first entry changed": (ENTRY.format("kind = 'recharge'"), FIRST),
    "kind changed": (ENTRY.format("kind = 'adjustment'"), MIDDLE),
    "reason changed": (ENTRY.format("reason = 'something else'"), MIDDLE),
    "actor changed": (ENTRY.format("actor_id = 'somebody else'"), MIDDLE),
    "reference emptied instead of null": (ENTRY.format("reference = ''"), MIDDLE),
    "time changed by a microsecond": (ENTRY.format("created_at = created_at + interval '1 us'"), LAST),
    "id changed": (ENTRY.format("id = gen_random_uuid()"), MIDDLE),
    "first entry removed": (NO_ENTRY, FIRST),
    "middle entry removed": (NO_ENTRY, MIDDLE),
    "last entry removed": (NO_ENTRY, LAST),
    "entry inserted": (ANOTHER_ENTRY, LAST),
    "entry renumbered": (ENTRY.format("sequence = 9"), LAST),
    "hash replaced": (ENTRY.format("hash = sha256('x')"), MIDDLE),
    "last hash replaced": (ENTRY.format("hash = sha256('x')"), LAST),
    "hash version changed": (ENTRY.format("hash_version = 2"), MIDDLE),
    "mode of an entry flipped": (ENTRY.format("mode = 'live'"), MIDDLE),
    "currency of an entry changed": (ENTRY.format("currency_code = 'JPY'"), MIDDLE),
    "balance of the card raised": (CARD.format("balance_cents = balance_cents + 1"), 0),
    "face value of the card changed": (CARD.format("initial_balance_cents = 1"), 0),
    "status of the card changed": (CARD.format("status = 'redeemed'"), 0),
    "card made a draft": (CARD.format("status = 'draft'"), 0),
    "sequence of the card raised": (CARD.format("ledger_sequence = 5"), 0),
    "sequence of the card lowered": (CARD.format("ledger_sequence = 3"), 0),
    "hash of the card replaced": (CARD.format("ledger_hash = sha256('x')"), 0),
    "mode of the card flipped": (CARD.format("mode = 'live'"), 0),
    "currency of the card changed": (CARD.format("currency_code = 'JPY'"), 0),
    "first event removed": (NO_EVENT, CREATED),
    "middle event removed": (NO_EVENT, ACTIVATED),
    "last event removed": (NO_EVENT, LAST_EVENT),
    "event inserted": (ANOTHER_EVENT, LAST_EVENT),
    "status of an event changed": (
        EVENT.format("""data = jsonb_set(data, '{status}', '"redeemed"')"""),
        ACTIVATED,
    ),
    "status taken out of an event": (EVENT.format("data = data - 'status'"), PURCHASED),
    "entry taken out of an event": (EVENT.format("data = data - 'entry_sequence'"), LAST_EVENT),
    "amount in an event changed": (EVENT.format("data = data || '{\"amount_cents\": 1}'"), LAST_EVENT),
    "balance in an event changed": (EVENT.format("data = data || '{\"balance_cents\": 1}'"), LAST_EVENT),
    "mode of an event flipped": (EVENT.format("mode = 'live'"), ACTIVATED),
    "another card announced": (EVENT.format('data = \'{"id": "another"}\''), ANNOUNCED),
    "announced twice": (ANOTHER_EVENT, ANNOUNCED),
}

IN_WHICH_WORDS = {
    "entry renumbered": "number 9: expected entry 4 here",
    "kind of the first entry changed": "a card is issued by its first entry, and by that one only",
    "balance after changed": "number 3: the balance after it is 9930, not 9931",
    "mode of an entry flipped": "number 3: its mode or currency is not the card's",
    "currency of an entry changed": "number 3: its mode or currency is not the card's",
    "hash version changed": "number 3: hash version 2 is unknown",
    "reason changed": "number 3: its hash does not follow from its content and the entry before it",
    "card made a draft": "it is draft with 4 entries",
    "entry taken out of an event": "its events do not tell each of its entries once, in order",
    "another card announced": "gift_card.created does not name it, once",
    "announced twice": "gift_card.created does not name it, once",
    "mode of an event flipped": "number 4: the mode of the event is another",
}
"""Where several checks see the same tampering, what each of them says: without it, its test fails."""


@pytest.fixture
def card():
    """Issued, and three entries since; other cards lie around it."""
    an_active_card()
    card = an_active_card()
    debit(caller=TEST, card_id=card.id, amount_cents=100)
    recharge(caller=TEST, card_id=card.id, amount_cents=30)
    debit(caller=TEST, card_id=card.id, amount_cents=7)
    an_active_card(by=LIVE)
    a_draft()
    return card


def verdict() -> str:
    out = StringIO()
    call_command("verify_ledger", stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_tampering_is_noticed_and_the_card_named(card, tampering):
    statement, number = TAMPERINGS[tampering]

    with tampered((statement, {"card": card.id, "number": number}), without=[ONLY_DRAFTS]):
        found = lies()
        with pytest.raises(CommandError, match=str(card.id)) as failure:
            verdict()

    assert {lie.subject_id for lie in found} == {card.id}
    assert any(IN_WHICH_WORDS.get(tampering, "") in str(lie) for lie in found), found
    assert failure.value.returncode == 1
    assert_ledger_is_true()


def test_what_is_true_is_called_true(card):
    assert verdict() == f"The ledger is true: {GiftCard.objects.count()} gift cards verified.\n"


def test_an_empty_ledger_is_true():
    assert verdict() == "The ledger is true: 0 gift cards verified.\n"


def test_all_lies_are_named_when_asked_for(card):
    other = an_active_card()
    statement = CARD.format("balance_cents = balance_cents + 1")

    err = StringIO()

    with (
        tampered((statement, {"card": card.id}), (statement, {"card": other.id})),
        pytest.raises(CommandError, match="2 lies in the ledger"),
    ):
        call_command("verify_ledger", all=True, stdout=StringIO(), stderr=err)

    assert str(card.id) in err.getvalue()
    assert str(other.id) in err.getvalue()


def test_a_whole_chain_made_anew_is_betrayed_by_the_events(card):
    """Whoever can compute hashes rewrites entry and card alike; the events still tell the old amount."""
    entry = (
        "UPDATE giftcards_ledgerentry AS entry SET amount_cents = -8, balance_cents = balance_cents - 1"
        " WHERE gift_card_id = %(card)s AND sequence = 4"
    )
    values = {"card": card.id, "number": LAST}

    with tampered(*((statement, values) for statement in (entry, *A_NEW_CHAIN))):
        found = lies()

    assert [str(lie.subject_id) for lie in found] == [str(card.id)]


def test_a_card_removed_with_its_entries_left_behind_is_noticed(card):
    with tampered(("DELETE FROM giftcards_giftcard WHERE id = %(card)s", {"card": card.id})):
        found = lies()

    assert {lie.subject_id for lie in found} == {card.id}


def test_a_draft_whose_face_value_was_changed_is_still_a_draft():
    """A draft has no ledger to lie about; what it is worth is anybody's to edit until it is bought."""
    card = a_draft()
    update_gift_card(caller=TEST, card_id=card.id, changes={"balance_cents": 1})

    assert_ledger_is_true()


def test_looking_costs_four_statements_for_each_portion_of_cards(card, django_assert_max_num_queries):
    """Beside one for payments, one for orders, one for what is left behind, and the bounds of three
    transactions."""
    with django_assert_max_num_queries(4 + 3 + 2 * 3):
        assert_ledger_is_true()
