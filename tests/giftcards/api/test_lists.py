"""GET /api/gift_cards: pages, their links, their order, and what a page costs."""

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giftcards.models import GiftCard
from giftcards.operations import debit
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market, an_active_card
from tests.fixtures.client import ROOT, until_key_is_known
from tests.giftcards.api.documents import document, gift_card

pytestmark = pytest.mark.django_db

QUERIES_FOR_A_PAGE = 3
"""The cards with what is included and available, and whether the key counts; their changes; their number."""


def references(answer):
    return [card["attributes"]["reference"] for card in answer.document["data"]]


def link(**parameters):
    return f"{ROOT}/gift_cards?{urlencode(parameters)}"


def test_a_list_is_ten_of_the_mode_newest_first(api):
    cards = [a_draft() for _ in range(12)]
    a_draft(by=LIVE)

    answer = api.get("gift_cards")

    assert answer.document == document(
        [gift_card(card) for card in reversed(cards[2:])],
        "gift_cards",
        links={
            "first": link(**{"page[number]": 1, "page[size]": 10}),
            "next": link(**{"page[number]": 2, "page[size]": 10}),
            "last": link(**{"page[number]": 2, "page[size]": 10}),
        },
        meta={"record_count": 12, "page_count": 2},
    )


def test_an_empty_list_is_one_empty_page(api):
    only = link(**{"page[number]": 1, "page[size]": 10})

    assert api.get("gift_cards").document == document(
        [],
        "gift_cards",
        links={"first": only, "last": only},
        meta={"record_count": 0, "page_count": 1},
    )


@pytest.mark.parametrize(
    ("number", "found", "leads_to"),
    [
        (1, ["0", "1"], {"first": 1, "next": 2, "last": 3}),
        (2, ["2", "3"], {"first": 1, "prev": 1, "next": 3, "last": 3}),
        (3, ["4"], {"first": 1, "prev": 2, "last": 3}),
        (4, [], {"first": 1, "prev": 3, "last": 3}),
        (900, [], {"first": 1, "prev": 3, "last": 3}),
    ],
)
def test_pages_are_linked_and_every_parameter_is_kept(api, number, found, leads_to):
    for place in range(5):
        a_draft(reference=str(place), metadata={"a b": "&="})
    asked = {
        "filter[q][status_in]": "draft,active",
        "filter[q][metadata_jcont]": '{"a b": "&="}',
        "include": "market",
        "fields[gift_cards]": "reference",
        "sort": "reference",
    }

    answer = api.get("gift_cards?" + urlencode({**asked, "page[size]": 2, "page[number]": number}))

    assert references(answer) == found
    assert answer.document["meta"] == {"record_count": 5, "page_count": 3}
    assert answer.document["links"] == {
        "self": link(**asked, **{"page[size]": 2, "page[number]": number}),
        **{name: link(**asked, **{"page[number]": to, "page[size]": 2}) for name, to in leads_to.items()},
    }


def test_the_links_lead_through_the_whole_list_once(api):
    cards = [a_draft(reference="same") for _ in range(7)]

    seen, address = [], "gift_cards?sort=reference&page[size]=3"
    while address:
        answer = api.get(address)
        seen += [card["id"] for card in answer.document["data"]]
        address = answer.document["links"].get("next", "").removeprefix(f"{ROOT}/")

    assert sorted(seen) == sorted(str(card.pk) for card in cards)


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("reference", ["a", "b", "c"]),
        ("-reference", ["c", "b", "a"]),
        ("created_at", ["b", "c", "a"]),
        ("-created_at", ["a", "c", "b"]),
        ("id", ["b", "c", "a"]),
        ("balance_cents,-reference", ["b", "a", "c"]),
        ("-balance_cents,reference", ["c", "a", "b"]),
        ("status,reference", ["c", "a", "b"]),
        ("currency_code,reference", ["b", "a", "c"]),
        ("balance_max_cents", ["a", "b", "c"]),
        ("expires_at,-updated_at", ["c", "a", "b"]),
        ("reference_origin,reference", ["a", "b", "c"]),
        ("updated_at", ["b", "a", "c"]),
    ],
)
def test_lists_are_sorted_as_asked(api, sort, found):
    a_draft(reference="b", balance_cents=1, currency_code="EUR", balance_max_cents=7)
    spent = an_active_card(reference="c", balance_cents=3, balance_max_cents=8, expires_at=None)
    a_draft(reference="a", balance_cents=1, balance_max_cents=6)
    debit(caller=TEST, card_id=spent.pk, amount_cents=1)
    GiftCard.objects.filter(reference="c").update(expires_at="2031-01-01T00:00:00Z")

    assert references(api.get(f"gift_cards?sort={sort}")) == found


def test_a_page_costs_the_same_whatever_its_length(api):
    def cost_of(count):
        address = f"gift_cards?include=market,gift_card_recipient&page[size]={count}"
        until_key_is_known(api.get, address)
        with CaptureQueriesContext(connection) as queries:
            answer = api.get(address)
        assert len(answer.document["data"]) == count
        assert len(answer.document["included"]) == 2 * count
        return [query["sql"] for query in queries]

    for number in range(25):
        card = an_active_card(market=a_market(), recipient_email=f"{number}@example.com")
        debit(caller=TEST, card_id=card.pk, amount_cents=1)

    two, many = cost_of(2), cost_of(25)
    assert (len(two), len(many)) == (QUERIES_FOR_A_PAGE, QUERIES_FOR_A_PAGE), "\n".join(many)


def test_a_page_without_logs_does_not_read_them(api):
    a_draft()
    address = "gift_cards?fields[gift_cards]=status"
    api.get(address)

    with CaptureQueriesContext(connection) as queries:
        api.get(address)

    assert not [query for query in queries if "ledgerentry" in query["sql"]]
