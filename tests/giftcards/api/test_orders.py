"""`/api/gift_card_orders`: what a shop has sold and what paid for it, whole documents."""

from typing import Any, cast

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.scopes import EVERY_SCOPE, Scope
from events.models import Event
from giftcards.models import Denomination, GiftCard, Order, Payment, Product
from giftcards.operations import LineTold, OrderChanges, debit, pay, place_order
from kernel.modes import Mode
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market, an_active_card, disabled
from tests.fixtures.client import ROOT, Answer, ApiClient, api_client, until_key_is_known
from tests.giftcards.api.documents import (
    Document,
    absent,
    document,
    errors,
    gift_card,
    identifier,
    invalid,
    not_allowed,
    page_of,
    resource,
    time_text,
)

pytestmark = pytest.mark.django_db

NOBODY = "00000000-0000-7000-8000-000000000000"
RELATIONSHIPS = ("market", "bought_gift_cards", "gift_cards", "payments", "events")


def create(api: ApiClient, market=None, **attributes) -> Answer:
    named = identifier("markets", market or a_market())
    return api.create("gift_card_orders", {"market": {"data": named}}, **attributes)


def placed(*lines, by=TEST, market=None, **attributes) -> Order:
    return place_order(
        caller=by, market=market or a_market(by=by), attributes=cast(OrderChanges, attributes), lines=lines
    )


def paid_for(order, card, amount_cents=1_000) -> Payment:
    return pay(caller=TEST, amount_cents=amount_cents, gift_cards=[card.pk], order=order)


def shown(order, *, linkage=None, **attributes) -> Document:
    """Placed in Berlin, with nothing else told."""
    row = Order.objects.get(pk=order.pk)
    whole: dict[str, Any] = {
        "status": "placed",
        "display_number": None,
        "customer_email": None,
        "currency_code": "USD",
        "lines": [],
        "gift_card_total_cents": 0,
        "gift_card_tax_total_cents": 0,
        "cancelled_at": None,
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
    }
    assert attributes.keys() <= whole.keys()
    return resource("gift_card_orders", row, whole | attributes, relationships=RELATIONSHIPS, data=linkage)


def line(**attributes) -> Document:
    whole: dict[str, Any] = {"denomination": None, "quantity": 1, "tax_rate": None, "metadata": {}}
    return {**whole, **attributes}


# Placing


def test_an_order_with_lines_and_the_cards_it_has_bought(api):
    answer = create(
        api,
        reference="order-1",
        reference_origin="shop",
        display_number="17",
        customer_email="ada@example.com",
        metadata={"a": 1},
        lines=[
            {
                "amount_cents": 2_500,
                "quantity": 2,
                "tax_rate": 19.5,
                "metadata": {"colour": "red"},
                "units": [
                    {"recipient": {"email": "grace@example.com", "first_name": "Grace"}, "message": "Enjoy!"}
                ],
            },
            {"amount_cents": "100"},
        ],
        _reason="by the shop",
    )

    order = Order.objects.get()
    told = {
        "reference": "order-1",
        "reference_origin": "shop",
        "display_number": 17,
        "customer_email": "ada@example.com",
        "metadata": {"a": 1},
        "lines": [
            line(amount_cents=2_500, quantity=2, tax_rate=19.5, metadata={"colour": "red"}),
            line(amount_cents=100),
        ],
    }
    assert (answer.status, answer.document) == (201, document(shown(order, **told), "gift_card_orders"))
    assert answer.headers["Location"] == f"{ROOT}/gift_card_orders/{order.pk}"
    cards = GiftCard.objects.order_by("id").values_list("balance_cents", "status", "message")
    assert list(cards) == [(2_500, "active", "Enjoy!"), (2_500, "active", None), (100, "active", None)]
    event = Event.objects.get(topic="gift_card_orders.create")
    assert (event.reason, event.data["bought_gift_cards"]) == ("by the shop", 3)


def test_a_line_names_its_denomination(api):
    product = Product.objects.create(mode="test", name="Gift card")
    denomination = Denomination.objects.create(
        mode="test", product=product, name="25", amounts={"USD": 2_500}
    )

    answer = create(api, lines=[{"denomination": str(denomination.pk), "active": False}])

    lines = [line(denomination=str(denomination.pk), amount_cents=2_500)]
    assert answer.document == document(shown(Order.objects.get(), lines=lines), "gift_card_orders")
    assert GiftCard.objects.get().status == "inactive"


