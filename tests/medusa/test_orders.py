"""Orders in Medusa's shape: what was bought with them, what cards paid for them, and what that comes to."""

from decimal import Decimal
from typing import cast

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giftcards.models import GiftCard, OrderLine, PaymentShare
from giftcards.operations import LineTold, OrderChanges, cancel_order, pay, place_order, refund_payment
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card, edit
from tests.fixtures.client import until_key_is_known
from tests.fixtures.told_orders import an_order
from tests.giftcards.api.documents import time_text
from tests.medusa.asking import refusal, the_shop
from tests.medusa.test_gift_cards import region_document

pytestmark = pytest.mark.django_db

NOBODY = "00000000-0000-7000-8000-000000000000"


def placed(region, *lines, **attributes):
    return place_order(caller=TEST, market=region, attributes=cast(OrderChanges, attributes), lines=lines)


def paid_for(order, *cards, amount_cents):
    return pay(caller=TEST, amount_cents=amount_cents, gift_cards=[card.pk for card in cards], order=order)


def alone(document):
    """A card's document as it stands in an order."""
    return {name: value for name, value in document.items() if name not in {"region", "order"}}


def brief(order, **members):
    order.refresh_from_db()
    return {
        "object": "order",
        "id": str(order.pk),
        "created_at": time_text(order.created_at),
        "updated_at": time_text(order.updated_at),
        "status": "pending",
        "fulfillment_status": None,
        "payment_status": None,
        "display_id": 1009,
        "cart_id": None,
        "customer_id": None,
        "email": "ada@example.com",
        "billing_address_id": None,
        "shipping_address_id": None,
        "region_id": str(order.market_id),
        "currency_code": "eur",
        "tax_rate": None,
        "draft_order_id": None,
        "canceled_at": None,
        "metadata": {"gift": True},
        "no_notification": None,
        "idempotency_key": None,
        "external_id": "order-9",
        "sales_channel_id": None,
        **members,
    }


@pytest.fixture
def order(region):
    line = LineTold(quantity=2, amount_cents=2_500, tax_rate=Decimal(19), metadata={"colour": "red"})
    return placed(
        region,
        line,
        reference="order-9",
        display_number=1009,
        customer_email="ada@example.com",
        metadata={"gift": True},
    )


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_order_tells_its_cards_and_what_paid_for_it(shop, region, order, slash):
    taxed = an_active_card(market=region, balance_cents=300, tax_rate=Decimal(7))
    plain = an_active_card(currency_code="EUR", balance_cents=400)
    paid_for(order, plain, taxed, amount_cents=500)

    answer = shop.get(f"/admin/orders/{order.pk}{slash}")

    line = OrderLine.objects.get()
    bought = GiftCard.objects.filter(order=order).order_by("id")
    of_taxed, of_plain = PaymentShare.objects.order_by("id")

    def document(card):
        return alone(shop.get(f"/admin/gift-cards/{card.pk}").card)

    assert answer.told == (
        200,
        {
            "order": {
                **brief(order),
                "region": region_document(region),
                "items": [
                    {
                        "id": str(line.pk),
                        "order_id": str(order.pk),
                        "title": "Gift card",
                        "description": None,
                        "is_giftcard": True,
                        "unit_price": 2_500,
                        "variant_id": None,
                        "quantity": 2,
                        "metadata": {"colour": "red"},
                        "tax_lines": [{"item_id": str(line.pk), "rate": 19}],
                    }
                ],
                "gift_cards": [document(taxed), document(plain)],
                "gift_card_transactions": [
                    {
                        "id": str(of_taxed.pk),
                        "gift_card_id": str(taxed.pk),
                        "order_id": str(order.pk),
                        "amount": 300,
                        "created_at": time_text(of_taxed.created_at),
                        "is_taxable": True,
                        "tax_rate": 7,
                    },
                    {
                        "id": str(of_plain.pk),
                        "gift_card_id": str(plain.pk),
                        "order_id": str(order.pk),
                        "amount": 200,
                        "created_at": time_text(of_plain.created_at),
                        "is_taxable": False,
                        "tax_rate": None,
                    },
                ],
                "gift_card_total": 500,
                "gift_card_tax_total": 21,
                "bought_gift_cards": [document(card) for card in bought],
            }
        },
    )
    assert answer.body["order"]["gift_cards"][0]["balance"] == 0


def test_a_card_names_the_order_that_it_was_bought_with(shop, region, order):
    other = shop.create(region)

    listed = shop.list("?order=created_at")

    assert [(card["order_id"], card["order"]) for card in listed] == [
        (str(order.pk), brief(order)),
        (str(order.pk), brief(order)),
        (None, None),
    ]
    assert {card["tax_rate"] for card in listed[:2]} == {19}
    assert shop.read(listed[0]) == listed[0]
    assert [card["id"] for card in shop.list("?q=1009")] == [card["id"] for card in listed[1::-1]]
    for nothing in ("100", "10090", "0", "-1009", str(2**31), "1" * 15, "١٠٠٩"):
        assert shop.list(f"?q={nothing}") == []
    assert other["order_id"] is None


