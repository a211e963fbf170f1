"""release_lapsed_authorizations: tidies up what the clock has decided already, however often it runs."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction

from events.models import Event
from giftcards.management.commands import release_lapsed_authorizations as release_command
from giftcards.models import Authorization, GiftCard
from giftcards.operations import authorize, release_lapsed_authorizations
from giftcards.queries import available_balances
from kernel.clock import database_now
from kernel.refusals import NotFound
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card, as_stored, caller, edit
from tests.fixtures.races import at_once


def hold(card, *, by=TEST):
    return authorize(caller=by, card_id=card.id, amount_cents=1_000)


def lapsed(card, *, by=TEST):
    held = hold(card, by=by)
    past = database_now() - timedelta(seconds=1)
    Authorization.objects.filter(id=held.id).update(expires_at=past)
    return held


def run():
    told = StringIO()
    call_command("release_lapsed_authorizations", stdout=told, stderr=StringIO())
    return told.getvalue().split()[0]


def status_of(held):
    return Authorization.objects.get(id=held.id).status


@pytest.mark.django_db
def test_what_has_lapsed_is_written_down_and_nothing_else():
    card, live, ahead = an_active_card(), an_active_card(by=LIVE), an_active_card()
    over, still_open = [lapsed(card), lapsed(card), lapsed(live, by=LIVE)], hold(card)
    by_its_own_clock = hold(ahead)
    edit(ahead, test_clock_at=by_its_own_clock.expires_at)
    available = available_balances([card.id, live.id, ahead.id])

    assert run() == "4"

    assert {status_of(held) for held in (*over, by_its_own_clock)} == {"expired"}
    assert status_of(still_open) == "open"
    assert GiftCard.objects.get(id=card.id).authorized_cents == 1_000
    assert available_balances([card.id, live.id, ahead.id]) == available


@pytest.mark.django_db
def test_again_there_is_nothing_to_do():
    card = lapsed(an_active_card()).gift_card
    run()
    before = as_stored(card.id)

    assert run() == "0"

    assert as_stored(card.id) == before


@pytest.mark.django_db
def test_each_has_its_event():
    held = lapsed(an_active_card())
    run()

    topics = ("gift_card_authorizations.expire", "gift_cards.expire_authorization")
    events = Event.objects.filter(topic__in=topics)
    assert {(event.subject_id, event.actor_name) for event in events} == {
        (held.id, "expiry"),
        (held.gift_card_id, "expiry"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("by", [LIVE, caller(markets=[])])
def test_a_stranger_finds_no_card(by):
    card = lapsed(an_active_card(market=a_market())).gift_card

    with pytest.raises(NotFound):
        release_lapsed_authorizations(caller=by, card_id=card.id)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_release_each_once():
    cards = [an_active_card() for _ in range(4)]
    for card in cards:
        lapsed(card)
        lapsed(card)

    assert sum(int(released) for released in at_once([run, run])) == 8

    assert Event.objects.filter(topic="gift_card_authorizations.expire").count() == 8
    assert not GiftCard.objects.exclude(authorized_cents=0).exists()


@pytest.mark.django_db(transaction=True)
def test_a_card_in_use_is_passed_over_and_the_others_are_not():
    over = [lapsed(an_active_card()) for _ in range(3)]

    with transaction.atomic():
        GiftCard.objects.select_for_update(no_key=True).get(pk=over[0].gift_card_id)
        (stopped,) = at_once([run])

    assert isinstance(stopped, CommandError)
    assert str(stopped) == "1 cards were in use all the while and are left as they were. Run this again."
    assert [status_of(held) for held in over] == ["open", "expired", "expired"]
    assert run() == "1"


@pytest.mark.django_db
def test_what_is_wrong_with_the_database_is_no_card_in_use(monkeypatch):
    lapsed(an_active_card())

    def fail(**_):
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(release_command, "release_lapsed_authorizations", fail)
    with pytest.raises(OperationalError, match="the connection is lost"):
        run()


@pytest.mark.django_db(transaction=True)
def test_beside_whoever_needs_what_was_held():
    """A debit of everything and the command want the same lock; each finds the other's work done."""
    card = an_active_card()
    lapsed(card)

    held, released = at_once([lambda: authorize(caller=TEST, card_id=card.id, amount_cents=10_000), run])

    assert held.status == "open"
    assert released in {"0", "1"}
    assert GiftCard.objects.get(id=card.id).authorized_cents == 10_000


@pytest.mark.django_db
def test_the_database_itself_keeps_what_is_held_covered():
    card = hold(an_active_card()).gift_card

    for statement in ("balance_cents = 999", "authorized_cents = 10001", "authorized_cents = -1"):
        with (
            pytest.raises(IntegrityError, match="gift_card_holds_at_most_its_balance"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE giftcards_giftcard SET {statement} WHERE id = %s", [card.id])  # noqa: S608
