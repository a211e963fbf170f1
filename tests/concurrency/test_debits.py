"""Money under contention, through real server processes: no cent is lost, doubled or invented."""

from collections import Counter
from uuid import UUID

import httpx
import pytest

from giftcards.models import GiftCard, Kind, LedgerEntry
from tests.concurrency.crowd import all_at_once, assert_ledger_is_true
from tests.fixtures.cast import an_active_card
from tests.server import Api, Server, a_key

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
FACE_VALUE = 1_000_000


def change(caller: Api, card_id: UUID, cents: int) -> httpx.Response:
    """Asks for little back: reading a hundred changes for every answer would only take time."""
    caller.params = httpx.QueryParams({"fields[gift_cards]": "balance_cents"})
    return caller.trigger(card_id, _balance_change_cents=cents)


def spend_all_at_once(server: Server, card_id: UUID, *, debits: int) -> Counter[int]:
    """Each thread debits 1 cent, 2 cents, 3 cents …; returns how many answers had which status."""

    def spend(caller: Api) -> Counter[int]:
        answers = (change(caller, card_id, -cents) for cents in range(1, debits + 1))
        return Counter(answer.status_code for answer in answers)

    return sum(all_at_once(server, a_key(), [spend] * THREADS), Counter())


def assert_every_debit_counts_once(card_id: UUID, statuses: Counter[int], *, debits: int) -> None:
    assert statuses == {200: THREADS * debits}
    entries = LedgerEntry.objects.filter(gift_card_id=card_id, kind=Kind.DEBIT)
    amounts = Counter(entries.values_list("amount_cents", flat=True))
    assert amounts == {-cents: THREADS for cents in range(1, debits + 1)}
    spent = THREADS * debits * (debits + 1) // 2
    assert GiftCard.objects.get(pk=card_id).balance_cents == FACE_VALUE - spent
    assert_ledger_is_true()


def test_1600_debits_by_16_threads_all_succeed_and_the_sum_is_exact(server: Server):
    card = an_active_card(balance_cents=FACE_VALUE)

    statuses = spend_all_at_once(server, card.id, debits=100)

    assert_every_debit_counts_once(card.id, statuses, debits=100)


def test_the_same_debits_without_the_lock_are_caught(server_without_lock: Server):
    card = an_active_card(balance_cents=FACE_VALUE)

    statuses = spend_all_at_once(server_without_lock, card.id, debits=10)

    with pytest.raises(AssertionError):
        assert_every_debit_counts_once(card.id, statuses, debits=10)
    assert_ledger_is_true()  # the ledger's own guard refused what the lock would have put in order


def test_of_50_debits_of_the_whole_balance_exactly_one_succeeds(server: Server):
    card = an_active_card(balance_cents=5000)

    answers = all_at_once(server, a_key(), [lambda caller: change(caller, card.id, -5000)] * 50)

    assert Counter(answer.status_code for answer in answers) == {200: 1, 422: 49}
    refusals = [answer.json()["errors"] for answer in answers if answer.status_code == 422]
    assert {(error["code"], error["meta"]["error"]) for (error,) in refusals} == {
        ("VALIDATION_ERROR", "insufficient_balance")
    }
    assert GiftCard.objects.get(pk=card.id).balance_cents == 0
    assert_ledger_is_true()


def test_debits_and_recharges_at_the_same_time_add_up(server: Server):
    card = an_active_card(balance_cents=FACE_VALUE)

    def move(cents: int):
        return lambda caller: [change(caller, card.id, cents).status_code for _ in range(10)]

    statuses = all_at_once(server, a_key(), [move(-300), move(+100), move(-50), move(+7)] * 4)

    assert Counter(status for each in statuses for status in each) == {200: 160}
    assert GiftCard.objects.get(pk=card.id).balance_cents == FACE_VALUE + 40 * (-300 + 100 - 50 + 7)
    assert_ledger_is_true()
