"""The same hash stands in SQL and in Python, and no two contents share one."""

import hashlib
import string
from datetime import UTC, datetime

import pytest
from django.db import connection
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from giftcards.chain import GENESIS, as_part, chain_hash
from giftcards.models import LedgerEntry
from giftcards.models.ledger import HASHED_COLUMNS, hashed_parts
from giftcards.operations import Occasion, debit
from tests.fixtures.cast import TEST, an_active_card

STORABLE = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
CONFUSING = st.text(alphabet="0123456789:,-", max_size=12)
PARTS = st.lists(st.none() | STORABLE | CONFUSING, min_size=1, max_size=8)
HASHES = st.binary(min_size=32, max_size=32)

in_the_database = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def hash_in_sql(previous, parts):
    with connection.cursor() as cursor:
        cursor.execute("SELECT giftcards_chain_hash(%s, %s::text[])", [previous, parts])
        return bytes(cursor.fetchone()[0])


@pytest.mark.django_db
@in_the_database
@given(previous=HASHES, parts=PARTS)
def test_sql_and_python_hash_alike(previous, parts):
    assert hash_in_sql(previous, parts) == chain_hash(previous, parts)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "parts",
    [
        [None],
        [""],
        ["", None],
        ["é", "🎁", "e\u0301"],
        ["1:a,", "-,"],
        ["\ufeff\u202e"],
        ["\n\t\\"],
        [None] * 19,
    ],
)
def test_sql_and_python_hash_the_edges_alike(parts):
    assert hash_in_sql(GENESIS, parts) == chain_hash(GENESIS, parts)


@given(one=PARTS, other=PARTS)
def test_two_contents_have_two_hashes(one, other):
    assume(one != other)

    assert chain_hash(GENESIS, one) != chain_hash(GENESIS, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([None], [""]),
        (["a", "b"], ["ab"]),
        (["a", "b"], ["ab", ""]),
        (["a,b"], ["a", "b"]),
        (["1:a,"], ["a"]),
        (["a,1:b"], ["a", "b"]),
        (["-,"], [None]),
        (["a", None], ["a"]),
        (["é"], ["e\u0301"]),
    ],
)
def test_what_a_naive_joining_confuses_is_told_apart(one, other):
    assert chain_hash(GENESIS, one) != chain_hash(GENESIS, other)


@given(one=HASHES, other=HASHES, parts=PARTS)
def test_a_hash_depends_on_the_one_before(one, other, parts):
    assume(one != other)

    assert chain_hash(one, parts) != chain_hash(other, parts)


def test_version_one_never_changes():
    """Written down by hand: old entries keep their hash for ever."""
    expected = hashlib.sha256(bytes(32) + b"5:debit,-,0:,2:\xc3\xa9,").digest()

    assert chain_hash(GENESIS, ["debit", None, "", "é"]) == expected
    columns = (
        "id mode gift_card_id sequence kind currency_code amount_cents balance_cents market_id actor_kind"
        " actor_id actor_name reason reference order_number original_sequence authorization_id payment_id"
        " created_at"
    )
    assert " ".join(HASHED_COLUMNS) == columns


def test_the_hash_covers_every_column_but_itself_and_its_version():
    columns = {field.column for field in LedgerEntry._meta.concrete_fields}

    assert columns - set(HASHED_COLUMNS) == {"hash", "hash_version"}


def test_a_time_is_hashed_to_the_microsecond():
    assert as_part(datetime(2027, 1, 1, 0, 0, 0, 1, tzinfo=UTC)) == "1798761600000001"
    assert as_part(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == "-1"
    assert (as_part(None), as_part(""), as_part(0), as_part(-5)) == (None, "", "0", "-5")


@pytest.mark.django_db
@settings(in_the_database, max_examples=40)
@given(
    reason=STORABLE.filter(lambda text: len(text) <= 1000),
    reference=st.none() | st.text(string.printable, max_size=255) | CONFUSING,
    order_number=st.none() | CONFUSING,
)
def test_the_hash_of_a_posted_entry_follows_from_its_row(card, reason, reference, order_number):
    occasion = Occasion(reason, reference=reference, order_number=order_number)
    previous = bytes(card.ledger_entries.latest("sequence").hash)

    after = debit(caller=TEST, card_id=card.id, amount_cents=1, occasion=occasion)

    row = after.ledger_entries.values().latest("sequence")
    assert bytes(row["hash"]) == bytes(after.ledger_hash or b"") == chain_hash(previous, hashed_parts(row))


@pytest.fixture
def card():
    return an_active_card(balance_cents=1_000_000)
