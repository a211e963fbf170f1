"""`/api/gift_card_payments`: one amount, several cards, whole documents."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.scopes import EVERY_SCOPE, Scope
from events.models import Event
from giftcards.models import GiftCard, Kind, LedgerEntry, Payment
from giftcards.operations import pay, refund, refund_payment
from kernel.modes import Mode
from tests.fixtures.cast import (
    LIVE,
    TEST,
    a_draft,
    a_market,
    an_active_card,
    an_inactive_card,
    caller,
    disabled,
    edit,
)
from tests.fixtures.client import ROOT, Answer, ApiClient, api_client, until_key_is_known
from tests.giftcards.api.documents import (
    Document,
    absent,
    document,
    errors,
    identifier,
    invalid,
    not_allowed,
    resource,
    time_text,
)

pytestmark = pytest.mark.django_db

RELATIONSHIPS = ("gift_cards", "gift_card_order", "market", "transactions", "events")
SENTINEL = "SENTINEL-OF-A-CODE-THAT-PAYS-0815"
NO_DATA = "/data"


def of_cards(*cards) -> Document:
    return {"gift_cards": {"data": [identifier("gift_cards", card) for card in cards]}}


def create(api: ApiClient, *cards, amount_cents=1_000, market=None, **attributes) -> Answer:
    relationships = of_cards(*cards) if cards else {}
    if market is not None:
        relationships["market"] = {"data": identifier("markets", market)}
    return api.create("gift_card_payments", relationships, amount_cents=amount_cents, **attributes)


def paid(*cards, amount_cents=1_000, **more) -> Payment:
    return pay(caller=TEST, amount_cents=amount_cents, gift_cards=[card.id for card in cards], **more)


def three_cards() -> list[GiftCard]:
    return [an_active_card(balance_cents=cents) for cents in (100, 200, 700)]


def shown(payment, *, linkage=None, **attributes) -> Document:
    """10.00 USD, paid in full, with nothing else noted."""
    row = Payment.objects.get(pk=payment.pk)
    whole = {
        "currency_code": "USD",
        "amount_cents": 1_000,
        "amount_float": 10.0,
        "formatted_amount": "$10.00",
        "paid_amount_cents": 1_000,
        "paid_amount_float": 10.0,
        "formatted_paid_amount": "$10.00",
        "remaining_amount_cents": 0,
        "remaining_amount_float": 0.0,
        "formatted_remaining_amount": "$0.00",
        "refunded_amount_cents": 0,
        "refunded_amount_float": 0.0,
        "formatted_refunded_amount": "$0.00",
        "partial": False,
        "shares": [
            {
                "gift_card_id": str(entry.gift_card_id),
                "amount_cents": -entry.amount_cents,
                "is_taxable": False,
                "tax_rate": None,
            }
            for entry in row.transactions.filter(kind=Kind.DEBIT).order_by("created_at")
        ],
        "order_number": None,
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
    }
    assert attributes.keys() <= whole.keys()
    return resource("gift_card_payments", row, whole | attributes, relationships=RELATIONSHIPS, data=linkage)


def whole_document(payment, **attributes) -> Document:
    return document(shown(payment, **attributes), f"gift_card_payments/{payment.pk}")


def balances(*cards):
    return [GiftCard.objects.get(id=card.id).balance_cents for card in cards]


# Paying


def test_a_payment_by_ids(api):
    cards = three_cards()

    answer = create(api, *reversed(cards), reference="order-1", order_number="#1", metadata={"till": 3})

    payment = Payment.objects.get()
    noted = {"reference": "order-1", "order_number": "#1", "metadata": {"till": 3}}
    assert (answer.status, answer.document) == (
        201,
        document(shown(payment, **noted), "gift_card_payments"),
    )
    assert answer.headers["Location"] == f"{ROOT}/gift_card_payments/{payment.pk}"
    assert balances(*cards) == [0, 0, 0]


def test_a_payment_by_codes(api):
    cards = [an_active_card(balance_cents=600, code=f"{SENTINEL}-{number}") for number in (1, 2)]

    answer = create(api, codes=[f"{SENTINEL}-2", f"{SENTINEL}-1", f"{SENTINEL}-2"])

    payment = Payment.objects.get()
    assert (answer.status, answer.document) == (201, document(shown(payment), "gift_card_payments"))
    assert balances(*cards) == [0, 200]


def test_a_payment_in_part_tells_what_is_left_to_pay(api):
    answer = create(api, *three_cards(), amount_cents=1_234, partial=True)

    payment = Payment.objects.get()
    expected = shown(
        payment,
        amount_cents=1_234,
        amount_float=12.34,
        formatted_amount="$12.34",
        remaining_amount_cents=234,
        remaining_amount_float=2.34,
        formatted_remaining_amount="$2.34",
        partial=True,
    )
    assert (answer.status, answer.document) == (201, document(expected, "gift_card_payments"))


def test_amounts_are_worded_in_the_market_where_it_was_spent(api):
    market = a_market(locale="de_DE", currency_code="EUR")
    card = an_active_card(currency_code="EUR")

    attributes = create(api, card, market=market, currency_code="EUR").document["data"]["attributes"]

    worded = [attributes[f"formatted_{name}amount"] for name in ("", "paid_", "remaining_", "refunded_")]
    assert worded == ["10,00\xa0€", "10,00\xa0€", "0,00\xa0€", "0,00\xa0€"]


def test_a_reason_is_kept_with_what_it_moved(api):
    create(api, an_active_card(), _reason="At the counter")

    assert LedgerEntry.objects.get(kind=Kind.DEBIT).reason == "At the counter"
    assert Event.objects.get(topic="gift_card_payments.create").reason == "At the counter"


def test_a_card_that_stands_twice_in_the_linkage_counts_once(api):
    card = an_active_card(balance_cents=700)

    answer = create(api, card, card)

    expected = invalid(
        "amount_cents", "insufficient_balance", "exceeds the available balance of 700", value=1_000, count=700
    )
    assert (answer.status, answer.document) == (422, errors(expected))


NOBODY_NAMED = "can't be blank: name the cards by gift_cards or by codes"


@pytest.mark.parametrize(
    ("codes", "linkage", "expected"),
    [
        ({}, None, invalid("gift_cards", "blank", NOBODY_NAMED, at=NO_DATA)),
        ({"codes": None}, None, invalid("gift_cards", "blank", NOBODY_NAMED, at=NO_DATA)),
        ({"codes": []}, None, invalid("codes", "blank", NOBODY_NAMED)),
        ({}, [], invalid("gift_cards", "blank", NOBODY_NAMED, at="/data/relationships/gift_cards")),
        ({"codes": ["X"]}, [], invalid("codes", "exclusive", "can't be combined with gift_cards")),
        ({"codes": "X"}, None, invalid("codes", "not_a_list", "must be a list of strings")),
        ({"codes": ["X", 1]}, None, invalid("codes", "not_a_list", "must be a list of strings")),
        (
            {"codes": ["X"] * 51},
            None,
            invalid("codes", "too_many", "are too many (maximum is 50 cards)", count=50),
        ),
        ({"codes": ["X"]}, None, invalid("codes", "unusable", "include one that can't be used")),
        ({"codes": [""]}, None, invalid("codes", "unusable", "include one that can't be used")),
        ({"codes": ["8" * 5_000]}, None, invalid("codes", "unusable", "include one that can't be used")),
    ],
)
def test_cards_are_named_in_exactly_one_way(api, codes, linkage, expected):
    relationships = {} if linkage is None else {"gift_cards": {"data": linkage}}

    answer = api.create("gift_card_payments", relationships, amount_cents=1_000, **codes)

    assert (answer.status, answer.document) == (422, errors(expected))


def test_too_many_cards_are_refused_before_any_is_locked(api):
    cards = [a_draft() for _ in range(51)]

    answer = create(api, *cards)

    assert answer.refusal == (
        422,
        "VALIDATION_ERROR",
        "are too many (maximum is 50 cards)",
        "/data/relationships/gift_cards",
    )


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (
            {"amount_cents": 0},
            invalid("amount_cents", "greater_than", "must be greater than 0", value=0, count=0),
        ),
        (
            {"amount_cents": -1},
            invalid("amount_cents", "greater_than", "must be greater than 0", value=-1, count=0),
        ),
        ({"amount_cents": None}, invalid("amount_cents", "blank", "can't be blank")),
        ({"amount_cents": 1.5}, invalid("amount_cents", "not_an_integer", "must be an integer", value=1.5)),
        ({"currency_code": "usd"}, invalid("currency_code", "invalid", "is invalid", value="usd")),
        ({"partial": "maybe"}, invalid("partial", "inclusion", "is not included in the list", value="maybe")),
        (
            {"order_number": "x" * 256},
            invalid("order_number", "too_long", "is too long (maximum is 255 characters)", count=255),
        ),
    ],
)
def test_what_is_no_payment_is_refused_where_it_stands(api, attributes, expected):
    card = an_active_card()

    answer = create(api, card, **{"amount_cents": 1_000, **attributes})

    meta = answer.error["meta"] | {"value": expected["meta"]["value"]}
    assert (answer.status, answer.error | {"meta": meta}) == (422, expected)
    assert balances(card) == [10_000]


@pytest.mark.parametrize(
    "name",
    ["paid_amount_cents", "refunded_amount_cents", "created_at", "_refund", "_refund_amount_cents", "status"],
)
def test_nobody_says_at_first_what_follows_later(api, name):
    answer = create(api, an_active_card(), **{name: 1})

    assert (answer.status, answer.document) == (400, errors(not_allowed(name)))


def test_a_card_that_cannot_be_spent_is_named(api):
    good, bad = an_active_card(), an_inactive_card()

    answer = create(api, good, bad)

    expected = invalid(
        "gift_cards",
        "invalid_transition",
        "is not possible while the gift card is inactive",
        at="/data/relationships/gift_cards",
        value=str(bad.pk),
    )
    assert (answer.status, answer.document) == (422, errors(expected))


def test_the_market_is_named_where_it_takes_no_such_card(api):
    here, there = a_market(), a_market(name="Paris")
    card = an_active_card(market=here)
    at = "/data/relationships/market"

    other = create(api, card, market=there)
    closed = create(api, an_active_card(), market=disabled(there))

    assert other.refusal == (422, "VALIDATION_ERROR", "is not the market this gift card is restricted to", at)
    assert closed.refusal == (422, "VALIDATION_ERROR", "is disabled", at)


# Strangers


def test_cards_beyond_reach_are_answered_like_ids_that_were_never_given():
    here = a_market(code="berlin")
    till = api_client(market_codes=["berlin"])
    mine = an_active_card(market=here)
    strangers = [an_active_card(market=a_market(name="Paris")), an_active_card(by=LIVE)]

    for stranger in strangers:
        answer = create(till, mine, stranger)

        pointer = "/data/relationships/gift_cards/data/1"
        assert (answer.status, answer.document) == (
            404,
            errors(absent("gift_cards", stranger.pk, pointer=pointer)),
        )
    assert balances(mine, *strangers) == [10_000] * 3


def test_a_market_beyond_reach_does_not_exist():
    a_market(code="berlin")
    there = a_market(name="Paris")
    card = an_active_card()

    answer = create(api_client(market_codes=["berlin"]), card, market=there)

    assert answer.document == errors(absent("markets", there.pk, pointer="/data/relationships/market/data"))


@pytest.mark.parametrize("restricted", [True, False])
def test_a_payment_from_cards_beyond_reach_does_not_exist(restricted):
    here = a_market(code="berlin")
    payment = paid(an_active_card(market=here, balance_cents=500), an_active_card(market=a_market(name="P")))
    stranger = api_client(market_codes=["berlin"]) if restricted else api_client(Mode.LIVE)
    path = f"gift_card_payments/{payment.pk}"

    assert stranger.get("gift_card_payments").document["data"] == []
    for answer in (
        stranger.get(path),
        stranger.get(f"{path}/transactions"),
        stranger.get(f"{path}/relationships/gift_cards"),
        stranger.update(path, _refund=True),
        stranger.update(path, reference="mine"),
    ):
        assert (answer.status, answer.document) == (404, errors(absent("gift_card_payments", payment.pk)))


def test_whoever_sees_one_card_of_a_payment_sees_its_entry_and_not_the_payment():
    here, there = a_market(code="berlin"), a_market(name="Paris")
    mine = an_active_card(market=here, balance_cents=500)
    payment = paid(mine, an_active_card(market=there))
    query = "include=payment&fields[gift_card_transactions]=payment&filter[q][kind_eq]=debit"

    seen = api_client().get(f"gift_cards/{mine.pk}/transactions?{query}").document
    (entry,) = seen["data"]
    assert entry["relationships"]["payment"]["data"] == identifier("gift_card_payments", payment)
    assert [each["id"] for each in seen["included"]] == [str(payment.pk)]

    seen = api_client(market_codes=["berlin"]).get(f"gift_cards/{mine.pk}/transactions?{query}").document
    (entry,) = seen["data"]
    assert entry["relationships"]["payment"]["data"] is None
    assert seen["included"] == []


# Reading


def test_a_payment_is_read_by_its_address(api):
    payment = paid(*three_cards())

    assert api.get(f"gift_card_payments/{payment.pk}").document == whole_document(payment)


def test_the_split_is_read_along(api):
    cards = three_cards()
    payment = paid(*cards)
    refund_payment(caller=TEST, payment_id=payment.id, amount_cents=50)
    entries = list(LedgerEntry.objects.filter(payment=payment).order_by("id"))

    answer = api.get(
        f"gift_card_payments/{payment.pk}?include=gift_cards,transactions"
        "&fields[gift_cards]=balance_cents&fields[gift_card_transactions]=amount_cents"
    ).document

    relationships = answer["data"]["relationships"]
    assert relationships["gift_cards"]["data"] == [identifier("gift_cards", card) for card in cards]
    assert relationships["transactions"]["data"] == [
        identifier("gift_card_transactions", entry) for entry in entries
    ]
    amounts = [
        each["attributes"]["amount_cents"]
        for each in answer["included"]
        if each["type"] == "gift_card_transactions"
    ]
    assert amounts == [-100, -200, -700, 50]
    assert len(answer["included"]) == 7


def test_its_cards_and_entries_have_addresses_of_their_own(api):
    cards = three_cards()
    payment = paid(*cards)
    refund_payment(caller=TEST, payment_id=payment.id)
    address = f"gift_card_payments/{payment.pk}"

    listed = api.get(f"{address}/gift_cards?sort=id").document
    linked = api.get(f"{address}/relationships/gift_cards?sort=id").document
    entries = api.get(f"{address}/transactions?sort=created_at").document
    events = api.get(f"{address}/events?sort=id").document

    assert [each["id"] for each in listed["data"]] == [str(card.pk) for card in cards]
    assert listed["meta"]["record_count"] == 3
    assert linked["data"] == [identifier("gift_cards", card) for card in cards]
    assert [each["attributes"]["amount_cents"] for each in entries["data"]] == [
        -100,
        -200,
        -700,
        700,
        200,
        100,
    ]
    assert [each["attributes"]["name"] for each in events["data"]] == [
        "gift_card_payments.create",
        "gift_card_payments.refund",
    ]


def test_a_page_of_payments_costs_two_more_queries_whatever_it_shows(api):
    for _ in range(3):
        paid(*three_cards())
    until_key_is_known(api.get, "gift_card_payments")

    with CaptureQueriesContext(connection) as one:
        api.get("gift_card_payments?page[size]=1")
    with CaptureQueriesContext(connection) as three:
        document = api.get("gift_card_payments?page[size]=3").document
    with CaptureQueriesContext(connection) as without:
        api.get("gift_card_payments?page[size]=3&fields[gift_card_payments]=amount_cents")

    assert len(document["data"]) == 3
    assert len(one) == len(three) == len(without) + 2  # totals and shares


def test_payments_are_found_by_what_the_shop_notes(api):
    payment, _ = (
        paid(an_active_card(), attributes={"reference": name, "order_number": f"#{name}"})
        for name in ("one", "two")
    )

    for query in ("reference_eq]=one", "order_number_in]=%23one,%23x", f"id_eq]={payment.pk}"):
        found = api.get(f"gift_card_payments?filter[q][{query}").document["data"]
        assert [each["id"] for each in found] == [str(payment.pk)], query
    backwards = api.get("gift_card_payments?sort=-order_number").document["data"]
    assert [each["attributes"]["reference"] for each in backwards] == ["two", "one"]


@pytest.mark.parametrize("name", ["paid_amount_cents", "codes", "gift_cards_id"])
def test_there_is_no_filter_by_what_no_column_has(api, name):
    assert api.get(f"gift_card_payments?filter[q][{name}_eq]=1").error["code"] == "FILTER_NOT_ALLOWED"


# Giving back


def test_all_of_it_is_given_back(api):
    cards = three_cards()
    payment = paid(*cards)

    answer = api.update(f"gift_card_payments/{payment.pk}", _refund=True, _reason="Sent back")

    refunded = {
        "refunded_amount_cents": 1_000,
        "refunded_amount_float": 10.0,
        "formatted_refunded_amount": "$10.00",
    }
    assert (answer.status, answer.document) == (200, whole_document(payment, **refunded))
    assert balances(*cards) == [100, 200, 700]
    assert set(LedgerEntry.objects.filter(kind=Kind.REFUND).values_list("reason", flat=True)) == {"Sent back"}


def test_a_part_is_given_back_beside_what_is_noted(api):
    cards = three_cards()
    payment = paid(*cards)

    answer = api.update(f"gift_card_payments/{payment.pk}", _refund_amount_cents="750", reference="order-2")

    refunded = {
        "refunded_amount_cents": 750,
        "refunded_amount_float": 7.5,
        "formatted_refunded_amount": "$7.50",
        "reference": "order-2",
    }
    assert (answer.status, answer.document) == (200, whole_document(payment, **refunded))
    assert balances(*cards) == [0, 50, 700]


def test_a_debit_that_was_refunded_alone_is_read_as_refunded(api):
    payment = paid(an_active_card())
    refund(caller=TEST, transaction_id=LedgerEntry.objects.get(kind=Kind.DEBIT).pk, amount_cents=400)
    address = f"gift_card_payments/{payment.pk}"

    assert api.get(address).document["data"]["attributes"]["refunded_amount_cents"] == 400

    answer = api.update(address, _refund_amount_cents=601)
    assert answer.document == errors(
        invalid(
            "_refund_amount_cents",
            "refund_exceeded",
            "exceeds the 600 that are left to refund",
            value=601,
            count=600,
        )
    )


def test_what_is_given_back_is_not_given_back_again(api):
    payment = paid(an_active_card())
    address = f"gift_card_payments/{payment.pk}"
    assert api.update(address, _refund=True).status == 200

    answer = api.update(address, _refund=True)

    expected = invalid(
        "_refund", "refund_exceeded", "exceeds the 0 that are left to refund", value=True, count=0
    )
    assert (answer.status, answer.document) == (422, errors(expected))


@pytest.mark.parametrize(
    ("attributes", "status", "pointer"),
    [
        ({"_refund": True, "_refund_amount_cents": 1}, 422, "_refund_amount_cents"),
        ({"_refund_amount_cents": 0}, 422, "_refund_amount_cents"),
        ({"_refund_amount_cents": -1}, 422, "_refund_amount_cents"),
        ({"_refund_amount_cents": "1e3"}, 422, "_refund_amount_cents"),
        ({"_refund": "yes"}, 422, "_refund"),
        ({"_refund": True, "_reason": "x" * 1_001}, 422, "_reason"),
        ({"amount_cents": 1}, 400, "amount_cents"),
        ({"codes": ["X"]}, 400, "codes"),
        ({"partial": True}, 400, "partial"),
        ({"currency_code": "EUR"}, 400, "currency_code"),
    ],
)
def test_what_is_no_refund_is_refused_where_it_stands(api, attributes, status, pointer):
    card = an_active_card()
    payment = paid(card)

    answer = api.update(f"gift_card_payments/{payment.pk}", **attributes)

    assert (answer.status, answer.error["source"]["pointer"]) == (status, f"/data/attributes/{pointer}")
    assert balances(card) == [9_000]


@pytest.mark.parametrize(
    "attributes", [{"_refund": False}, {"_refund": None}, {"_refund_amount_cents": None}, {}]
)
def test_a_trigger_that_asks_for_nothing_does_nothing(api, attributes):
    card = an_active_card()
    payment = paid(card)

    answer = api.update(f"gift_card_payments/{payment.pk}", **attributes)

    assert (answer.status, answer.document) == (200, whole_document(payment))
    assert balances(card) == [9_000]


# Who may, and how


def test_the_cards_of_a_payment_are_not_changed(api):
    payment = paid(an_active_card())
    address = f"gift_card_payments/{payment.pk}"

    by_body = api.update(address, of_cards(an_active_card()))
    by_address = api.send("PATCH", f"{address}/relationships/gift_cards", {"data": []})

    assert (by_body.status, by_body.document) == (
        400,
        errors(not_allowed("gift_cards", member="relationships")),
    )
    assert (by_address.status, by_address.error["code"]) == (403, "PARAM_NOT_ALLOWED")


def test_a_payment_is_not_deleted(api):
    payment = paid(an_active_card())

    answer = api.delete(f"gift_card_payments/{payment.pk}")

    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, PATCH")


def test_reading_and_paying_need_their_scopes():
    card = an_active_card()
    payment = paid(card)
    address = f"gift_card_payments/{payment.pk}"
    reader, spender = api_client(scopes=[Scope.READ]), api_client(scopes=[Scope.SPEND])
    others = api_client(scopes=[each for each in EVERY_SCOPE if each not in {Scope.READ, Scope.SPEND}])

    def statuses(api):
        return (
            api.get("gift_card_payments").status,
            api.get(address).status,
            create(api, card, amount_cents=1).status,
            api.update(address, reference="x").status,
            api.update(address, _refund_amount_cents=1).status,
        )

    assert statuses(reader) == (200, 200, 403, 403, 403)
    assert statuses(spender) == (403, 403, 201, 200, 200)
    assert statuses(others) == (403, 403, 403, 403, 403)


def test_a_payment_keeps_to_the_callers_markets_when_a_card_moves_away():
    here, there = a_market(code="berlin"), a_market(name="Paris")
    card = an_active_card(market=here)
    payment = pay(caller=caller(markets=[here]), amount_cents=1_000, gift_cards=[card.id])
    till = api_client(market_codes=["berlin"])
    assert till.get(f"gift_card_payments/{payment.pk}").status == 200

    edit(card, market=there)

    assert till.get(f"gift_card_payments/{payment.pk}").status == 404
