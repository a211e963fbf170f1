"""Many callers at one card: each change happens once, in one order. Every race has its control, the same race
with the lock taken out, which must be caught; else the test would be blind."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Final

import pytest
from django.db import IntegrityError, transaction

from giftcards.models import GiftCard, Kind, LedgerEntry
from giftcards.operations import (
    GiftCardChanges,
    Occasion,
    archive,
    authorize,
    deactivate,
    debit,
    delete_gift_card,
    locking,
    posting,
    purchase,
    recharge,
)
from giftcards.operations.locking import OpenCard
from giftcards.operations.posting import UnlockedCardError, post
from kernel.clock import database_now
from recipients.models import GiftCardRecipient
from recipients.operations import create_recipient, find_or_create_recipient
from tests.fixtures.cast import TEST, a_draft, a_market, an_active_card, caller, disabled, edit
from tests.fixtures.locks import until_someone_waits_for_us
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


@pytest.fixture
def instead_of(monkeypatch):
    """The control: the posting statement with something else in it."""

    def put(right, wrong):
        true = posting._statement

        def statement(kind, verb):
            assert right in true(kind, verb)
            return true(kind, verb).replace(right, wrong)

        monkeypatch.setattr(posting, "_statement", statement)

    return put


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


def after_a_wait(card, meanwhile, *waiting):
    """What each of `waiting` comes to; all began before `meanwhile` was done under the card's lock."""
    with ThreadPoolExecutor(len(waiting)) as threads:
        with transaction.atomic():
            GiftCard.objects.select_for_update(no_key=True).get(pk=card.pk)
            others = [threads.submit(at_once, [each]) for each in waiting]
            until_someone_waits_for_us(how_many=len(waiting))
            meanwhile()
        return [result for other in others for result in other.result()]


def times_when_others_waited(card):
    after_a_wait(card, lambda: spend(card), *[lambda: spend(card)] * 3)
    return list(card.ledger_entries.order_by("sequence").values_list("created_at", flat=True))


def test_an_entry_has_the_time_after_its_wait_for_the_lock():
    card = an_active_card()

    times = times_when_others_waited(card)

    assert len(times) == 5
    assert times == sorted(set(times))
    assert GiftCard.objects.get(pk=card.pk).balance_cents == 10_000 - 4


def test_the_time_before_the_wait_would_run_backwards(instead_of):
    instead_of("clock_timestamp()", "statement_timestamp()")

    times = times_when_others_waited(an_active_card())

    assert times != sorted(times)


def test_whoever_waited_goes_by_what_was_done_meanwhile():
    card = an_active_card(balance_cents=10)

    results = after_a_wait(
        card, lambda: recharge(caller=TEST, card_id=card.pk, amount_cents=90), lambda: spend(card, 100)
    )

    assert outcomes(results) == {"won": 1}
    assert GiftCard.objects.get(pk=card.pk).balance_cents == 0


@pytest.mark.parametrize(
    ("meanwhile", "refusal"),
    [
        (lambda card: archive(caller=TEST, card_id=card.pk), "Archived"),
        (lambda card: deactivate(caller=TEST, card_id=card.pk), "InvalidTransition"),
        (lambda card: edit(card, expires_at=database_now()), "Expired"),
        (lambda card: edit(card, market=a_market(name="Rome")), "NotFound"),
        (lambda card: authorize(caller=TEST, card_id=card.pk, amount_cents=10_000), "InsufficientBalance"),
        (lambda card: disabled(card.market), "MarketDisabled"),
    ],
)
def test_whoever_waited_is_refused_for_what_was_done_meanwhile(meanwhile, refusal):
    market = a_market()
    card, reach = an_active_card(market=market), caller(markets=[market])

    results = after_a_wait(
        card, lambda: meanwhile(card), lambda: debit(caller=reach, card_id=card.pk, amount_cents=1)
    )

    assert outcomes(results) == {refusal: 1}


AS_THE_STATEMENT_SEES: Final = """LATERAL (
    SELECT (SELECT 1 + coalesce(max(sequence), 0) FROM events_event WHERE subject_id = locked.id)
        AS event_sequence,
    NOT EXISTS (SELECT FROM markets_market WHERE id = locked.market_id AND disabled_at IS NOT NULL)
        AS market_is_enabled, true AS market_keeps_remainder
) AS seen"""


def test_what_the_statement_itself_sees_is_from_before_the_wait(instead_of):
    """The control: without the function, events would get numbers again, and disabled markets be spent in."""
    instead_of("giftcards_seen_under_lock(locked.id, locked.market_id) AS seen", AS_THE_STATEMENT_SEES)
    market = a_market()
    card, other = an_active_card(), an_active_card(market=market)

    results = after_a_wait(card, lambda: spend(card), lambda: spend(card))
    spent = after_a_wait(other, lambda: disabled(market), lambda: spend(other))

    assert [str(error) for error in results if "event_sequence_is_unique" in str(error)]
    assert outcomes(spent) == {"won": 1}


def test_an_entry_has_the_time_of_its_posting_not_of_its_transaction():
    times = times_when_the_later_poster_began_first(an_active_card())

    assert times == sorted(set(times))


def test_the_time_of_the_transaction_would_run_backwards(instead_of):
    instead_of("clock_timestamp()", "now()")

    times = times_when_the_later_poster_began_first(an_active_card())

    assert times != sorted(times)


def spend_and_note(card, amount_cents=1):
    """A debit that does not come alone, and so locks the card before it posts."""
    changes: GiftCardChanges = {"metadata": {"spent": amount_cents}}
    return debit(caller=TEST, card_id=card.id, amount_cents=amount_cents, changes=changes)


def test_without_its_lock_the_statement_is_caught(instead_of):
    """Each posts from the balance that it saw when it began; the second of equal numbers is refused."""
    instead_of("FOR NO KEY UPDATE", "")
    card = an_active_card(balance_cents=100_000)

    results = at_once([lambda: [spend(card, 3) for _ in range(DEBITS)]] * THREADS)

    lost = [error for error in results if isinstance(error, IntegrityError)]
    assert lost
    numbers = ("ledger_sequence_is_unique_per_card", "event_sequence_is_unique")
    assert all(any(number in str(error) for number in numbers) for error in lost)
    assert_ledger_is_true()


def test_without_the_lock_debits_at_once_are_caught(unlocked):
    card = an_active_card(balance_cents=100_000)
    unlocked(readers=THREADS)

    results = at_once([lambda: spend_and_note(card, 3)] * THREADS)

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

    results = at_once([lambda: spend_and_note(card, 5_000)] * 20)

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

    # A second event of the same number or, once the first is committed, a card that has moved.
    caught = outcomes(results)
    assert caught["won"] == 1
    assert caught["IntegrityError"] + caught["UnlockedCardError"] == 9
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
        post(OpenCard(stale, []), kind=Kind.DEBIT, amount_cents=-1, caller=TEST, occasion=Occasion())


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