def test_the_codes_can_be_read_with_the_answer(api):
    named = {"market": {"data": identifier("markets", a_market())}}
    data = {
        "type": "gift_card_orders",
        "attributes": {"lines": [{"amount_cents": 10_000}]},
        "relationships": named,
    }

    answer = api.send("POST", "gift_card_orders?include=bought_gift_cards", {"data": data})

    (card,) = GiftCard.objects.all()
    (included,) = answer.document["included"]
    assert included["attributes"]["code"] == card.code().reveal()
    linkage = answer.document["data"]["relationships"]["bought_gift_cards"]["data"]
    assert linkage == [identifier("gift_cards", card)]


def test_an_order_that_only_spends(api):
    answer = create(api)

    assert answer.document == document(shown(Order.objects.get()), "gift_card_orders")


@pytest.mark.parametrize(
    ("lines", "about", "at", "error", "title", "meta"),
    [
        ("x", "lines", "lines", "not_a_list_of_objects", "must be a list of objects", {"value": "x"}),
        ([1], "lines/0", "lines/0", "not_an_object", "must be an object", {"value": 1}),
        ([{"price": 1}], "lines/0/price", "lines/0/price", "not_allowed", "is not allowed", {"value": 1}),
        (
            [{"amount_cents": 1}, {"amount_cents": 1, "quantity": 0}],
            "lines/1/quantity",
            "lines/1/quantity",
            "greater_than",
            "must be greater than 0",
            {"value": 0, "count": 0},
        ),
        (
            [{"amount_cents": 1.5}],
            "lines/0/amount_cents",
            "lines/0/amount_cents",
            "not_an_integer",
            "must be an integer",
            {"value": 1.5},
        ),
        (
            [{"quantity": 1}],
            "lines/0/amount_cents",
            "lines/0",
            "blank",
            "can't be blank without a denomination",
            {},
        ),
        (
            [{"amount_cents": 1, "units": [{"recipient": {"first_name": "Ada"}}]}],
            "lines/0/units/0/recipient/email",
            "lines/0/units/0/recipient",
            "blank",
            "can't be blank",
            {},
        ),
        (
            [{"amount_cents": 1, "quantity": 101}],
            "lines",
            "lines",
            "too_many",
            "are too many (maximum is 100 gift cards)",
            {"count": 100},
        ),
    ],
)
def test_what_is_wrong_in_a_line_is_pointed_at(api, lines, about, at, error, title, meta):
    answer = create(api, lines=lines)

    refusal = invalid(about, error, title, at=f"/data/attributes/{at}", **meta)
    assert (answer.status, answer.document) == (422, errors(refusal))
    assert not Order.objects.exists()


def test_all_that_is_wrong_with_a_recipient_is_pointed_at(api):
    recipient = {"email": "ada@example.com", "first_name": "a" * 256, "last_name": "b" * 256}

    answer = create(api, lines=[{"amount_cents": 100, "units": [{"recipient": recipient}]}])

    assert [each["source"]["pointer"] for each in answer.document["errors"]] == [
        "/data/attributes/lines/0/units/0/recipient/first_name",
        "/data/attributes/lines/0/units/0/recipient/last_name",
    ]


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ({"denomination": NOBODY}, "denomination"),
        ({"amount_cents": 1, "units": [{"gift_card_recipient": NOBODY}]}, "units/0/gift_card_recipient"),
    ],
)
def test_what_a_line_names_and_is_not_there_is_pointed_at(api, line, place):
    answer = create(api, lines=[{"amount_cents": 100}, line])

    assert (answer.status, answer.error["source"]["pointer"]) == (404, f"/data/attributes/lines/1/{place}")
    assert not Order.objects.exists()


def test_a_reference_that_was_told_before_is_taken(api):
    market = a_market()
    create(api, market, reference="order-1", lines=[{"amount_cents": 100}])

    answer = create(api, market, reference="order-1", lines=[{"amount_cents": 100}])

    taken = invalid("reference", "taken", "has already been taken", value="order-1")
    assert (answer.status, answer.document) == (422, errors(taken))
    assert GiftCard.objects.count() == 1


def test_a_market_is_needed_and_may_not_be_disabled(api):
    nowhere = api.create("gift_card_orders")
    closed = create(api, disabled(a_market()))

    assert nowhere.document == errors(invalid("market", "required", "must exist", at="/data"))
    at = "/data/relationships/market"
    assert closed.document == errors(invalid("market", "disabled", "is disabled", at=at))


