"""/api/gift_card_transactions: the ledger, to be read and never written."""

from typing import Any
from urllib.parse import quote

import pytest

from access.scopes import Scope
from giftcards.models import LedgerEntry
from giftcards.operations import Occasion, adjust, authorize, capture, debit, recharge, refund
from kernel.caller import Actor, ActorKind, Caller
from kernel.keys import uuid7
from kernel.modes import Mode
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market, an_active_card, an_inactive_card, last_entry
from tests.fixtures.client import ROOT, api_client, until_key_is_known
from tests.giftcards.api import documents
from tests.giftcards.api.documents import (
    absent,
    document,
    errors,
    gift_card,
    identifier,
    page_of,
    transaction,
)

pytestmark = pytest.mark.django_db

TYPE = "gift_card_transactions"
ADA = Caller(Mode.TEST, Actor(ActorKind.USER, "1", "Ada"))
ISSUE: dict[str, Any] = {
    "sequence": 1,
    "kind": "issue",
    "amount_cents": 10_000,
    "amount_float": 100.0,
    "formatted_amount": "$100.00",
    "balance_cents": 10_000,
    "balance_float": 100.0,
    "formatted_balance": "$100.00",
}


def spent(**more):
    card = an_active_card()
    debit(caller=TEST, card_id=card.pk, amount_cents=1_200, **more)
    return last_entry(card)


def kinds(answer):
    return [each["attributes"]["kind"] for each in answer.document["data"]]


def test_an_entry_tells_what_was_posted_by_whom_and_why(api):
    card = an_active_card()
    told = Occasion(reason="Two coffees", reference="order-7", order_number="#7")
    debit(caller=ADA, card_id=card.pk, amount_cents=1_200, occasion=told)
    entry = last_entry(card)

    shown = transaction(
        entry,
        actor={"kind": "user", "id": "1", "name": "Ada"},
        reason="Two coffees",
        reference="order-7",
        order_number="#7",
    )
    assert api.get(f"{TYPE}/{entry.pk}").document == document(shown, f"{TYPE}/{entry.pk}")


def test_a_cards_statement_newest_first(api):
    entry, _other = spent(), spent()
    issue = entry.gift_card.ledger_entries.get(sequence=1)

    address = f"gift_cards/{entry.gift_card_id}/transactions"
    expected = [transaction(entry), transaction(issue, **ISSUE)]
    assert api.get(address).document == page_of(address, expected)
    linkage = api.get(f"gift_cards/{entry.gift_card_id}/relationships/transactions").document["data"]
    assert linkage == [identifier(TYPE, entry), identifier(TYPE, issue)]


def test_a_draft_has_none(api):
    address = f"gift_cards/{a_draft().pk}/transactions"

    assert api.get(address).document == page_of(address, [])


def test_all_of_the_mode(api):
    entry = spent()
    an_inactive_card(by=LIVE)

    listed = api.get(TYPE).document
    assert [each["id"] for each in listed["data"]] == [
        str(entry.pk),
        str(entry.gift_card.ledger_entries.get(sequence=1).pk),
    ]
    assert listed["meta"] == {"record_count": 2, "page_count": 1}


def test_a_statement_is_paged_in_the_order_of_its_entries(api):
    card = an_active_card()
    for _ in range(6):
        recharge(caller=TEST, card_id=card.pk, amount_cents=1)
    address = f"gift_cards/{card.pk}/transactions?sort=sequence&page[size]=3&fields[{TYPE}]=sequence"

    seen = []
    while address:
        answer = api.get(address)
        seen += [each["attributes"]["sequence"] for each in answer.document["data"]]
        address = answer.document["links"].get("next", "").removeprefix(f"{ROOT}/")

    assert seen == list(range(1, 8))


def test_amounts_are_worded_as_in_the_cards_market(api):
    card = an_inactive_card(market=a_market(currency_code="JPY", locale="ja_JP"))

    shown = api.get(f"gift_cards/{card.pk}/transactions").document["data"][0]["attributes"]

    names = ("amount_cents", "amount_float", "formatted_amount", "balance_float", "formatted_balance")
    assert [shown[name] for name in names] == [10_000, 10_000.0, "￥10,000", 10_000.0, "￥10,000"]


