"""Orders at the same moment: nothing is sold twice, nothing is paid back and spent as well, and nobody waits
in a circle. Each race has its control."""

import threading
from collections import Counter
from functools import partial
from threading import Barrier
from typing import cast

import pytest
from django.db import OperationalError, connection

from events.models import Event
from giftcards.exceptions import Archived, BoughtCardInUse, OrderCancelled
from giftcards.models import GiftCard, LedgerEntry, Order
from giftcards.operations import (
    LineTold,
    OrderChanges,
    RecipientTold,
    UnitTold,
    authorize,
    cancel_order,
    cancelling,
    debit,
    pay,
    place_order,
    selling,
)
from giftcards.operations.posting import UnlockedCardError
from kernel.refusals import Invalid
from recipients.models import GiftCardRecipient
from recipients.operations import find_or_create_recipient
from tests.fixtures.cast import TEST, a_market, an_active_card
from tests.fixtures.races import at_once, outcomes
from tests.invariants.checks import assert_ledger_is_true

pytestmark = pytest.mark.django_db(transaction=True)

SHOPS = 6


def placed(*lines, market=None, **attributes):
    return place_order(
        caller=TEST, market=market or a_market(), attributes=cast(OrderChanges, attributes), lines=lines
    )


def cancel(order):
    return cancel_order(caller=TEST, order_id=order.pk)


# Told twice


def tell_at_once(market):
    line = LineTold(quantity=2, amount_cents=500)
    return at_once([lambda: placed(line, market=market, reference="order-1")] * SHOPS)


def test_an_order_that_is_told_by_many_at_once_sells_its_cards_once():
    results = tell_at_once(a_market())

    assert outcomes(results) == {"won": 1, "Invalid": SHOPS - 1}
    refusals = {(each.about, each.error) for each in results if isinstance(each, Invalid)}
    assert refusals == {("reference", "taken")}
    assert (Order.objects.count(), GiftCard.objects.count()) == (1, 2)


def test_without_its_constraint_each_would_have_sold(without_constraint):
    market = a_market()
    without_constraint("giftcards_order", "order_reference_is_unique_per_mode")

    assert outcomes(tell_at_once(market)) == {"won": SHOPS}
    assert GiftCard.objects.count() == 2 * SHOPS


@pytest.fixture
def without_constraint():
    """Takes a constraint out for the test, and puts it back over a table that is empty again."""
    taken = []

    def take_out(table, name):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
            taken.append((table, name, cursor.fetchone()[0]))
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")

    yield take_out
    with connection.cursor() as cursor:
        for table, name, definition in taken:
            cursor.execute("UPDATE giftcards_order SET reference = NULL")
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def test_orders_for_the_same_new_people_wait_for_nobody_who_waits_for_them():
    market = a_market()
    people = [UnitTold(recipient=RecipientTold(f"{number}@example.com")) for number in range(8)]

    def tell(units):
        return lambda: placed(LineTold(quantity=8, amount_cents=5, units=units), market=market)

    results = at_once([tell(people), tell(people[::-1])] * 2)

    assert outcomes(results) == {"won": 4}
    assert (GiftCardRecipient.objects.count(), GiftCard.objects.count()) == (8, 32)


def test_in_another_order_they_would(monkeypatch):
    market, one_is_made = a_market(), Barrier(2, timeout=20)

    def find_and_wait(*, email, **more):
        recipient = find_or_create_recipient(email=email, **more)
        if email == made_first[threading.get_ident()]:
            one_is_made.wait()
        return recipient

    def tell(*addresses):
        made_first[threading.get_ident()] = addresses[0]
        units = [UnitTold(recipient=RecipientTold(address)) for address in addresses]
        return placed(LineTold(quantity=2, amount_cents=5, units=units), market=market)

    made_first: dict[int, str] = {}
    monkeypatch.setattr(selling, "sorted", lambda told, key: told, raising=False)
    monkeypatch.setattr(selling, "find_or_create_recipient", find_and_wait)

    results = at_once(
        [lambda: tell("a@example.com", "b@example.com"), lambda: tell("b@example.com", "a@example.com")]
    )

    assert outcomes(results) == {"won": 1, "OperationalError": 1}
    assert "deadlock" in str(next(each for each in results if isinstance(each, OperationalError)))