# Reading


def test_an_order_tells_what_was_bought_and_what_paid_for_it(api):
    order = placed(LineTold(amount_cents=10_000), reference="order-1")
    payer = an_active_card()
    payment = paid_for(order, payer)
    (bought,) = order.bought_gift_cards.all()

    answer = api.get(f"gift_card_orders/{order.pk}?include=market,bought_gift_cards,gift_cards,payments")

    linkage = {
        "market": identifier("markets", order.market),
        "bought_gift_cards": [identifier("gift_cards", bought)],
        "gift_cards": [identifier("gift_cards", payer)],
        "payments": [identifier("gift_card_payments", payment)],
    }
    told = {"reference": "order-1", "lines": [line(amount_cents=10_000)], "gift_card_total_cents": 1_000}
    expected = shown(order, linkage=linkage, **told)
    assert answer.document["data"] == expected
    assert len(answer.document["included"]) == 4
    for name, rows in (("bought_gift_cards", [bought]), ("gift_cards", [payer]), ("payments", [payment])):
        listed = api.get(f"gift_card_orders/{order.pk}/{name}").document["data"]
        assert [each["id"] for each in listed] == [str(row.pk) for row in rows]
    events = api.get(f"gift_card_orders/{order.pk}/events").document["data"]
    assert [each["attributes"]["name"] for each in events] == ["gift_card_orders.create"]


def test_a_card_names_its_order_and_its_message(api):
    order = placed(LineTold(amount_cents=10_000))
    (card,) = order.bought_gift_cards.all()
    alone = a_draft(message="Enjoy!")

    named = api.get(
        f"gift_cards/{card.pk}?include=gift_card_order&fields[gift_cards]=message,gift_card_order"
    )
    unnamed = api.get(f"gift_cards/{alone.pk}/gift_card_order")

    assert named.document["data"]["relationships"]["gift_card_order"]["data"] == identifier(
        "gift_card_orders", order
    )
    assert [each["type"] for each in named.document["included"]] == ["gift_card_orders"]
    assert unnamed.document["data"] is None
    assert api.get(f"gift_cards/{alone.pk}").document["data"] == gift_card(alone, message="Enjoy!")


def test_a_message_can_be_changed_and_taken_away(api):
    card = an_active_card(message="Enjoy!")

    changed = api.update(f"gift_cards/{card.pk}", message="Have fun")
    assert changed.document["data"]["attributes"]["message"] == "Have fun"
    assert GiftCard.objects.get(pk=card.pk).message == "Have fun"
    api.update(f"gift_cards/{card.pk}", message="")
    assert GiftCard.objects.get(pk=card.pk).message is None
    long = api.update(f"gift_cards/{card.pk}", message="a" * 1_001)
    assert (long.status, long.error["meta"]["error"]) == (422, "too_long")


@pytest.mark.parametrize(
    ("predicate", "value"),
    [("reference_eq", "order-1"), ("display_number_eq", 17), ("customer_email_eq", "ada@example.com")],
)
def test_a_list_is_searched_by_what_a_shop_knows(api, predicate, value):
    order = placed(reference="order-1", display_number=17, customer_email="ada@example.com")
    placed(reference="order-2", display_number=18, customer_email="grace@example.com")
    told = {"reference": "order-1", "display_number": 17, "customer_email": "ada@example.com"}

    answer = api.get(f"gift_card_orders?filter[q][{predicate}]={value}")

    assert answer.document["data"] == [shown(order, **told)]


def test_a_list_costs_the_same_for_one_order_and_for_many(api):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert api.get("gift_card_orders?include=bought_gift_cards,payments").status == 200
        return len(captured)

    placed(LineTold(quantity=2, amount_cents=100))
    until_key_is_known(queries)
    one = queries()
    for _ in range(3):
        placed(LineTold(quantity=2, amount_cents=100))

    assert queries() == one


def test_an_empty_list_is_a_page(api):
    assert api.get("gift_card_orders").document["data"] == []
    order = placed()
    assert api.get("gift_card_orders").document == page_of("gift_card_orders", [shown(order)])


# Changing


