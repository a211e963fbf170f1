"""Many callers at one card: each change happens once, in one order. Every race has its control, the same race
with the lock taken out, which must be caught; else the test would be blind."""

from functools import partial
from threading import Barrier

import pytest
from django.db import transaction

from giftcards.models import GiftCard, Kind, LedgerEntry
from giftcards.operations import Occasion, debit, delete_gift_card, locking, posting, purchase, recharge
from giftcards.operations.posting import UnlockedCardError, post
from kernel.clock import database_now
from recipients.models import GiftCardRecipient
from recipients.operations import create_recipient, find_or_create_recipient
from tests.fixtures.cast import TEST, a_draft, an_active_card
from tests.fixtures.races import at_once, outcomes
from tests.invariants.checks import assert_ledger_is_true

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
DEBITS = 25


def spend(card, amount_cents=1):
    return debit(caller=TEST, card_id=card.id, amount_cents=amount_cents)


@pytest.fixture
def unlocked(monkeypatch):
    """The control: cards are read without their lock, and nobody goes on before `readers` have read."""

    def take_lock_out(readers: int) -> None:
        everybody_has_read = Barrier(readers, timeout=20)

        def read(card_id, caller):
            card = GiftCard.objects.visible_to(caller).get(pk=card_id)
            everybody_has_read.wait()
            return card

        monkeypatch.setattr(locking, "lock_card", read)

    return take_lock_out


def test_every_debit_of_sixteen_threads_counts():
    card = an_active_card(balance_cents=100_000)

    def spend_often():
        for _ in range(DEBITS):
            spend(card, 3)

    results = at_once([spend_often] * THREADS)

    assert outcomes(results) == {"won": THREADS}
    stored = GiftCard.objects.get(id=card.id)
    assert stored.balance_cents == 100_000 - 3 * THREADS * DEBITS
    entries = LedgerEntry.objects.filter(gift_card=card).order_by("sequence")
    assert [entry.sequence for entry in entries] == list(range(1, THREADS * DEBITS + 2))
    assert_ledger_is_true()


def test_along_a_chain_time_never_runs_backwards():
    """The transactions begin at once and wait for each other: only the clock at the lock is in order."""
    card = an_active_card()

    assert outcomes(at_once([lambda: spend(card)] * THREADS)) == {"won": THREADS}

    times = list(card.ledger_entries.order_by("sequence").values_list("created_at", flat=True))
    assert times == sorted(set(times))


def times_when_the_later_poster_began_first(card):
    with transaction.atomic():
        database_now()  # this transaction has begun
        at_once([lambda: spend(card)])
        spend(card)
    return list(card.ledger_entries.order_by("sequence").values_list("created_at", flat=True))


def test_an_entry_has_the_time_of_its_posting_not_of_its_transaction():
    times = times_when_the_later_poster_began_first(an_active_card())

    assert times == sorted(set(times))


def test_the_time_of_the_transaction_would_run_backwards(monkeypatch):
    statement = posting._statement().replace("clock_timestamp()", "now()")
    monkeypatch.setattr(posting, "_statement", lambda: statement)

    times = times_when_the_later_poster_began_first(an_active_card())

    assert times != sorted(times)


def test_without_the_lock_debits_at_once_are_caught(unlocked):
    card = an_active_card(balance_cents=100_000)
    unlocked(readers=THREADS)

    results = at_once([lambda: spend(card, 3)] * THREADS)

    assert outcomes(results) == {"won": 1, "UnlockedCardError": THREADS - 1}
    assert GiftCard.objects.get(id=card.id).balance_cents == 100_000 - 3
    assert_ledger_is_true()


def test_of_twenty_debits_of_the_whole_balance_exactly_one_wins():
    card = an_active_card(balance_cents=5_000)

    results = at_once([lambda: spend(card, 5_000)] * 20)

    assert outcomes(results) == {"won": 1, "InsufficientBalance": 19}
    assert GiftCard.objects.get(id=card.id).balance_cents == 0


def test_a_single_use_card_is_used_once_by_twenty():
    card = an_active_card(single_use=True)

    assert outcomes(at_once([lambda: spend(card)] * 20)) == {"won": 1, "InvalidTransition": 19}


