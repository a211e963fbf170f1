"""A card is valid strictly before `expires_at`, by the database's clock."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from giftcards.exceptions import Expired
from giftcards.expiry import expiry_moment
from giftcards.models import GiftCard
from giftcards.operations import activate, adjust, deactivate, debit, recharge
from kernel.clock import database_now
from kernel.refusals import OPERATION, Invalid
from tests.fixtures.cast import TEST, a_draft, a_market, an_active_card, an_inactive_card, edit
from tests.fixtures.frozen_clock import database_clock_at
from tests.fixtures.refusing import refused

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def spend(card):
    return debit(caller=TEST, card_id=card.id, amount_cents=1)


@pytest.mark.django_db
def test_a_card_can_be_spent_up_to_one_microsecond_before_it_expires():
    card = an_active_card(expires_at=NOON + INSTANT)

    with database_clock_at(NOON):
        assert spend(card).balance_cents == 9_999


@pytest.mark.django_db
@pytest.mark.parametrize("expired_for", [timedelta(0), INSTANT, timedelta(days=400)])
def test_a_card_cannot_be_spent_from_the_moment_it_expires(expired_for):
    card = an_active_card(expires_at=NOON - expired_for)

    with database_clock_at(NOON), refused(Expired, about=OPERATION, error="expired", card=card):
        spend(card)


@pytest.mark.django_db
@pytest.mark.parametrize("skew", [timedelta(hours=2), timedelta(hours=-2), timedelta(days=3650)])
def test_the_clock_of_the_application_does_not_count(skew):
    now = database_now()
    valid, expired = an_active_card(expires_at=now + timedelta(hours=1)), an_active_card(expires_at=now)

    with time_machine.travel(now + skew):
        assert spend(valid).balance_cents == 9_999
        with pytest.raises(Expired):
            spend(expired)


@pytest.mark.django_db
def test_an_expired_card_stays_active_and_comes_back_when_its_date_is_moved():
    card = an_active_card(expires_at=NOON)
    with database_clock_at(NOON):
        with pytest.raises(Expired):
            spend(card)
        card = edit(card, expires_at=NOON + INSTANT)
        assert card.status == "active"
        assert spend(card).balance_cents == 9_999


@pytest.mark.django_db
def test_the_date_moved_beside_a_debit_counts_for_it():
    card = an_active_card(expires_at=database_now())

    assert debit(
        caller=TEST, card_id=card.id, amount_cents=1, changes={"expires_at": None}
    ).balance_cents == (9_999)


@pytest.mark.django_db
def test_everything_but_spending_is_possible_after_expiry():
    card = an_inactive_card(expires_at=database_now())

    activate(caller=TEST, card_id=card.id)
    recharge(caller=TEST, card_id=card.id, amount_cents=1)
    adjust(caller=TEST, card_id=card.id, balance_cents=5)
    assert deactivate(caller=TEST, card_id=card.id).balance_cents == 5


@pytest.mark.django_db
def test_a_date_without_time_ends_in_the_time_zone_of_the_market():
    market = a_market(time_zone="America/New_York")

    card = a_draft(market=market, expires_at=date(2027, 7, 4))

    assert card.expires_at == datetime(2027, 7, 5, 4, tzinfo=UTC)
    assert GiftCard.objects.get(id=card.id).expires_at == card.expires_at


@pytest.mark.django_db
def test_a_date_without_time_ends_in_the_zone_of_the_service_without_a_market(settings):
    settings.GIFTCARDS_TIME_ZONE = "Asia/Tokyo"

    assert a_draft(expires_at=date(2027, 7, 4)).expires_at == datetime(2027, 7, 4, 15, tzinfo=UTC)


@pytest.mark.django_db
def test_a_date_sent_with_another_market_ends_in_that_ones_zone():
    card = a_draft(market=a_market(time_zone="UTC"))
    tokyo = a_market(time_zone="Asia/Tokyo")

    card = edit(card, market=tokyo, expires_at=date(2027, 7, 4))

    assert card.expires_at == datetime(2027, 7, 4, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "last_day", "moment"),
    [
        # Summer time begins and ends during the night that follows the day.
        ("America/New_York", date(2027, 3, 13), datetime(2027, 3, 14, 5, tzinfo=UTC)),
        ("America/New_York", date(2027, 3, 14), datetime(2027, 3, 15, 4, tzinfo=UTC)),
        ("America/New_York", date(2027, 11, 6), datetime(2027, 11, 7, 4, tzinfo=UTC)),
        ("America/New_York", date(2027, 11, 7), datetime(2027, 11, 8, 5, tzinfo=UTC)),
        ("Europe/Berlin", date(2027, 3, 28), datetime(2027, 3, 28, 22, tzinfo=UTC)),
        ("Europe/Berlin", date(2027, 10, 31), datetime(2027, 10, 31, 23, tzinfo=UTC)),
        # Half an hour of summer time.
        ("Australia/Lord_Howe", date(2027, 4, 3), datetime(2027, 4, 3, 13, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2027, 4, 4), datetime(2027, 4, 4, 13, 30, tzinfo=UTC)),
        # Here the clock goes from 23:59 to 01:00: that midnight is skipped, the day ends all the same.
        ("America/Sao_Paulo", date(2018, 11, 3), datetime(2018, 11, 4, 3, tzinfo=UTC)),
        ("Asia/Beirut", date(2022, 3, 26), datetime(2022, 3, 26, 22, tzinfo=UTC)),
        # Here it is 23:00 again at the end of the day: the first midnight is none.
        ("America/Sao_Paulo", date(2018, 2, 17), datetime(2018, 2, 18, 3, tzinfo=UTC)),
        # 30 December was left out altogether.
        ("Pacific/Apia", date(2011, 12, 29), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("Asia/Kathmandu", date(2027, 1, 1), datetime(2027, 1, 1, 18, 15, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_its_local_midnight_across_daylight_saving(zone, last_day, moment):
    assert expiry_moment(last_day, zone) == moment


@given(
    last_day=st.dates(date(2020, 1, 1), date(2037, 12, 30)),
    zone=st.sampled_from(
        [
            "UTC",
            "Europe/Berlin",
            "America/Havana",
            "America/Santiago",
            "Africa/Cairo",
            "Asia/Beirut",
            "Pacific/Chatham",
            "Pacific/Kiritimati",
        ]
    ),
)
def test_a_card_is_valid_on_every_moment_of_its_last_day_and_on_none_of_the_next(last_day, zone):
    moment = expiry_moment(last_day, zone)

    assert moment is not None
    local = ZoneInfo(zone)
    assert (moment - INSTANT).astimezone(local).date() == last_day
    assert moment.astimezone(local).date() == last_day + timedelta(days=1)


def test_a_moment_stays_as_it_is():
    assert expiry_moment(NOON, "Asia/Tokyo") == NOON
    assert expiry_moment(None, "Asia/Tokyo") is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "expires_at",
    [
        date.max,
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_a_date_that_could_not_be_read_again_is_refused(expires_at):
    with refused(Invalid, about="expires_at"):
        a_draft(expires_at=expires_at)


@pytest.mark.django_db
def test_the_last_date_that_can_be_read_again_is_kept():
    card = a_draft(expires_at=datetime.max.replace(tzinfo=UTC))

    assert GiftCard.objects.get(id=card.id).expires_at == datetime.max.replace(tzinfo=UTC)
