"""`gift_card_payments` with a `gift_card_order`: the order's own page tells what they come to."""

from decimal import Decimal

import pytest

from access.scopes import Scope
from giftcards.models import Order, Payment
from tests.fixtures.cast import a_market, an_active_card, disabled
from tests.fixtures.client import api_client
from tests.fixtures.told_orders import an_order, cancelled
from tests.giftcards.api.documents import absent, errors, identifier, invalid, not_allowed

pytestmark = pytest.mark.django_db

ORDER = "/data/relationships/gift_card_order"


@pytest.fixture
def market():
    return a_market(currency_code="EUR", tax_rate=Decimal(19))


@pytest.fixture
def order(market):
    return an_order(market, reference="order-9")


def pay_for(api, order, *cards, amount_cents=1_000, market=None, **attributes):
    relationships = {
        "gift_cards": {"data": [identifier("gift_cards", card) for card in cards]},
        "gift_card_order": {"data": identifier("gift_card_orders", order)},
    }
    if market is not None:
        relationships["market"] = {"data": identifier("markets", market)}
    return api.create("gift_card_payments", relationships, amount_cents=amount_cents, **attributes)


def test_a_payment_names_its_order_and_what_each_card_gave(api, market, order):
    taxed = an_active_card(market=market, balance_cents=300)
    plain = an_active_card(currency_code="EUR")

    answer = pay_for(api, order, plain, taxed)

    assert answer.status == 201
    told = answer.document["data"]
    assert told["attributes"]["shares"] == [
        {"gift_card_id": str(taxed.pk), "amount_cents": 300, "is_taxable": True, "tax_rate": 19.0},
        {"gift_card_id": str(plain.pk), "amount_cents": 700, "is_taxable": False, "tax_rate": None},
    ]
    read = api.get(f"gift_card_payments/{told['id']}?include=gift_card_order,market").document
    linkage = {name: read["data"]["relationships"][name]["data"] for name in ("gift_card_order", "market")}
    assert linkage == {
        "gift_card_order": identifier("gift_card_orders", order),
        "market": identifier("markets", market),
    }
    (included,) = (each for each in read["included"] if each["type"] == "gift_card_orders")
    totals = [included["attributes"][f"gift_card_{name}total_cents"] for name in ("", "tax_")]
    assert totals == [1_000, 57]
    lists = api.get(f"gift_card_orders/{order.pk}?include=payments,gift_cards").document["included"]
    assert sorted(each["id"] for each in lists) == sorted([told["id"], str(taxed.pk), str(plain.pk)])


def test_by_codes_too(api, order):
    an_active_card(currency_code="EUR", code="CODE-THAT-PAYS")
    linkage = {"gift_card_order": {"data": identifier("gift_card_orders", order)}}

    paid = api.create("gift_card_payments", linkage, amount_cents=100, codes=["CODE-THAT-PAYS"])
    again = api.create("gift_card_payments", linkage, amount_cents=100, codes=["CODE-THAT-PAYS"])

    assert (paid.status, again.status, again.error["meta"]["error"]) == (201, 422, "unusable")
    assert Payment.objects.get().order == order


def refused(answer, about, error, message, **more):
    assert (answer.status, answer.document) == (422, errors(invalid(about, error, message, **more)))


def test_a_card_pays_for_an_order_once(api, order):
    card = an_active_card(currency_code="EUR")
    pay_for(api, order, card)

    refused(
        pay_for(api, order, card),
        "gift_cards",
        "already_given",
        "include one that has paid for this order before",
        value=str(card.pk),
        at="/data/relationships/gift_cards",
    )


def test_a_cancelled_order_is_not_paid(api, order):
    refused(
        pay_for(api, cancelled(order), an_active_card(currency_code="EUR")),
        "gift_card_order",
        "cancelled",
        "is not possible because the order is cancelled",
        at=ORDER,
    )


def test_an_order_is_paid_in_its_market_and_currency(api, order):
    card = an_active_card(currency_code="EUR")
    elsewhere = a_market(name="Paris", currency_code="EUR")

    for answer, error, message in (
        (
            pay_for(api, order, card, market=elsewhere),
            "other_market",
            "is of another market than the payment",
        ),
        (
            pay_for(api, order, card, currency_code="USD"),
            "currency_mismatch",
            "is in EUR, the payment in USD",
        ),
    ):
        refused(answer, "gift_card_order", error, message, value=str(order.pk), at=ORDER)
    disabled(order.market)
    refused(pay_for(api, order, card), "gift_card_order", "disabled", "is disabled", at=ORDER)


def test_an_order_beyond_the_keys_reach_is_not_there(order):
    a_market(name="Paris", code="paris")
    card = an_active_card(currency_code="EUR")

    answer = pay_for(api_client(market_codes=["paris"]), order, card)

    assert (answer.status, answer.document) == (
        404,
        errors(absent("gift_card_orders", order.pk, pointer=f"{ORDER}/data")),
    )
    assert not Payment.objects.exists()


def test_the_order_of_a_payment_stays(api, market, order):
    payment = pay_for(api, order, an_active_card(currency_code="EUR")).document["data"]
    other = {"gift_card_order": {"data": identifier("gift_card_orders", an_order(market))}}

    answer = api.update(f"gift_card_payments/{payment['id']}", other)

    told = errors(not_allowed("gift_card_order", member="relationships"))
    assert (answer.status, answer.document) == (400, told)
    assert Payment.objects.get().order == order


def test_who_may_spend_may_pay_for_an_order(order):
    card = an_active_card(currency_code="EUR")
    issuer, till = api_client(scopes=[Scope.ISSUE]), api_client(scopes=[Scope.SPEND])

    assert pay_for(issuer, order, card).status == 403
    assert pay_for(till, order, card).status == 201
    assert Order.objects.get().payments.count() == 1