def test_what_was_given_back_is_no_longer_counted(shop, region, order):
    card = an_active_card(market=region, tax_rate=Decimal(10))
    payment = paid_for(order, card, amount_cents=500)

    refund_payment(caller=TEST, payment_id=payment.pk, amount_cents=400)
    told = shop.get(f"/admin/orders/{order.pk}").body["order"]
    assert (told["gift_card_total"], told["gift_card_tax_total"]) == (100, 10)
    cancel_order(caller=TEST, order_id=order.pk)

    told = shop.get(f"/admin/orders/{order.pk}").body["order"]
    assert (told["gift_card_total"], told["gift_card_tax_total"]) == (0, 0)
    assert [share["amount"] for share in told["gift_card_transactions"]] == [500]
    order.refresh_from_db()
    assert (told["status"], told["canceled_at"]) == ("canceled", time_text(order.cancelled_at))
    assert None not in {each["deleted_at"] for each in told["bought_gift_cards"]}
    assert shop.list("?q=1009") == []


def test_the_list_has_the_newest_first_in_its_envelope(shop, region):
    first, second, third = (an_order(region, display_number=number) for number in (30, 10, 20))

    def told(query):
        body = shop.get(f"/admin/orders{query}").body
        return [each["id"] for each in body.pop("orders")], body

    assert told("/") == ([str(o.pk) for o in (third, second, first)], {"count": 3, "offset": 0, "limit": 50})
    assert told("?limit=1&offset=1") == ([str(second.pk)], {"count": 3, "offset": 1, "limit": 1})
    assert told("?limit=0") == ([], {"count": 3, "offset": 0, "limit": 0})
    assert told("?order=-display_id")[0] == [str(o.pk) for o in (first, third, second)]
    assert shop.get("/admin/orders").body["orders"][0] == shop.get(f"/admin/orders/{third.pk}").body["order"]


def test_q_finds_an_order_by_what_its_customer_or_its_shop_calls_it(shop, region, order):
    an_order(region, display_number=9, reference="1009-a")

    for q in ("1009", "ada@example.com", "order-9"):
        assert [each["id"] for each in shop.get(f"/admin/orders?q={q}").body["orders"]] == [str(order.pk)]
    for nothing in ("order", "100", "%00"):
        assert shop.get(f"/admin/orders?q={nothing}").body["orders"] == []


def test_orders_are_listed_by_their_number_or_customer(shop, region, order):
    an_order(region, display_number=9)

    def told(query):
        return [each["id"] for each in shop.get(f"/admin/orders?{query}").body["orders"]]

    for query in ("display_id=1009", "email=ada@example.com", "display_id=1009&q=order-9"):
        assert told(query) == [str(order.pk)]
    for query in ("display_id=100", "display_id=x", "email=%00", "display_id=9&q=order-9"):
        assert told(query) == []


def test_what_a_client_wants_to_see_leaves_nothing_out(shop, order):
    whole = shop.get("/admin/orders").body

    assert shop.get("/admin/orders?expand=items,gift_cards&fields=id").body == whole


def test_a_page_costs_the_same_whatever_it_lists(shop, region, django_assert_num_queries):
    def told(number):
        for _ in range(number):
            line = LineTold(amount_cents=100)
            paid_for(placed(region, line), an_active_card(market=region), amount_cents=50)

    told(1)
    until_key_is_known(shop.get, "/admin/orders")
    with CaptureQueriesContext(connection) as one:
        shop.get("/admin/orders")
    told(3)
    with django_assert_num_queries(len(one)):
        assert len(shop.get("/admin/orders").body["orders"]) == 4


@pytest.mark.parametrize("order_id", [NOBODY, "order_01", "é"])
def test_an_unknown_order_is_not_found(shop, order_id):
    missing = (404, refusal("not_found", f"Order with id {order_id} was not found"))

    assert shop.get(f"/admin/orders/{order_id}").told == missing


def test_an_order_of_another_mode_or_market_is_not_there(shop, region, order):
    elsewhere = the_shop(market_codes=[a_market(name="Paris", code="paris").code])

    for stranger in (the_shop(LIVE.mode), elsewhere):
        assert stranger.get("/admin/orders").body["orders"] == []
        assert stranger.get(f"/admin/orders/{order.pk}").status == 404


def test_a_card_that_has_left_its_orders_market_does_not_lead_there(shop, region, order):
    card, stays = GiftCard.objects.filter(order=order).order_by("id")
    gave = an_active_card(market=region)
    paid_for(order, gave, amount_cents=100)
    paris = a_market(name="Paris", code="paris", currency_code="EUR")
    for moved in (card, gave):
        edit(moved, market=paris)
    here = the_shop(market_codes=["berlin"], scopes=["gift_cards:read"])
    there = the_shop(market_codes=["paris"], scopes=["gift_cards:read"])

    told = {each["id"]: (each["order_id"], each["order"]) for each in there.list()}
    assert told == {str(card.pk): (None, None), str(gave.pk): (None, None)}
    told = here.get(f"/admin/orders/{order.pk}").body["order"]
    assert (told["gift_cards"], told["gift_card_transactions"]) == ([], [])
    assert [each["id"] for each in told["bought_gift_cards"]] == [str(stays.pk)]
    assert told["gift_card_total"] == 100
    assert there.list("?q=1009") == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_orders_are_read_only_here(shop, region, method):
    order = an_order(region)

    for address in ("/admin/orders", f"/admin/orders/{order.pk}"):
        answer = shop.send(method, address, {})
        assert (answer.status, answer.body["type"], answer.headers["Allow"]) == (
            405, "not_allowed", "GET, HEAD",
        )  # fmt: skip


def test_who_may_not_reveal_codes_sees_them_masked(region, order):
    told = the_shop(scopes=["gift_cards:read"]).get(f"/admin/orders/{order.pk}").body["order"]

    assert all(each["code"].startswith("****") for each in told["bought_gift_cards"])
    assert the_shop(scopes=["gift_cards:issue"]).get("/admin/orders").status == 403
