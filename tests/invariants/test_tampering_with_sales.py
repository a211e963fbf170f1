# ruff: noqa: S608 (put together from what stands in this file)
"""What `verify_ledger` says of orders that somebody has changed. Each tampering is told in the words of the
one check that sees it."""

from typing import Any, NamedTuple
from uuid import UUID

import pytest

from events.models import Event
from giftcards.operations import LineTold, cancel_order, pay, place_order
from giftcards.verification import verify_ledger
from tests.fixtures.cast import TEST, a_market, an_active_card
from tests.fixtures.tampering import tampered
from tests.invariants.checks import assert_ledger_is_true, lies

pytestmark = pytest.mark.django_db


class Scene(NamedTuple):
    """An order that sold two cards of 500 and one of 700, for which another card paid 300; one that was
    cancelled after 200 were paid for it."""

    order: UUID
    card: UUID
    payer: UUID
    payment: UUID
    cancelled: UUID
    given_back: UUID


@pytest.fixture
def scene() -> Scene:
    market, payer, other = a_market(), an_active_card(), an_active_card()
    lines = [LineTold(quantity=2, amount_cents=500), LineTold(amount_cents=700)]
    order = place_order(caller=TEST, market=market, lines=lines)
    payment = pay(caller=TEST, amount_cents=300, gift_cards=[payer.pk], order=order)
    cancelled = place_order(caller=TEST, market=market)
    given_back = pay(caller=TEST, amount_cents=200, gift_cards=[other.pk], order=cancelled)
    cancel_order(caller=TEST, order_id=cancelled.pk)
    card = order.bought_gift_cards.order_by("id")[0]
    return Scene(order.pk, card.pk, payer.pk, payment.pk, cancelled.pk, given_back.pk)


def line(position: int, change: str) -> str:
    return f"UPDATE giftcards_orderline SET {change} WHERE order_id = %(order)s AND position = {position}"


def card(change: str) -> str:
    return f"UPDATE giftcards_giftcard SET {change} WHERE id = %(card)s"


def order(which: str, change: str) -> str:
    return f"UPDATE giftcards_order SET {change} WHERE id = %({which})s"


def event(which: str, change: str) -> str:
    return f"UPDATE events_event SET {change} WHERE subject_id = %({which})s AND sequence = 1"


OTHER_LINE = "(SELECT id FROM giftcards_orderline WHERE order_id = %(order)s AND position = 2)"
TAMPERINGS: dict[str, tuple[Any, ...]] = {
    "more sold than there are": (
        line(1, "quantity = 3"),
        "line 1 sells [(3, 500)], its gift cards are [(2, 500)]",
    ),
    "another amount": (
        line(2, "unit_amount_cents = 701"),
        "line 2 sells [(1, 701)], its gift cards are [(1, 700)]",
    ),
    "a card of another line": (
        card(f"order_line_id = {OTHER_LINE}"),
        "line 1 sells [(2, 500)], its gift cards are [(1, 500)]",
    ),
    "a card of no order": (
        card("order_id = NULL, order_line_id = NULL"),
        "line 1 sells [(2, 500)], its gift cards are [(1, 500)]",
    ),
    "a line removed": (
        "DELETE FROM giftcards_orderline WHERE order_id = %(order)s AND position = 1",
        "its lines are not numbered without gaps",
    ),
    "the last line removed": (
        "DELETE FROM giftcards_orderline WHERE order_id = %(order)s AND position = 2",
        "a gift card is of a line that it does not have",
    ),
    "currency": (
        order("order", "currency_code = 'EUR'"),
        "the mode or currency of a gift card or payment is another",
    ),
    "mode": (
        order("cancelled", "mode = 'live'"),
        "the mode or currency of a gift card or payment is another",
    ),
    "cancelled by hand": (
        order("order", "cancelled_at = now()"),
        "Order {order}: it is cancelled, its events end in ['placed']",
    ),
    "brought back": (
        order("cancelled", "cancelled_at = NULL"),
        "Order {cancelled}: it is placed, its events end in ['cancelled']",
    ),
    "another sale told": (
        event("order", "data = jsonb_set(data, '{bought_gift_cards}', '4')"),
        "number 1: the event tells of gift cards and amount (4, 1700), its lines of (3, 1700)",
    ),
    "an event removed": (
        "DELETE FROM events_event WHERE subject_id = %(cancelled)s AND sequence = 1",
        "Order {cancelled}, number 2: expected event 1 here",
    ),
    "a payment for a cancelled order": (
        "UPDATE giftcards_payment SET order_id = %(cancelled)s WHERE id = %(payment)s",
        "Order {cancelled}: it was cancelled, and 300 of what was paid for it was not given back",
    ),
    "removed with all but its events": (
        "DELETE FROM giftcards_order WHERE id = %(cancelled)s",
        "Order {cancelled}: its events are there, it is not",
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_it_is_told_what_was_changed(scene, tampering):
    statement, text = TAMPERINGS[tampering]

    with tampered((statement, scene._asdict())):
        found = [str(lie) for lie in lies()]

    expected = text.format(**scene._asdict())
    assert any(expected in lie for lie in found), found
    assert_ledger_is_true()


def test_a_verification_since_a_moment_sees_newer_orders(scene):
    placed = Event.objects.filter(subject_id=scene.order).latest("sequence").created_at

    with tampered((line(1, "quantity = 3"), scene._asdict())):
        found = [str(lie) for _, portion in verify_ledger(since=placed) for lie in portion]

    assert any("line 1 sells" in lie for lie in found), found
