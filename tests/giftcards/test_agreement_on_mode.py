"""A row and what it refers to agree on mode and currency: held by the database, for each reference."""

from dataclasses import dataclass

import pytest
from django.db import IntegrityError, connection

from giftcards.models import GiftCard
from giftcards.operations import authorize, debit
from kernel.caller import Caller
from kernel.keys import uuid7
from markets.models import Market
from recipients.models import GiftCardRecipient
from recipients.operations import create_recipient
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card
from tests.fixtures.raw_sql import insert_copy, run, set_column

pytestmark = pytest.mark.django_db


@dataclass
class Side:
    """One mode's share of the data."""

    market: Market
    recipient: GiftCardRecipient
    card: GiftCard


def side(by: Caller, currency_code: str = "USD") -> Side:
    market = a_market(by=by, currency_code=currency_code)
    recipient = create_recipient(caller=by, email=f"{currency_code}@example.com")
    card = an_active_card(by=by, market=market, gift_card_recipient=recipient)
    card = debit(caller=by, card_id=card.id, amount_cents=1, spent_in=market)
    return Side(market, recipient, card)


def test_a_card_and_its_market_agree_on_mode():
    test, live = side(TEST), side(LIVE)

    with pytest.raises(IntegrityError, match="gift_card_agrees_with_its_market"):
        set_column(test.card, "market_id", live.market.id)


def test_a_card_and_its_market_agree_on_currency():
    dollars, yen = side(TEST, "USD"), side(TEST, "JPY")

    with pytest.raises(IntegrityError, match="gift_card_agrees_with_its_market"):
        set_column(dollars.card, "market_id", yen.market.id)


def test_a_card_and_its_recipient_agree_on_mode():
    test, live = side(TEST), side(LIVE)

    with pytest.raises(IntegrityError, match="gift_card_agrees_with_its_recipient"):
        set_column(test.card, "gift_card_recipient_id", live.recipient.id)


@pytest.mark.parametrize(("column", "value"), [("mode", "live"), ("currency_code", "EUR")])
def test_an_entry_and_its_card_agree(column, value):
    card = an_active_card()
    entry = card.ledger_entries.get()

    with pytest.raises(IntegrityError, match="ledger_entry_agrees_with_its_card"):
        insert_copy(entry, **{"id": uuid7(), "sequence": 2, "kind": "recharge", column: value})


@pytest.mark.parametrize(("column", "value"), [("mode", "live"), ("currency_code", "EUR")])
def test_a_card_with_entries_keeps_mode_and_currency(column, value):
    with pytest.raises(IntegrityError, match="ledger_entry_agrees_with_its_card"):
        set_column(an_active_card(), column, value)


@pytest.mark.parametrize("other", [(LIVE, "USD"), (TEST, "EUR")])
def test_an_entry_and_the_market_it_was_spent_in_agree(other):
    entry = side(TEST).card.ledger_entries.get(sequence=2)
    by, currency_code = other

    with pytest.raises(IntegrityError, match="ledger_entry_agrees_with_its_market"):
        insert_copy(entry, id=uuid7(), sequence=3, market_id=a_market(by=by, currency_code=currency_code).id)


def test_an_entry_gives_back_one_of_its_own_card():
    entry = side(TEST).card.ledger_entries.get(sequence=2)

    with pytest.raises(IntegrityError, match="ledger_entry_gives_back_one_of_its_card"):
        insert_copy(entry, id=uuid7(), kind="refund", amount_cents=1, sequence=10, original_sequence=9)


def test_a_capture_is_posted_to_the_card_that_was_held():
    entry = side(TEST).card.ledger_entries.get(sequence=2)
    other = authorize(caller=TEST, card_id=an_active_card().id, amount_cents=1)

    with pytest.raises(IntegrityError, match="ledger_entry_captures_on_the_card_that_was_held"):
        insert_copy(entry, id=uuid7(), kind="capture", sequence=3, authorization_id=other.id)


@pytest.mark.parametrize(("column", "value"), [("mode", "live"), ("currency_code", "EUR")])
def test_an_authorization_and_its_card_agree(column, value):
    authorization = authorize(caller=TEST, card_id=an_active_card().id, amount_cents=1)

    with pytest.raises(IntegrityError, match="authorization_agrees_with_its_card"):
        set_column(authorization, column, value)


@pytest.mark.parametrize(("column", "value"), [("mode", "live"), ("currency_code", "EUR")])
def test_a_market_in_use_keeps_mode_and_currency(column, value):
    with pytest.raises(IntegrityError, match="agrees_with_its_market"):
        set_column(side(TEST).market, column, value)


def test_a_recipient_in_use_keeps_its_mode():
    with pytest.raises(IntegrityError, match="gift_card_agrees_with_its_recipient"):
        set_column(side(TEST).recipient, "mode", "live")


@pytest.mark.parametrize(
    "statement", ["DELETE FROM markets_market", "DELETE FROM recipients_giftcardrecipient"]
)
def test_what_a_card_refers_to_is_not_removed(statement):
    side(TEST)

    with pytest.raises(IntegrityError, match="agrees_with_its"):
        run(statement)


def test_every_reference_between_rows_that_have_a_mode_carries_it():
    """Also those that a later migration will add."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conname FROM pg_constraint AS reference
            WHERE contype = 'f' AND conrelid <> confrelid
                AND conrelid::regclass::text NOT LIKE 'library%'  -- tables of the tests
                AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = conrelid AND attname = 'mode')
                AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = confrelid AND attname = 'mode')
                AND NOT EXISTS (
                    SELECT FROM pg_attribute
                    WHERE attrelid = conrelid AND attname = 'mode' AND attnum = ANY (conkey)
                )
            """
        )
        assert cursor.fetchall() == []