# Cancelled, while somebody spends


def test_an_order_is_cancelled_by_one_of_many():
    order, payer = placed(LineTold(quantity=2, amount_cents=500)), an_active_card()
    pay(caller=TEST, amount_cents=300, gift_cards=[payer.pk], order=order)

    results = at_once([lambda: cancel(order)] * SHOPS)

    assert outcomes(results) == {"won": 1, OrderCancelled.__name__: SHOPS - 1}
    assert LedgerEntry.objects.filter(kind="cash_out").count() == 2
    assert GiftCard.objects.get(pk=payer.pk).balance_cents == 10_000


def test_without_the_orders_lock_both_would_cancel_it(monkeypatch):
    order, everybody_has_read = placed(), Barrier(2, timeout=20)

    def read(order_id, caller):
        found = Order.objects.get(pk=order_id)
        everybody_has_read.wait()
        return found

    monkeypatch.setattr(cancelling, "lock_order", read)

    assert outcomes(at_once([lambda: cancel(order)] * 2)) == {"won": 2}
    assert Event.objects.filter(topic="gift_card_orders.cancel").count() == 2


def race_for(use):
    order = placed(LineTold(amount_cents=500))
    card = order.bought_gift_cards.get()
    return at_once([lambda: cancel(order), lambda: use(caller=TEST, card_id=card.pk, amount_cents=100)])


@pytest.mark.parametrize("use", [debit, authorize])
def test_a_bought_card_is_spent_or_taken_back_and_never_both(use):
    for _ in range(5):
        lost = outcomes(race_for(use)) - Counter(won=1)
        assert lost in ({Archived.__name__: 1}, {BoughtCardInUse.__name__: 1})
    assert_ledger_is_true()


def test_without_the_cards_locks_what_was_read_is_past_and_only_the_ledger_would_notice(monkeypatch):
    order = placed(LineTold(amount_cents=500))
    card = order.bought_gift_cards.get()

    def read_and_let_it_be_spent(cards):
        found = list(cards)
        at_once([lambda: debit(caller=TEST, card_id=card.pk, amount_cents=100)])
        return found

    monkeypatch.setattr(cancelling, "lock_cards", read_and_let_it_be_spent)
    monkeypatch.setattr(cancelling, "_spent_of", lambda cards: {})

    with pytest.raises(UnlockedCardError):
        cancel(order)


def test_an_order_is_paid_for_or_cancelled_and_nothing_stays_paid():
    payers = [an_active_card() for _ in range(4)]
    order = placed(LineTold(amount_cents=500))

    def pay_with(payer):
        return pay(caller=TEST, amount_cents=300, gift_cards=[payer.pk], order=order)

    *paid, cancelled = at_once([*(partial(pay_with, payer) for payer in payers), lambda: cancel(order)])

    assert cancelled.status == "cancelled"
    assert outcomes(paid).keys() <= {"won", OrderCancelled.__name__}
    payers_now = GiftCard.objects.filter(pk__in=[payer.pk for payer in payers])
    assert set(payers_now.values_list("balance_cents", flat=True)) == {10_000}
    assert_ledger_is_true()


def test_cancelling_two_orders_with_the_same_cards_makes_nobody_wait_in_a_circle():
    market, cards = a_market(), [an_active_card() for _ in range(4)]
    orders = [placed(market=market) for _ in range(4)]
    for order, named in zip(orders, (cards, cards[::-1], cards, cards[::-1]), strict=True):
        pay(caller=TEST, amount_cents=2_000, gift_cards=[card.pk for card in named], order=order)

    results = at_once([partial(cancel, order) for order in orders])

    assert outcomes(results) == {"won": 4}
    assert set(GiftCard.objects.values_list("balance_cents", flat=True)) == {10_000}