class TestWhatItIsConnectedWith:
    def test_a_debit_with_its_card_market_and_refunds(self, api):
        market = a_market()
        entry = spent(spent_in=market)
        given_back = refund(caller=TEST, transaction_id=entry.pk)

        names = "gift_card,market,authorization,original,refunds"
        address = f"{TYPE}/{entry.pk}?include={names.replace(',', '%2C')}"
        answer = api.get(address)

        linkage = {
            "gift_card": identifier("gift_cards", entry.gift_card),
            "market": identifier("markets", market),
            "authorization": None,
            "original": None,
            "refunds": [identifier("gift_card_refunds", given_back)],
        }
        included = {each["type"]: each for each in answer.document["included"]}
        assert included.keys() == {"gift_cards", "markets", "gift_card_refunds"}
        assert included["markets"] == documents.market(market)
        assert included["gift_card_refunds"] == documents.refund(given_back)
        assert answer.document["data"] == transaction(entry, linkage=linkage)

    def test_a_capture_with_its_authorization(self, api):
        card = an_active_card()
        held = authorize(caller=TEST, card_id=card.pk, amount_cents=4_000)
        capture(caller=TEST, authorization_id=held.pk)
        entry = last_entry(card)

        answer = api.get(f"{TYPE}/{entry.pk}/authorization")

        assert answer.document["data"]["id"] == str(held.pk)
        found = api.get(f"{TYPE}?filter[q][authorization_id_eq]={held.pk}")
        assert kinds(found) == ["capture"]

    def test_a_refund_with_what_it_gives_back(self, api):
        entry = spent()
        given_back = refund(caller=TEST, transaction_id=entry.pk)

        address = f"{TYPE}/{given_back.pk}/original"
        assert api.get(address).document == document(transaction(entry), address)
        assert kinds(api.get(f"{TYPE}?filter[q][original_kind_eq]=debit")) == ["refund"]
        assert kinds(api.get(f"{TYPE}?filter[q][original_id_eq]={entry.pk}")) == ["refund"]

    def test_a_card_only_links_to_them(self, api):
        card = an_inactive_card()

        shown = api.get(f"gift_cards/{card.pk}").document["data"]
        assert shown == gift_card(card, status="inactive")
        assert api.get(f"gift_cards/{card.pk}?include=transactions").error["code"] == "INVALID_INCLUDE"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sort=created_at", ["issue", "debit", "recharge", "adjustment"]),
        ("sort=-sequence", ["adjustment", "recharge", "debit", "issue"]),
        ("sort=-updated_at", ["adjustment", "recharge", "debit", "issue"]),
        ("filter[q][kind_eq]=debit", ["debit"]),
        ("filter[q][kind_in]=debit,issue&sort=id", ["issue", "debit"]),
        ("filter[q][sequence_lteq]=1", ["issue"]),
        ("filter[q][amount_cents_lt]=0", ["adjustment", "debit"]),
        ("filter[q][balance_cents_eq]=9000", ["recharge"]),
        ("filter[q][reference_eq]=order-1", ["debit"]),
        ("filter[q][reference_null]=false", ["debit"]),
        ("filter[q][order_number_eq]=%231", ["debit"]),
        ("filter[q][reason_i_cont]=mistake", ["adjustment"]),
        ("filter[q][currency_code_eq]=EUR", []),
        ("filter[q][created_at_lt]=2001-01-01", []),
        ('filter[q][actor_jcont]={"kind": "user"}', ["adjustment"]),
        ('filter[q][actor_jcont]={"kind": "api_key", "name": "Ada"}', []),
        ('filter[q][actor_jcont]={"id": "till"}', ["recharge", "debit", "issue"]),
        ('filter[q][actor_jcont]={"shoe_size": "43"}', []),
        ("filter[q][gift_card_status_eq]=draft", []),
    ],
)
def test_filters_and_orders(api, query, found):
    card = an_active_card()
    debit(
        caller=TEST,
        card_id=card.pk,
        amount_cents=2_000,
        occasion=Occasion(reference="order-1", order_number="#1"),
    )
    recharge(caller=TEST, card_id=card.pk, amount_cents=1_000)
    adjust(caller=ADA, card_id=card.pk, balance_cents=8_000, occasion=Occasion(reason="A mistake"))

    assert kinds(api.get(f"{TYPE}?{query}")) == found


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("filter[q][kind_eq]=theft", "INVALID_FILTER_VALUE"),
        ("filter[q][amount_cents_gt]=much", "INVALID_FILTER_VALUE"),
        ("filter[q][actor_jcont]=[]", "INVALID_FILTER_VALUE"),
        ('filter[q][actor_jcont]={"kind": 1}', "INVALID_FILTER_VALUE"),
        ("filter[q][actor_jcont]={", "INVALID_FILTER_VALUE"),
        ("filter[q][actor_eq]=Ada", "FILTER_NOT_ALLOWED"),
        ("filter[q][hash_eq]=00", "FILTER_NOT_ALLOWED"),
        ("sort=amount_cents", "INVALID_SORT_CRITERIA"),
        ("include=actor", "INVALID_INCLUDE"),
    ],
)
def test_what_is_not_understood_is_refused(api, query, code):
    answer = api.get(f"{TYPE}?{quote(query, safe='=&')}")

    assert (answer.status, answer.error["code"]) == (400, code)


@pytest.mark.parametrize("size", [2, 12])
def test_a_page_costs_the_same_whatever_its_length(api, django_assert_num_queries, size):
    for _ in range(6):
        refund(caller=TEST, transaction_id=spent().pk, amount_cents=1)
    names = "refunds,original,authorization,gift_card,market"
    address = f"{TYPE}?include={names}&fields[gift_cards]=status&page[size]={size}"
    until_key_is_known(api.get, address)

    # The entries with what is included of one each and whether the key counts, their refunds, their number.
    with django_assert_num_queries(3):
        assert len(api.get(address).document["data"]) == size


