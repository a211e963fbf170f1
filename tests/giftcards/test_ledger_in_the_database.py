"""What PostgreSQL itself refuses, whoever asks."""

import pytest
from django.db import IntegrityError, connection, transaction
from psycopg.errors import RestrictViolation

from giftcards.models import GiftCard, LedgerEntry
from giftcards.operations import debit, recharge
from kernel.keys import uuid7
from tests.fixtures.cast import TEST, a_draft, an_active_card, as_stored, last_entry
from tests.fixtures.raw_sql import insert_copy, run, set_column

pytestmark = pytest.mark.django_db


@pytest.fixture
def card():
    return debit(caller=TEST, card_id=an_active_card().id, amount_cents=1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE giftcards_ledgerentry SET amount_cents = 1",
        "UPDATE giftcards_ledgerentry SET reason = reason",
        "DELETE FROM giftcards_ledgerentry",
        "TRUNCATE giftcards_ledgerentry",
        "TRUNCATE giftcards_giftcard CASCADE",
        "TRUNCATE markets_market CASCADE",
        (
            "INSERT INTO giftcards_ledgerentry TABLE giftcards_ledgerentry"
            " ON CONFLICT (id) DO UPDATE SET amount_cents = 1"
        ),
        "MERGE INTO giftcards_ledgerentry USING (SELECT) AS one ON true WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM giftcards_ledgerentry RETURNING *) SELECT count(*) FROM gone",
    ],
)
def test_an_entry_is_neither_changed_nor_removed(card, statement):
    before = as_stored(card.id)

    with pytest.raises(IntegrityError, match="giftcards_ledgerentry is append-only") as refusal:
        run(statement)

    assert isinstance(refusal.value.__cause__, RestrictViolation)
    assert as_stored(card.id) == before


def test_djangos_own_ways_to_change_an_entry_end_there_too(card):
    entry = last_entry(card)

    for change in (entry.save, entry.delete, lambda: LedgerEntry.objects.update(reason="x")):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


def test_a_card_with_entries_is_not_removed(card):
    with pytest.raises(IntegrityError, match="ledger_entry_agrees_with_its_card"):
        run("DELETE FROM giftcards_giftcard WHERE id = %s", card.id)


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("balance_cents", -1, "gift_card_balance_is_never_negative"),
        ("initial_balance_cents", -1, "gift_card_face_value_is_never_negative"),
        ("status", "void", "gift_card_status_is_known"),
        ("status", "draft", "gift_card_has_entries_unless_draft"),
        ("ledger_sequence", 0, "gift_card_has_entries_unless_draft"),
        ("ledger_hash", None, "gift_card_has_entries_unless_draft"),
        ("mode", "prod", "gift_card_mode_is_test_or_live"),
    ],
)
def test_a_card_that_cannot_be_is_refused(card, column, value, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        set_column(card, column, value)


@pytest.mark.parametrize("status", ["inactive", "active", "redeemed"])
def test_a_draft_is_not_issued_past_the_ledger(status):
    with pytest.raises(IntegrityError, match="gift_card_has_entries_unless_draft"):
        set_column(a_draft(), "status", status)


def test_a_draft_is_worth_its_face_value():
    with pytest.raises(IntegrityError, match="gift_card_has_entries_unless_draft"):
        set_column(a_draft(), "balance_cents", 1)


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"sequence": 1}, "ledger_sequence_is_unique_per_card"),
        ({"sequence": 0}, "ledger_sequence_begins_at_1"),
        ({"balance_cents": -1}, "ledger_balance_is_never_negative"),
        ({"kind": "gift"}, "ledger_(kind_is_known|amount_has_the_sign_of_its_kind)"),
        ({"kind": "debit", "amount_cents": 1}, "ledger_amount_has_the_sign_of_its_kind"),
        ({"kind": "debit", "amount_cents": 0}, "ledger_amount_has_the_sign_of_its_kind"),
        ({"kind": "recharge", "amount_cents": -1}, "ledger_amount_has_the_sign_of_its_kind"),
        ({"kind": "refund", "amount_cents": 0}, "ledger_amount_has_the_sign_of_its_kind"),
        ({"kind": "adjustment", "amount_cents": 0}, "ledger_amount_has_the_sign_of_its_kind"),
        ({"kind": "issue", "amount_cents": 1}, "ledger_amount_has_the_sign_of_its_kind"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(card, changed, constraint):
    entry = last_entry(card)

    with pytest.raises(IntegrityError, match=constraint):
        insert_copy(entry, **{"id": uuid7(), "sequence": 3, **changed})


def test_the_sequence_of_a_card_is_dense():
    card = an_active_card()
    for amount in (1, 2, 3):
        debit(caller=TEST, card_id=card.id, amount_cents=amount)
        recharge(caller=TEST, card_id=card.id, amount_cents=amount)

    entries = LedgerEntry.objects.filter(gift_card=card).order_by("sequence")
    assert [entry.sequence for entry in entries] == list(range(1, 8))
    assert [entry.balance_cents for entry in entries] == [10_000, 9_999, 10_000, 9_998, 10_000, 9_997, 10_000]


def test_within_one_transaction_the_time_of_entries_goes_on():
    card = an_active_card()
    for _ in range(3):
        debit(caller=TEST, card_id=card.id, amount_cents=1)

    times = [entry.created_at for entry in card.ledger_entries.order_by("sequence")]
    assert times == sorted(set(times))


def test_the_card_was_last_changed_when_its_last_entry_was_posted(card):
    assert GiftCard.objects.get(id=card.id).updated_at == last_entry(card).created_at


def test_the_database_writes_no_time_of_its_own_into_an_entry():
    """Posting reads the clock while it holds the lock; a default would say when the transaction began."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_default FROM information_schema.columns"
            " WHERE table_name = 'giftcards_ledgerentry' AND column_name = 'created_at'"
        )
        assert cursor.fetchall() == [(None,)]
