"""Orders that are paid by the same card, or cancelled, at the same moment."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum

from giftcards.models import GiftCard, Kind, LedgerEntry, Order, Payment, PaymentShare
from giftcards.operations import pay, paying, sharing
from giftcards.queries import order_card_totals
from tests.concurrency.crowd import all_at_once, assert_ledger_is_true
from tests.fixtures.cast import TEST, a_market, an_active_card
from tests.fixtures.locks import until_all_wait_for_us_or_are_done
from tests.fixtures.races import at_once, outcomes
from tests.fixtures.told_orders import an_order, cancelled
from tests.server import Api, Server, a_key

pytestmark = pytest.mark.django_db(transaction=True)


def six_orders() -> list[Order]:
    market = a_market()
    return [an_order(market) for _ in range(6)]


def pay_for(order: Order, card: GiftCard, amount_cents: int = 3_000) -> Payment:
    return pay(caller=TEST, amount_cents=amount_cents, gift_cards=[card.pk], order=order)


def spent() -> int:
    return -int(LedgerEntry.objects.filter(kind=Kind.DEBIT).aggregate(all=Sum("amount_cents"))["all"] or 0)


def test_six_checkouts_at_once_spend_a_card_of_3000_for_3000():
    """Medusa spent it for 18000."""
    card, orders = an_active_card(balance_cents=3_000), six_orders()

    results = at_once([partial(pay_for, order, card) for order in orders])

    assert outcomes(results) == {"won": 1, "InsufficientBalance": 5}
    totals = order_card_totals([order.pk for order in orders])
    assert sum(each.gift_card_total_cents for each in totals.values()) == spent() == 3_000
    assert_ledger_is_true()


def pay_over_http(order: Order, card: GiftCard, caller: Api) -> int:
    relationships = {
        "gift_cards": {"data": [{"type": "gift_cards", "id": str(card.pk)}]},
        "gift_card_order": {"data": {"type": "gift_card_orders", "id": str(order.pk)}},
    }
    data = {
        "type": "gift_card_payments",
        "attributes": {"amount_cents": 3_000},
        "relationships": relationships,
    }
    return caller.post("/gift_card_payments", content=json.dumps({"data": data})).status_code


def test_six_checkouts_of_the_real_server_do_no_better(server: Server):
    card, orders = an_active_card(balance_cents=3_000), six_orders()

    statuses = all_at_once(server, a_key(), [partial(pay_over_http, order, card) for order in orders])

    assert sorted(statuses) == [201, 422, 422, 422, 422, 422]
    totals = order_card_totals([order.pk for order in orders])
    assert sum(each.gift_card_total_cents for each in totals.values()) == spent() == 3_000
    assert_ledger_is_true()


def test_without_the_lock_of_the_card_they_are_caught(monkeypatch):
    card, orders = an_active_card(balance_cents=3_000), six_orders()
    everybody_has_read = Barrier(6, timeout=20)

    def read(cards: Any) -> list[GiftCard]:
        found = list(cards.order_by("pk"))
        everybody_has_read.wait()
        return found

    monkeypatch.setattr(paying, "lock_cards", read)

    results = at_once([partial(pay_for, order, card) for order in orders])

    assert outcomes(results) == {"won": 1, "UnlockedCardError": 5}
    assert spent() == 3_000
    assert_ledger_is_true()


def test_a_card_gives_to_an_order_once_however_often_it_is_tried_at_once():
    card, order = an_active_card(balance_cents=3_000), an_order(a_market())

    results = at_once([partial(pay_for, order, card, 100)] * 6)

    assert outcomes(results) == {"won": 1, "Invalid": 5}
    assert (PaymentShare.objects.count(), spent()) == (1, 100)
    assert_ledger_is_true()


def test_without_looking_the_database_refuses_the_second(monkeypatch):
    card, order = an_active_card(balance_cents=3_000), an_order(a_market())
    monkeypatch.setattr(paying, "givers_to", lambda order, cards: set())

    results = at_once([partial(pay_for, order, card, 100)] * 6)

    assert outcomes(results) == {"won": 1, "IntegrityError": 5}
    assert_ledger_is_true()


def paid_while_it_is_cancelled() -> tuple[Order, object]:
    """Somebody has cancelled the order, and not committed yet, when somebody else pays for it."""
    order, card = an_order(a_market()), an_active_card()
    with ThreadPoolExecutor(1) as somebody_else:
        with transaction.atomic():
            cancelled(order)
            is_paid = somebody_else.submit(at_once, [partial(pay_for, order, card, 100)])
            until_all_wait_for_us_or_are_done([is_paid])
        (paid,) = is_paid.result()
    order.refresh_from_db()
    assert order.cancelled_at is not None
    return order, paid


def test_an_order_that_is_just_being_cancelled_is_not_paid():
    order, refused = paid_while_it_is_cancelled()

    assert outcomes([refused]) == {"OrderCancelled": 1}
    assert not order.payments.exists()
    assert_ledger_is_true()


@pytest.mark.tampers
def test_without_the_lock_of_the_order_it_would_be(monkeypatch):
    monkeypatch.setattr(sharing, "lock_order", lambda key, caller: Order.objects.get(pk=key))

    order, paid = paid_while_it_is_cancelled()

    assert isinstance(paid, Payment)
    assert order_card_totals([order.pk])[order.pk].gift_card_total_cents == 100