def test_what_an_entry_does_not_give_back_leads_to_no_card(api):
    """A card is named by the entry itself, and by the one that it gives back, if there is one."""
    spent()
    entry = spent()
    refund(caller=TEST, transaction_id=entry.pk)

    included = api.get(f"{TYPE}?include=original.gift_card").document["included"]

    assert [each["id"] for each in included] == [str(entry.gift_card_id)]
    assert included[0]["attributes"]["currency_code"] == "USD"


class TestStrangers:
    def test_a_key_of_the_other_mode_finds_nothing(self, db):
        entry, live = spent(), api_client(Mode.LIVE)

        assert live.get(f"{TYPE}/{entry.pk}").document == errors(absent(TYPE, entry.pk))
        assert live.get(TYPE).document["data"] == []
        assert live.get(f"gift_cards/{entry.gift_card_id}/transactions").status == 404

    def test_a_key_of_another_market_finds_those_of_cards_without_one(self, db):
        italy = a_market(code="it")
        theirs, mine = last_entry(an_inactive_card(market=italy)), spent(spent_in=italy)
        spanish = api_client(market_codes=[a_market(code="es").code])

        for path in ("", "/gift_card", "/refunds", "/relationships/market"):
            assert spanish.get(f"{TYPE}/{theirs.pk}{path}").status == 404
        assert len(spanish.get(TYPE).document["data"]) == 2
        assert spanish.get(f"{TYPE}?filter[q][gift_card_id_eq]={theirs.gift_card_id}").document["data"] == []
        # The card is of no market: the one where it was spent is none of theirs.
        shown = spanish.get(f"{TYPE}/{mine.pk}?include=market").document
        assert (shown["data"]["relationships"]["market"]["data"], shown["included"]) == (None, [])
        assert spanish.get(f"{TYPE}?filter[q][market_id_eq]={italy.pk}").document["data"] == []
        assert str(italy.pk) not in str(spanish.get(f"{TYPE}?fields[{TYPE}]=market").document["data"])

    @pytest.mark.parametrize(
        ("predicate", "numbers"),
        [
            ("market_id_null=true", [1, 2]),
            ("market_name_blank=true", [1, 2]),
            ("market_id_eq_or_null={other}", [1, 2]),
            ("market_id_null=false", [3]),
            ("market_code_present=true", [3]),
            ("market_name_not_eq=Nowhere", [3]),
            ("market_id_not_eq_or_null={mine}", [1, 2]),
        ],
    )
    def test_filters_find_a_market_beyond_reach_as_it_is_shown(self, db, predicate, numbers):
        """Issued nowhere, spent in a market that is none of the caller's, then in his own."""
        italy, spain = a_market(code="it"), a_market(code="es")
        card = spent(spent_in=italy).gift_card
        debit(caller=TEST, card_id=card.pk, amount_cents=1, spent_in=spain)
        told = predicate.format(other=italy.pk, mine=spain.pk)

        name, value = told.split("=")
        answer = api_client(market_codes=["es"]).get(f"{TYPE}?filter[q][{name}]={value}&sort=sequence")

        assert [each["attributes"]["sequence"] for each in answer.document["data"]] == numbers

    def test_without_the_guard_it_would_be_told(self, db, monkeypatch):
        """The control: it is `visible_to` of the market that keeps it away."""
        italy = a_market(code="it")
        entry = spent(spent_in=italy)
        spanish = api_client(market_codes=[a_market(code="es").code])
        monkeypatch.setattr("api.plans._beyond_reach", lambda *_: frozenset())

        shown = spanish.get(f"{TYPE}/{entry.pk}?include=market").document
        assert shown["included"] == [documents.market(italy, code="it")]

    def test_reading_needs_its_scope(self, db):
        entry = spent()
        client = api_client(scopes=[scope for scope in Scope if scope != Scope.READ])

        for path in (TYPE, f"{TYPE}/{entry.pk}", f"gift_cards/{entry.gift_card_id}/transactions"):
            assert (client.get(path).status, client.get(path).error["code"]) == (403, "UNAUTHORIZED")

    def test_what_never_was_is_not_found(self, api):
        for key in (uuid7(), "nonsense"):
            assert api.get(f"{TYPE}/{key}").document == errors(absent(TYPE, key))

    @pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
    def test_nobody_writes_the_ledger(self, api, method):
        entry = spent()
        before = list(LedgerEntry.objects.order_by("pk").values())
        card = f"gift_cards/{entry.gift_card_id}"

        for path in (
            TYPE,
            f"{TYPE}/{entry.pk}",
            f"{card}/transactions",
            f"{TYPE}/{entry.pk}/relationships/market",
        ):
            answer = api.send(method, path, {"data": None})
            assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert api.send(method, f"{card}/relationships/transactions", {"data": []}).status in {403, 405}
        assert list(LedgerEntry.objects.order_by("pk").values()) == before
