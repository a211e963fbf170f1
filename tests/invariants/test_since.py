"""A verification since a moment looks at what is newer, and says that it does."""

from datetime import timedelta

import pytest
from django.core.management import CommandError

from giftcards.models import Verification
from giftcards.operations import authorize, debit, pay
from giftcards.verification.newer import count_newer_cards, newer_cards
from giftcards.verification.payments import payments_to_verify
from giftcards.verification.verdicts import UNDER_WAY
from kernel.clock import database_now
from tests.fixtures.cast import LIVE, TEST, a_draft, an_active_card, edit
from tests.fixtures.proof import verify
from tests.fixtures.tampering import tampered

pytestmark = pytest.mark.django_db

RICHER = "UPDATE giftcards_giftcard SET balance_cents = balance_cents + 1 WHERE id = %(card)s"


def newer(since, at_a_time=500):
    return [list(portion) for portion in newer_cards(since, at_a_time=at_a_time)]


def test_only_what_is_newer_is_looked_at():
    an_active_card()
    old = an_active_card()
    since = database_now()
    spent, made, edited = an_active_card(by=LIVE), a_draft(), edit(old, reference="newer now")
    debit(caller=LIVE, card_id=spent.id, amount_cents=1)

    assert newer(since) == [sorted([spent.id, made.id, edited.id])]
    assert count_newer_cards(since) == 3
    assert f"3 gift cards newer than {since:%Y-%m-%dT%H:%M:%S}" in verify("--since", since.isoformat())


@pytest.mark.parametrize("trace", ["row", "entry", "event"])
def test_each_trace_of_newer_work_is_enough(trace):
    """An entry and an event of today betray a card whose row says that it is old."""
    card = an_active_card()
    long_ago = {"card": card.id, "at": database_now() - timedelta(days=30)}
    since = database_now() - timedelta(days=1)
    old = {
        "row": "UPDATE giftcards_giftcard SET updated_at = %(at)s, created_at = %(at)s WHERE id = %(card)s",
        "entry": "UPDATE giftcards_ledgerentry SET created_at = %(at)s WHERE gift_card_id = %(card)s",
        "event": "UPDATE events_event SET created_at = %(at)s WHERE subject_id = %(card)s",
    }

    with tampered(*((statement, long_ago) for name, statement in old.items() if name != trace)):
        assert newer(since) == [[card.id]]
    with tampered(*((statement, long_ago) for statement in old.values())):
        assert newer(since) == []


@pytest.mark.django_db(transaction=True)
def test_many_come_in_portions_beside_the_transactions_of_each():
    cards = sorted(an_active_card().id for _ in range(3))

    assert newer(database_now() - timedelta(days=1), at_a_time=2) == [cards[:2], cards[2:]]


@pytest.mark.parametrize("trace", ["row", "event"])
def test_a_newer_hold_is_enough(trace):
    card = an_active_card()
    held = authorize(caller=TEST, card_id=card.id, amount_cents=1)
    long_ago = {"card": card.id, "hold": held.id, "at": database_now() - timedelta(days=30)}
    old = {
        "card": "UPDATE giftcards_giftcard SET updated_at = %(at)s WHERE id = %(card)s",
        "entry": "UPDATE giftcards_ledgerentry SET created_at = %(at)s WHERE gift_card_id = %(card)s",
        "its events": "UPDATE events_event SET created_at = %(at)s WHERE subject_id = %(card)s",
        "row": "UPDATE giftcards_authorization SET updated_at = %(at)s WHERE id = %(hold)s",
        "event": "UPDATE events_event SET created_at = %(at)s WHERE subject_id = %(hold)s",
    }

    with tampered(*((statement, long_ago) for name, statement in old.items() if name != trace)):
        assert newer(database_now() - timedelta(days=1)) == [[card.id]]


