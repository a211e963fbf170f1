"""What reading asks of the database: how many statements, and how many different ones."""

from contextlib import contextmanager

import pytest
from django.db import connection

from tests.fixtures.cast import a_market, an_active_card
from tests.fixtures.client import api_client, until_key_is_known

pytestmark = pytest.mark.django_db

WITHOUT_LOGS = "fields[gift_cards]=code,balance_cents,available_balance_cents,metadata,market"


@contextmanager
def statements():
    """Their texts, without the values that PostgreSQL binds."""
    texts: list[str] = []

    def note(execute, sql, *rest):
        texts.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield texts


def asked(api, path):
    until_key_is_known(api.get, path)
    with statements() as texts:
        assert api.get(path).status == 200
    return texts


@pytest.mark.parametrize(
    ("query", "number"),
    [
        (WITHOUT_LOGS, 1),  # whether the key still counts, and the card with what is available of it
        ("include=market,gift_card_recipient&" + WITHOUT_LOGS, 1),
        ("", 2),  # and its latest changes
        ("include=tags", 3),
    ],
)
def test_a_card_costs_so_many_statements(api, query, number):
    card = an_active_card(market=a_market(), recipient_email="ada@example.com")

    assert len(asked(api, f"gift_cards/{card.pk}?{query}")) == number


@pytest.mark.parametrize(
    ("query", "number"),
    [
        (WITHOUT_LOGS, 1),  # with the key, the cards: the page isn't full, and so their number is known
        ("include=market,gift_card_recipient&" + WITHOUT_LOGS, 1),
        ("page[size]=2&" + WITHOUT_LOGS, 2),  # and the number of cards
        ("filter[q][balance_cents_gt]=1&" + WITHOUT_LOGS, 2),  # which cards, and these
        ("filter[q][balance_cents_gt]=1&page[size]=2&" + WITHOUT_LOGS, 3),
        ("filter[q][balance_cents_gt]=9999999&" + WITHOUT_LOGS, 1),
        ("", 2),
    ],
)
def test_a_list_costs_so_many_statements(api, query, number):
    for email in ("ada@example.com", "grace@example.com"):
        an_active_card(market=a_market(), recipient_email=email)

    assert len(asked(api, f"gift_cards?{query}")) == number


def test_a_new_card_costs_three_statements(api):
    """The market, and with it the key; the card with its event; the answer. A code key is made known before
    and the use of the API key noted."""
    data = {
        "type": "gift_cards",
        "attributes": {"balance_cents": 1},
        "relationships": {"market": {"data": {"type": "markets", "id": str(a_market().pk)}}},
    }
    path = f"gift_cards?{WITHOUT_LOGS}"
    until_key_is_known(api.send, "POST", path, {"data": data})

    with statements() as texts:
        assert api.send("POST", path, {"data": data}).status == 201

    assert len(texts) == 3


def test_a_look_up_costs_two_statements(api):
    """How often the key was tried, and failed, and with that the key; the card."""
    code = an_active_card().code().reveal()
    until_key_is_known(lambda: api.create("gift_card_lookups", code=code))

    with statements() as texts:
        assert api.create("gift_card_lookups", code=code).status == 200

    assert len(texts) == 2


def test_each_card_and_each_number_of_cards_is_asked_for_in_the_same_words(api):
    """So that PostgreSQL keeps few plans, and ours are compiled once."""
    cards = [an_active_card(market=a_market(), recipient_email="ada@example.com") for _ in range(4)]
    one, other = (asked(api, f"gift_cards/{card.pk}?include=tags") for card in cards[:2])
    two, four = (
        asked(api, f"gift_cards?include=tags&filter[q][id_in]={','.join(str(each.pk) for each in some)}")
        for some in (cards[:2], cards)
    )

    assert one == other
    assert two == four


def test_a_key_of_one_market_has_statements_of_its_own(api):
    """Compiled for its markets; whoever reaches every market was told the same card's before."""
    berlin, paris = a_market(code="berlin"), a_market(code="paris")
    card = an_active_card(market=berlin)
    path = f"gift_cards/{card.pk}?{WITHOUT_LOGS}"

    found = [client.get(path).status for client in (api, api_client(market_codes=["paris"]), api)]
    there = api_client(market_codes=["berlin"]).get(path).status

    assert (found, there) == ([200, 404, 200], 200)
    assert paris.pk != berlin.pk


def test_each_page_is_asked_for_in_the_same_words(api):
    """There are too many for PostgreSQL to keep a plan of each."""
    for _ in range(6):
        an_active_card()

    second, third = (asked(api, f"gift_cards?page[size]=2&page[number]={number}") for number in (2, 3))

    assert second == third
