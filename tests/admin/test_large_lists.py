"""Pages of the back office over tables that have grown for years: what they ask reads as much as they show,
and where it does not, a person is told."""

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from back_office import admin as back_office_admin
from recipients.operations import create_recipient
from tests.fixtures.cast import LIVE, TEST, a_draft
from tests.fixtures.locks import held_back

CARDS = "/back-office/giftcards/giftcard/"
RECIPIENTS = "/back-office/recipients/giftcardrecipient/"
EVENTS = "/back-office/events/event/"
LOOKS_INSIDE = re.compile(r"LIKE UPPER\('%")


@pytest.mark.django_db
def test_currencies_to_choose_from_are_those_of_cards(back_office):
    for currency, caller in (("EUR", TEST), ("USD", TEST), ("EUR", LIVE), ("JPY", LIVE)):
        a_draft(currency_code=currency, by=caller)

    with CaptureQueriesContext(connection) as sent:
        page = back_office.get(CARDS).content.decode()

    assert re.findall(r"\?currency_code=([A-Z]+)", page) == ["EUR", "JPY", "USD"]
    assert not [each["sql"] for each in sent if "DISTINCT" in each["sql"]]
    assert page_of_one_currency(back_office, "JPY") == 1


def page_of_one_currency(back_office, currency):
    return back_office.get(f"{CARDS}?currency_code={currency}").context["cl"].result_count


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("term", "looks_inside"),
    [
        ("ada@", False),
        ("ADA@example.com", False),
        ("crm-1815", False),
        ("lovelace", True),
        ("ada", True),
        ("nobody", True),
    ],
)
def test_a_recipient_is_looked_for_in_indexes_first(back_office, term, looks_inside):
    create_recipient(caller=TEST, email="ada@example.com", last_name="Lovelace", reference="crm-1815")
    create_recipient(caller=TEST, email="grace@example.com", last_name="Hopper")

    with CaptureQueriesContext(connection) as sent:
        page = back_office.get(f"{RECIPIENTS}?q={term}").content.decode()

    assert ("ada@example.com" in page) == (term != "nobody")
    assert "grace@example.com" not in page
    assert any(LOOKS_INSIDE.search(each["sql"]) for each in sent) == looks_inside


@pytest.mark.django_db
def test_a_topic_is_looked_for_among_the_latest_events_only(back_office, monkeypatch):
    cards = [a_draft() for _ in range(3)]
    monkeypatch.setattr(back_office_admin, "LATEST", 2)

    page = back_office.get(f"{EVENTS}?q=gift_cards.create").content.decode()

    assert [str(card.pk) in page for card in cards] == [False, True, True]


@pytest.fixture
def _impatient_database() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '30ms'")
    yield
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_impatient_database")
def test_a_search_that_takes_too_long_says_what_to_ask_for(back_office):
    with held_back("recipients_giftcardrecipient"), connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")
        answer = back_office.get(f"{RECIPIENTS}?q=nobody")

    assert answer.status_code == 503
    assert "This took too long" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer_a_page_says_that_nothing_has_changed(back_office):
    with held_back("recipients_giftcardrecipient"):
        answer = back_office.get(RECIPIENTS)

    assert answer.status_code == 503
    assert "Nothing has changed. Try again in a moment." in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_standby_that_nobody_has_promoted_is_told_of_like_a_database_that_is_away(back_office):
    form = {"mode": "test", "email": "ada@example.com"}
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")

    answer = back_office.post(f"{RECIPIENTS}add/", form)
    connection.close()

    assert answer.status_code == 503
    assert "Look whether your change is there" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_whoever_was_changing_something_is_told_to_look_first(back_office):
    with held_back("recipients_giftcardrecipient"):
        answer = back_office.post(f"{RECIPIENTS}add/", {"mode": "test", "email": "ada@example.com"})

    assert answer.status_code == 503
    assert "Look whether your change is there" in answer.content.decode()
