"""Orders in the back office: read by whoever may, cancelled by whoever may do that."""

from decimal import Decimal
from typing import cast

import pytest
from django.urls import reverse

from events.models import Event
from giftcards.models import GiftCard, Order
from giftcards.operations import LineTold, OrderChanges, UnitTold, cancel_order, debit, pay, place_order
from tests.fixtures.cast import TEST, a_market, an_active_card
from tests.fixtures.payloads import HOSTILE

pytestmark = pytest.mark.django_db

LIST = "admin:giftcards_order_changelist"


def an_order(*lines, **attributes):
    return place_order(caller=TEST, market=a_market(), attributes=cast(OrderChanges, attributes), lines=lines)


def page_of(order):
    return reverse("admin:giftcards_order_change", args=[order.pk])


def dialog_of(order):
    return reverse("admin:giftcards_order_cancel", args=[order.pk])


def card_page(card):
    return reverse("admin:giftcards_giftcard_change", args=[card.pk])


@pytest.fixture
def sold_and_paid():
    order = an_order(LineTold(quantity=2, amount_cents=2_500, tax_rate=Decimal(19)), reference="order-1")
    payer = an_active_card()
    pay(caller=TEST, amount_cents=1_234, gift_cards=[payer.pk], order=order)
    return order, payer


@pytest.mark.parametrize("term", ["order-1", "17", "ada@example.com"])
def test_a_list_is_searched_by_whole_values(back_office, term):
    order = an_order(reference="order-1", display_number=17, customer_email="ada@example.com")
    an_order(reference="order-10", display_number=170, customer_email="grace@example.com")

    found = back_office.get(reverse(LIST), {"q": term}).context["cl"].result_list

    assert list(found) == [order]


def test_an_order_shows_its_lines_cards_and_payments(back_office, sold_and_paid):
    order, payer = sold_and_paid

    page = back_office.get(page_of(order)).content.decode()

    for card in (payer, *order.bought_gift_cards.all()):
        assert card_page(card) in page
    assert reverse("admin:giftcards_payment_change", args=[order.payments.get().pk]) in page
    for text in ("$25.00", "19 %", "$12.34", "Cards bought", "Cards used"):
        assert text in page


def test_a_card_shows_its_order_and_its_message(back_office):
    order = an_order(LineTold(amount_cents=2_500, units=[UnitTold(message="Enjoy!")]), reference="order-1")

    page = back_office.get(card_page(order.bought_gift_cards.get())).content.decode()

    assert page_of(order) in page
    assert "Enjoy!" in page


def test_what_a_shop_has_told_is_no_markup(back_office):
    order = an_order(LineTold(amount_cents=2_500, units=[UnitTold(message=HOSTILE[0])]), reference=HOSTILE[0])

    for address in (page_of(order), card_page(order.bought_gift_cards.get()), reverse(LIST)):
        assert HOSTILE[0] not in back_office.get(address).content.decode()


def test_nobody_adds_changes_or_deletes_one(back_office):
    order = an_order()
    before = Order.objects.values().get()

    assert back_office.post(page_of(order), {"reference": "x"}).status_code == 403
    assert back_office.get(reverse("admin:giftcards_order_add")).status_code == 403
    delete = reverse("admin:giftcards_order_delete", args=[order.pk])
    assert back_office.post(delete, {"post": "yes"}).status_code == 403
    assert Order.objects.values().get() == before


def test_cancelling_says_what_it_will_post_asks_why_and_does_it(back_office, sold_and_paid):
    order, payer = sold_and_paid

    asked = back_office.get(dialog_of(order)).content.decode()
    assert "Refunds $12.34 to the cards that paid for it." in asked
    assert "Takes back the 2 cards that it sold: posts cash-outs of $50.00 in all" in asked
    back_office.post(dialog_of(order), {"reason": ""})
    assert Order.objects.get().cancelled_at is None

    answer = back_office.post(dialog_of(order), {"reason": "out of stock"}, follow=True)

    assert "Cancelled. Gave back $12.34; pay out $50.00." in answer.content.decode()
    assert GiftCard.objects.get(pk=payer.pk).balance_cents == 10_000
    event = Event.objects.get(topic="gift_card_orders.cancel")
    assert (event.reason, event.actor_kind) == ("out of stock", "user")


def test_a_card_that_stands_in_the_way_is_named(back_office, sold_and_paid):
    order, _ = sold_and_paid
    card = order.bought_gift_cards.order_by("id")[0]
    debit(caller=TEST, card_id=card.pk, amount_cents=100)

    answer = back_office.post(dialog_of(order), {"reason": "out of stock"}).content.decode()

    assert f"the gift card {card.pk}, which was bought with the order, has been spent from" in answer
    assert Order.objects.get().cancelled_at is None


def test_a_cancelled_order_is_not_offered_to_be_cancelled(back_office):
    order = an_order()
    assert dialog_of(order) in back_office.get(page_of(order)).content.decode()

    cancel_order(caller=TEST, order_id=order.pk)

    assert dialog_of(order) not in back_office.get(page_of(order)).content.decode()


def test_who_may_only_look_cancels_nothing(back_office_of):
    order = an_order()
    clerk = back_office_of("giftcards.view_order")

    assert clerk.get(page_of(order)).status_code == 200
    assert clerk.post(dialog_of(order), {"reason": "x"}).status_code == 403
    assert Order.objects.get().cancelled_at is None