def test_without_the_lock_debits_of_the_whole_balance_are_caught(unlocked):
    card = an_active_card(balance_cents=5_000)
    unlocked(readers=20)

    results = at_once([lambda: spend(card, 5_000)] * 20)

    assert outcomes(results) == {"won": 1, "UnlockedCardError": 19}
    assert_ledger_is_true()


def test_a_draft_is_bought_once_by_ten():
    card = a_draft()

    results = at_once([lambda: purchase(caller=TEST, card_id=card.id)] * 10)

    assert outcomes(results) == {"won": 1, "InvalidTransition": 9}
    assert card.ledger_entries.count() == 1


def test_without_the_lock_a_second_purchase_is_caught(unlocked):
    card = a_draft()
    unlocked(readers=10)

    results = at_once([lambda: purchase(caller=TEST, card_id=card.id)] * 10)

    assert outcomes(results) == {"won": 1, "UnlockedCardError": 9}
    assert card.ledger_entries.count() == 1


def test_a_draft_is_either_bought_or_deleted():
    for _ in range(5):
        card = a_draft()

        bought, deleted = at_once(
            [
                partial(purchase, caller=TEST, card_id=card.id),
                partial(delete_gift_card, caller=TEST, card_id=card.id),
            ]
        )

        assert type(deleted if isinstance(bought, GiftCard) else bought).__name__ in {"InUse", "NotFound"}
        assert GiftCard.objects.filter(id=card.id).exists() is isinstance(bought, GiftCard)


def test_a_maximum_holds_against_recharges_at_once():
    card = an_active_card(balance_cents=0, balance_max_cents=1_000)

    results = at_once([lambda: recharge(caller=TEST, card_id=card.id, amount_cents=300)] * 10)

    assert outcomes(results) == {"won": 3, "AboveMaximumBalance": 7}


def test_money_neither_appears_nor_vanishes_between_debits_and_recharges():
    card = an_active_card(balance_cents=0)

    def earn():
        recharge(caller=TEST, card_id=card.id, amount_cents=7)

    results = at_once([earn, lambda: spend(card, 7)] * 10)

    spent = outcomes(results[1::2])["won"]
    assert outcomes(results[::2]) == {"won": 10}
    assert GiftCard.objects.get(id=card.id).balance_cents == 7 * (10 - spent)


def test_a_transaction_that_read_before_another_posted_cannot_post():
    card = an_active_card()
    stale = GiftCard.objects.get(id=card.id)
    spend(card)

    with pytest.raises(UnlockedCardError, match="has moved past entry 1"), transaction.atomic():
        post(stale, kind=Kind.DEBIT, amount_cents=-1, caller=TEST, occasion=Occasion())


def test_twenty_cards_for_one_new_address_share_its_recipient():
    results = at_once([lambda: a_draft(recipient_email="Anna@example.com")] * 20)

    assert outcomes(results) == {"won": 20}
    recipient = GiftCardRecipient.objects.get()
    assert {card.gift_card_recipient_id for card in results} == {recipient.id}


def test_finding_or_creating_an_address_twenty_times_creates_it_once():
    spellings = [("anna@example.com", "ANNA@EXAMPLE.COM")[number % 2] for number in range(20)]

    results = at_once([partial(find_or_create_recipient, email=email, caller=TEST) for email in spellings])

    assert {recipient.id for recipient in results} == {GiftCardRecipient.objects.get().id}


def test_looking_and_then_creating_is_caught():
    """The control: a creation that only looks first is refused by the unique index, or by its own look."""
    results = at_once([lambda: create_recipient(caller=TEST, email="anna@example.com")] * 20)

    refused = outcomes(results)
    assert refused.pop("won") == 1
    assert set(refused) <= {"Invalid", "Conflict"}
    assert sum(refused.values()) == 19


def test_one_code_is_given_to_one_card():
    results = at_once([lambda: a_draft(code="ONE-OF-A-KIND")] * 10)

    assert outcomes(results) == {"won": 1, "CodeTaken": 9}
