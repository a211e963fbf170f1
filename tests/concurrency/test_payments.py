"""Payments over the same cards at the same moment: nobody waits in a circle, and no cent is paid twice."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import permutations
from threading import Barrier
from typing import Any

import httpx
import pytest
from django.db import OperationalError, transaction
from django.db.models import Sum

from giftcards.models import GiftCard, Kind, LedgerEntry, Payment
from giftcards.operations import (
    authorize,
    capture,
    deactivate,
    debit,
    pay,
    paying,
    refund,
    refund_payment,
)
from giftcards.operations.locking import lock_cards
from kernel.refusals import Invalid, NotFound
from kernel.secret import Secret
from tests.concurrency.crowd import all_at_once, assert_ledger_is_true
from tests.fixtures.cast import TEST, a_market, an_active_card, caller, disabled, edit
from tests.fixtures.locks import until_someone_waits_for_us
from tests.fixtures.races import at_once, outcomes
from tests.server import Api, Server, a_key

pytestmark = pytest.mark.django_db(transaction=True)


def pay_with(cards: Sequence[GiftCard], amount_cents: int, **more: Any) -> Payment:
    return pay(caller=TEST, amount_cents=amount_cents, gift_cards=[card.id for card in cards], **more)


def spent_of(cards: Sequence[GiftCard], *kinds: Kind) -> int:
    entries = LedgerEntry.objects.filter(gift_card__in=cards, kind__in=kinds or [Kind.DEBIT])
    return -(entries.aggregate(spent=Sum("amount_cents"))["spent"] or 0)


def balances_of(cards: Sequence[GiftCard]) -> list[int]:
    by_key = GiftCard.objects.in_bulk([card.pk for card in cards])
    return [by_key[card.pk].balance_cents for card in cards]


def lock_as_named(holding: Barrier) -> Callable[..., list[GiftCard]]:
    """The control: one card after the other as they were named, and everybody has one before anybody goes
    for the next."""

    def lock(gift_cards: Sequence[Any], codes: object, caller: object) -> list[GiftCard]:
        locked = []
        for key in gift_cards:
            locked.append(GiftCard.objects.select_for_update(no_key=True).get(pk=key))
            if len(locked) == 1:
                holding.wait()
        return sorted(locked, key=lambda card: card.pk)

    return lock


# The order of the locks


def test_payments_over_the_same_cards_in_every_order_all_succeed():
    cards = [an_active_card(balance_cents=100_000) for _ in range(3)]
    orders = [*permutations(cards), *permutations(cards)]

    def pay_often(order: Sequence[GiftCard]) -> None:
        for _ in range(10):
            pay_with(order, 1_000)

    results = at_once([partial(pay_often, order) for order in orders])

    assert outcomes(results) == {"won": len(orders)}
    assert Payment.objects.count() == 10 * len(orders)
    assert sum(balances_of(cards)) == 300_000 - 1_000 * 10 * len(orders)
    assert_ledger_is_true()


def test_no_client_of_the_real_server_is_told_of_a_deadlock(server: Server):
    cards = [an_active_card(balance_cents=100_000) for _ in range(3)]

    def pay_often(order: Sequence[GiftCard], caller: Api) -> Counter[int]:
        return Counter(pay_over_http(caller, order, 1_000).status_code for _ in range(8))

    orders = [*permutations(cards), *permutations(cards)]
    statuses = all_at_once(server, a_key(), [partial(pay_often, order) for order in orders])

    assert sum(statuses, Counter()) == {201: 8 * len(orders)}
    assert sum(balances_of(cards)) == 300_000 - 1_000 * 8 * len(orders)
    assert_ledger_is_true()


def pay_over_http(caller: Api, cards: Sequence[GiftCard], amount_cents: int) -> httpx.Response:
    linkage = [{"type": "gift_cards", "id": str(card.pk)} for card in cards]
    data = {
        "type": "gift_card_payments",
        "attributes": {"amount_cents": amount_cents},
        "relationships": {"gift_cards": {"data": linkage}},
    }
    return caller.post("/gift_card_payments", content=json.dumps({"data": data}))


def test_locks_in_the_order_of_naming_would_deadlock(monkeypatch):
    one, other = an_active_card(), an_active_card()
    monkeypatch.setattr(paying, "_lock_named", lock_as_named(Barrier(2, timeout=20)))

    results = at_once([lambda: pay_with([one, other], 15_000), lambda: pay_with([other, one], 15_000)])

    deadlocked = [result for result in results if isinstance(result, OperationalError)]
    assert len(deadlocked) == 1
    assert "deadlock" in str(deadlocked[0])


@pytest.fixture
def of_two_cards_the_second_is_free():
    """Whether somebody who waits for the card with the lower key has not locked the other yet."""

    def look() -> bool:
        cards = sorted([an_active_card(), an_active_card()], key=lambda card: card.pk)
        free: list[bool] = []

        def hold_the_first() -> None:
            with transaction.atomic():
                lock_cards(GiftCard.objects.filter(pk=cards[0].pk))
                first_is_held.wait()
                until_someone_waits_for_us()
                second = GiftCard.objects.select_for_update(no_key=True, skip_locked=True)
                free.append(second.filter(pk=cards[1].pk).exists())

        def pay_in_the_other_order() -> None:
            first_is_held.wait()
            pay_with(list(reversed(cards)), 15_000)

        first_is_held = Barrier(2, timeout=20)
        assert outcomes(at_once([hold_the_first, pay_in_the_other_order])) == {"won": 2}
        return free == [True]

    return look


def test_the_card_with_the_lowest_key_is_locked_first(of_two_cards_the_second_is_free):
    assert of_two_cards_the_second_is_free()


def test_another_order_would_be_noticed(of_two_cards_the_second_is_free, monkeypatch):
    def lock_backwards(cards: Any) -> list[GiftCard]:
        return sorted(cards.select_for_update(no_key=True).order_by("-pk"), key=lambda card: card.pk)

    monkeypatch.setattr(paying, "lock_cards", lock_backwards)

    assert not of_two_cards_the_second_is_free()


# One balance, many who want it


def test_six_payments_of_a_card_of_3000_spend_at_most_that():
    card = an_active_card(balance_cents=3_000)

    results = at_once([lambda: pay_with([card], 700)] * 6)

    assert outcomes(results) == {"won": 4, "InsufficientBalance": 2}
    assert (spent_of([card]), balances_of([card])) == (2_800, [200])
    assert_ledger_is_true()


def test_six_payments_in_part_spend_exactly_all_of_it():
    card = an_active_card(balance_cents=3_000)

    results = at_once([lambda: pay_with([card], 700, partial=True)] * 6)

    assert outcomes(results) == {"won": 5, "InsufficientBalance": 1}
    assert (spent_of([card]), balances_of([card])) == (3_000, [0])
    assert_ledger_is_true()


def test_without_the_lock_they_are_caught(monkeypatch):
    card = an_active_card(balance_cents=3_000)
    everybody_has_read = Barrier(6, timeout=20)

    def read(cards: Any) -> list[GiftCard]:
        found = list(cards.order_by("pk"))
        everybody_has_read.wait()
        return found

    monkeypatch.setattr(paying, "lock_cards", read)

    results = at_once([lambda: pay_with([card], 700)] * 6)

    assert outcomes(results) == {"won": 1, "UnlockedCardError": 5}
    assert_ledger_is_true()


def test_a_single_use_card_pays_once_whatever_else_pays_beside_it():
    single = an_active_card(single_use=True, balance_cents=500)
    others = [an_active_card() for _ in range(6)]

    results = at_once([partial(pay_with, [single, other], 1_000) for other in others])

    assert outcomes(results) == {"won": 1, "Invalid": 5}
    assert spent_of([single]) == 500
    assert_ledger_is_true()


def test_payments_beside_debits_and_holds_of_the_same_cards():
    """The end is what the successes say, whatever their order was."""
    cards = [an_active_card(balance_cents=4_000) for _ in range(3)]

    def debit_one(card: GiftCard) -> int:
        debit(caller=TEST, card_id=card.id, amount_cents=350)
        return 350

    def hold_and_capture(card: GiftCard) -> int:
        held = authorize(caller=TEST, card_id=card.id, amount_cents=450)
        return capture(caller=TEST, authorization_id=held.id, amount_cents=300).captured_amount_cents

    def pay_all(order: Sequence[GiftCard]) -> int:
        return pay_with(order, 1_300).amount_cents

    actions: list[Callable[[], int]] = []
    for place, card in enumerate(cards):
        order = cards[place:] + cards[:place]
        actions += [
            partial(pay_all, order),
            partial(pay_all, order[::-1]),
            partial(debit_one, card),
            partial(hold_and_capture, card),
        ]

    results = at_once(actions * 2)

    assert outcomes(results).keys() <= {"won", "InsufficientBalance"}
    spent = sum(result for result in results if isinstance(result, int))
    assert spent > 0
    assert spent_of(cards, Kind.DEBIT, Kind.CAPTURE) == spent
    assert sum(balances_of(cards)) == 12_000 - spent
    assert_ledger_is_true()


def move_into_a_market_that_is_closed(card: GiftCard) -> None:
    market = a_market()
    edit(card, market=market)
    disabled(market)


@pytest.mark.parametrize(
    "change",
    [
        lambda card: deactivate(caller=TEST, card_id=card.id),
        lambda card: edit(card, expires_at=datetime(2020, 1, 1, tzinfo=UTC)),
        lambda card: debit(caller=TEST, card_id=card.id, amount_cents=card.balance_cents),
        move_into_a_market_that_is_closed,
    ],
    ids=["switched off", "expired", "spent", "in a closed market"],
)
@pytest.mark.parametrize("naming", ["codes", "gift_cards"])
def test_what_happens_to_a_card_while_a_payment_waits_for_it_counts(
    change: Callable[[GiftCard], object], naming: str
):
    card = an_active_card(code="CODE-THAT-PAYS")
    named: Any = {"codes": [Secret("CODE-THAT-PAYS")], "gift_cards": [card.id]}[naming]
    locked = Barrier(2, timeout=20)

    def change_while_it_waits() -> None:
        with transaction.atomic():
            change(card)
            locked.wait()
            until_someone_waits_for_us()

    def pay_with_it() -> Payment:
        locked.wait()
        return pay(caller=TEST, amount_cents=10_000, **{naming: named})

    changed, refused = at_once([change_while_it_waits, pay_with_it])

    assert changed is None
    assert isinstance(refused, Invalid), refused
    assert not Payment.objects.exists()
    assert_ledger_is_true()


# The way back


def test_what_was_paid_is_given_back_once():
    cards = [an_active_card(balance_cents=500), an_active_card(balance_cents=600)]
    payment = pay_with(cards, 1_100)
    first, last = LedgerEntry.objects.filter(payment=payment).order_by("created_at")

    def give_it_all_back() -> object:
        return refund_payment(caller=TEST, payment_id=payment.id)

    def give_one_back() -> object:
        return refund(caller=TEST, transaction_id=last.id)

    results = at_once([give_it_all_back, give_one_back] * 4)

    assert outcomes(results).keys() <= {"won", "AboveRefundable"}
    assert balances_of(cards) == [500, 600]
    assert spent_of(cards, Kind.REFUND) == -1_100
    assert first.refunds.count() == last.refunds.count() == 1
    assert_ledger_is_true()


def test_a_card_that_leaves_the_callers_reach_while_its_refund_waits_takes_the_payment_along():
    here, there = a_market(), a_market(name="Paris")
    card = an_active_card(market=here)
    payment = pay_with([card], 1_000)
    locked = Barrier(2, timeout=20)

    def move_while_it_waits() -> None:
        with transaction.atomic():
            edit(card, market=there)
            locked.wait()
            until_someone_waits_for_us()

    def give_back() -> Payment:
        locked.wait()
        return refund_payment(caller=caller(markets=[here]), payment_id=payment.id)

    moved, refused = at_once([move_while_it_waits, give_back])

    assert moved is None
    assert isinstance(refused, NotFound), refused
    assert balances_of([card]) == [9_000]


def test_refunds_and_payments_of_the_same_cards_do_not_wait_in_a_circle():
    cards = [an_active_card(balance_cents=100_000) for _ in range(3)]
    payments = [pay_with(cards, 120_000), pay_with(cards, 60_000)]

    def give_back(payment: Payment) -> None:
        for _ in range(10):
            refund_payment(caller=TEST, payment_id=payment.id, amount_cents=100)

    def pay_often(order: Sequence[GiftCard]) -> None:
        for _ in range(10):
            pay_with(order, 100)

    results = at_once(
        [
            *(partial(give_back, payment) for payment in payments * 2),
            *(partial(pay_often, order) for order in permutations(cards)),
        ]
    )

    assert outcomes(results) == {"won": 10}
    assert sum(balances_of(cards)) == 120_000 + 4 * 10 * 100 - 6 * 10 * 100
    assert_ledger_is_true()