@pytest.mark.parametrize("trace", ["row", "entries", "event"])
def test_of_a_payment_each_trace_is_enough(trace):
    """And none is too little, as with cards."""
    card = an_active_card()
    payment = pay(caller=TEST, amount_cents=7, gift_cards=[card.id])
    long_ago = {"payment": payment.id, "at": database_now() - timedelta(days=30)}
    old = {
        "row": "UPDATE giftcards_payment SET updated_at = %(at)s, amount_cents = 6 WHERE id = %(payment)s",
        "entries": "UPDATE giftcards_ledgerentry SET created_at = %(at)s WHERE payment_id = %(payment)s",
        "event": "UPDATE events_event SET created_at = %(at)s WHERE subject_id = %(payment)s",
    }
    since = database_now() - timedelta(days=1)

    with tampered(*((statement, long_ago) for name, statement in old.items() if name != trace)):
        assert list(payments_to_verify(since)) == [payment]
    with tampered(*((statement, long_ago) for statement in old.values())):
        assert list(payments_to_verify(since)) == []


def test_a_lie_about_a_newer_payment_is_found():
    since = database_now()
    payment = pay(caller=TEST, amount_cents=7, gift_cards=[an_active_card().id])
    statement = "UPDATE giftcards_payment SET amount_cents = 6 WHERE id = %(payment)s"

    with (
        tampered((statement, {"payment": payment.id})),
        pytest.raises(CommandError, match=f"Payment {payment.id}: it is of 6, its entries took 7"),
    ):
        verify("--since", since.isoformat())


def test_it_cannot_see_that_an_old_card_was_tampered_with():
    """As the help says: a verification of all cards sees it."""
    card = an_active_card()
    since = database_now()

    with tampered((RICHER, {"card": card.id})):
        assert "The ledger is true: 0 gift cards" in verify("--since", since.isoformat())
        with pytest.raises(CommandError, match=str(card.id)):
            verify()


def test_a_lie_among_the_newer_is_found():
    since = database_now()
    card = an_active_card()

    with tampered((RICHER, {"card": card.id})), pytest.raises(CommandError, match=str(card.id)):
        verify("--since", since.isoformat())


def test_an_entry_without_a_card_is_found_among_the_newer():
    since = database_now()
    card = an_active_card()

    with (
        tampered(("DELETE FROM giftcards_giftcard WHERE id = %(card)s", {"card": card.id})),
        pytest.raises(CommandError, match=str(card.id)),
    ):
        verify("--since", since.isoformat())


@pytest.mark.parametrize(
    ("when", "zone", "moment"),
    [
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00+00:00"),
        ("2026-03-29T12:00", "Europe/Berlin", "2026-03-29T10:00:00+00:00"),
        ("2026-03-29T12:00Z", "Europe/Berlin", "2026-03-29T12:00:00+00:00"),
        ("2026-03-29T12:00:00.5+05:30", "UTC", "2026-03-29T06:30:00+00:00"),
    ],
)
def test_a_date_and_a_time_without_a_zone_are_meant_at_home(settings, when, zone, moment):
    settings.GIFTCARDS_TIME_ZONE = zone

    assert f"newer than {moment} verified" in verify("--since", when)


@pytest.mark.parametrize("when", ["", "yesterday", "2026-13-01", "0001-01-01T00:00+14:00", "last week"])
def test_what_is_no_time_is_refused(when):
    with pytest.raises(CommandError, match="--since takes an ISO time, a date or `last`"):
        verify("--since", when)


def test_the_first_since_the_last_is_of_all_cards():
    an_active_card()

    assert verify("--since", "last") == "The ledger is true: 1 gift cards verified.\n"
    assert "newer than" in verify("--since", "last")


def test_the_last_reaches_back_beyond_what_was_under_way():
    verify()
    began = Verification.objects.get().started_at
    verify("--since", "last")

    assert Verification.objects.get(scope="since").since == began - UNDER_WAY


def test_a_verification_that_found_lies_is_no_last():
    verify()
    first = Verification.objects.get().started_at
    Verification.objects.create(scope="full", started_at=database_now(), cards=1, lies=1, first_lie="x")
    verify("--since", "last")

    assert Verification.objects.get(scope="since").since == first - UNDER_WAY


def test_one_since_some_later_moment_leaves_a_gap_and_is_no_last():
    verify()
    first = Verification.objects.get().started_at
    verify("--since", database_now().isoformat())
    verify("--since", "last")

    assert Verification.objects.latest("finished_at").since == first - UNDER_WAY
