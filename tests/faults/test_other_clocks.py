"""Only the database's clock decides: a server whose own is two hours off holds, captures and lets lapse like
any other, and so does one where nobody has written down for days what has lapsed."""

from datetime import timedelta

import pytest
import time_machine

from giftcards.exceptions import AuthorizationResolved
from giftcards.models import Authorization
from giftcards.operations import adjust, authorize, capture, debit, pay, release_lapsed_authorizations
from giftcards.queries import available_balances
from kernel.clock import database_now
from tests.fixtures.cast import TEST, an_active_card
from tests.fixtures.frozen_clock import database_clock_at

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
SKEWS = pytest.mark.parametrize("skew", [2 * HOUR, -2 * HOUR], ids=["ahead", "behind"])


def hold(card, *, until):
    return authorize(caller=TEST, card_id=card.id, amount_cents=10_000, expires_at=until)


@SKEWS
def test_a_hold_of_an_hour_lasts_an_hour_by_the_database(skew):
    now, card = database_now(), an_active_card()

    with time_machine.travel(now + skew):
        held = hold(card, until=now + HOUR)
        assert available_balances([card.id]) == {card.id: 0}
        assert capture(caller=TEST, authorization_id=held.id).status == "captured"


@SKEWS
def test_a_hold_that_is_over_is_over_for_every_server(skew):
    now, card = database_now(), an_active_card()
    held = hold(card, until=now + HOUR)

    with database_clock_at(now + HOUR), time_machine.travel(now + skew):
        with pytest.raises(AuthorizationResolved):
            capture(caller=TEST, authorization_id=held.id)
        assert available_balances([card.id]) == {card.id: 10_000}


@SKEWS
def test_a_hold_without_an_end_of_its_own_ends_by_the_database_too(skew, settings):
    card = an_active_card()

    with time_machine.travel(database_now() + skew):
        held = hold(card, until=None)

    off = held.expires_at - database_now() - timedelta(days=settings.GIFTCARDS_AUTHORIZATION_DAYS)
    assert abs(off) < timedelta(minutes=1)


SPENDING_ALL = {
    "debit": lambda card: debit(caller=TEST, card_id=card.id, amount_cents=10_000),
    "pay": lambda card: pay(caller=TEST, gift_cards=[card.id], amount_cents=10_000),
    "authorize": lambda card: authorize(caller=TEST, card_id=card.id, amount_cents=10_000),
    "adjust": lambda card: adjust(caller=TEST, card_id=card.id, balance_cents=0),
}


@pytest.mark.parametrize("swept", [False, True], ids=["nobody swept", "swept"])
@pytest.mark.parametrize("how", SPENDING_ALL)
def test_what_lapsed_days_ago_can_be_spent_whether_somebody_swept_or_not(how, swept):
    now, card = database_now(), an_active_card()
    held = hold(card, until=now + HOUR)

    with database_clock_at(now + timedelta(days=3)):
        if swept:
            assert release_lapsed_authorizations(caller=TEST, card_id=card.id) == 1
        assert available_balances([card.id]) == {card.id: 10_000}
        SPENDING_ALL[how](card)

    assert Authorization.objects.get(pk=held.pk).status == "expired"