def test_what_is_noted_can_be_changed(api):
    order = placed(reference="a")

    answer = api.update(
        f"gift_card_orders/{order.pk}", reference="b", display_number=4, metadata={"a": 1}, _reason="typo"
    )

    expected = shown(order, reference="b", display_number=4, metadata={"a": 1})
    assert (answer.status, answer.document) == (200, document(expected, f"gift_card_orders/{order.pk}"))
    assert Event.objects.get(topic="gift_card_orders.update").reason == "typo"


@pytest.mark.parametrize("name", ["lines", "status", "currency_code", "cancelled_at"])
def test_what_an_order_has_sold_never_changes(api, name):
    order = placed()

    answer = api.update(f"gift_card_orders/{order.pk}", **{name: []})

    assert (answer.status, answer.document) == (400, errors(not_allowed(name)))


def test_it_is_never_deleted(api):
    assert api.delete(f"gift_card_orders/{placed().pk}").status == 405


# Cancelling


def test_cancelling_gives_everything_back(api):
    order, payer = placed(LineTold(amount_cents=2_500)), an_active_card()
    paid_for(order, payer)

    answer = api.update(f"gift_card_orders/{order.pk}", _cancel=True, _reason="out of stock")

    cancelled_at = time_text(Order.objects.get().cancelled_at)
    expected = shown(order, status="cancelled", cancelled_at=cancelled_at, lines=[line(amount_cents=2_500)])
    assert (answer.status, answer.document) == (200, document(expected, f"gift_card_orders/{order.pk}"))
    (bought,) = order.bought_gift_cards.all()
    assert (bought.balance_cents, bought.is_archived) == (0, True)
    assert GiftCard.objects.get(pk=payer.pk).balance_cents == 10_000
    assert Event.objects.get(topic="gift_card_orders.cancel").reason == "out of stock"


def test_a_refusal_points_at_the_trigger_and_names_the_card(api):
    order = placed(LineTold(amount_cents=2_500))
    (card,) = order.bought_gift_cards.all()
    debit(caller=TEST, card_id=card.pk, amount_cents=100)

    answer = api.update(f"gift_card_orders/{order.pk}", _cancel=True)

    title = (
        f"is not possible because the gift card {card.pk}, which was bought with the order, has been spent "
        "from: 100 are not given back"
    )
    refusal = invalid("_cancel", "bought_card_in_use", title, value=str(card.pk))
    assert (answer.status, answer.document) == (422, errors(refusal))


def test_it_is_cancelled_once(api):
    order = placed()
    api.update(f"gift_card_orders/{order.pk}", _cancel=True)

    answer = api.update(f"gift_card_orders/{order.pk}", _cancel=True)

    title = "is not possible because the order is cancelled"
    assert answer.document == errors(invalid("_cancel", "cancelled", title, value=True))


# Who may


@pytest.mark.parametrize(
    ("sold", "missing", "status"),
    [
        (True, Scope.ISSUE, 403),
        (True, Scope.SPEND, 403),
        (False, Scope.SPEND, 403),
        (False, Scope.ISSUE, 200),
    ],
)
def test_who_takes_back_what_was_sold_may_sell_and_who_pays_back_may_spend(sold, missing, status):
    order = placed(*([LineTold(amount_cents=100)] if sold else []))
    client = api_client(scopes=[scope for scope in EVERY_SCOPE if scope != missing])

    assert client.update(f"gift_card_orders/{order.pk}", _cancel=True).status == status


def test_what_was_sold_elsewhere_is_taken_back_by_who_may_sell():
    market = a_market()
    order, card = placed(market=market), an_active_card(market=market)
    GiftCard.objects.filter(pk=card.pk).update(order=order)
    may_only_spend = api_client(scopes=[Scope.READ, Scope.SPEND])

    assert may_only_spend.update(f"gift_card_orders/{order.pk}", _cancel=True).status == 403


def test_an_order_of_another_mode_or_market_does_not_exist():
    paris = a_market(name="Paris", code="paris")
    order = placed(market=a_market(code="berlin"))

    for client in (api_client(Mode.LIVE), api_client(market_codes=["paris"])):
        assert client.get(f"gift_card_orders/{order.pk}").document == errors(
            absent("gift_card_orders", order.pk)
        )
        assert client.update(f"gift_card_orders/{order.pk}", _cancel=True).status == 404
        assert client.get("gift_card_orders").document["data"] == []
    assert placed(by=LIVE).mode == "live"
    assert api_client(market_codes=["paris"]).get(f"markets/{paris.pk}").status == 200
