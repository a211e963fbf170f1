"""How long a card is valid is for its market to say: by default, at least, or not at all."""

from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giftcards.exceptions import ExpiryNotAllowed, TooShortValidity
from giftcards.expiry import earliest_end, end_of_validity
from giftcards.models import GiftCard
from giftcards.operations import GiftCardChanges, purchase
from kernel.refusals import Invalid
from markets.operations import update_market
from tests.fixtures.cast import TEST, a_draft, a_market, an_inactive_card, edit, last_event
from tests.fixtures.client import api_client
from tests.fixtures.frozen_clock import database_clock_at
from tests.fixtures.refusing import refused

ISSUED = datetime(2026, 7, 15, 10, 30, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
FOREVER = datetime(2199, 1, 1, tzinfo=UTC)


def bought(draft, **changes):
    return purchase(caller=TEST, card_id=draft.id, changes=cast(GiftCardChanges, changes))


# --- Counting months


@pytest.mark.parametrize(
    ("issued_at", "months", "zone", "end"),
    [
        (ISSUED, 12, "UTC", datetime(2027, 7, 16, tzinfo=UTC)),
        # Which day it is, the market's time zone says.
        (datetime(2026, 7, 15, 23, tzinfo=UTC), 1, "Asia/Tokyo", datetime(2026, 8, 16, 15, tzinfo=UTC)),
        (datetime(2026, 7, 15, 3, tzinfo=UTC), 1, "America/New_York", datetime(2026, 8, 15, 4, tzinfo=UTC)),
        # Months that are too short, leap years.
        (datetime(2027, 1, 31, tzinfo=UTC), 1, "UTC", datetime(2027, 3, 1, tzinfo=UTC)),
        (datetime(2028, 1, 31, tzinfo=UTC), 1, "UTC", datetime(2028, 3, 1, tzinfo=UTC)),
        (datetime(2028, 1, 30, tzinfo=UTC), 1, "UTC", datetime(2028, 3, 1, tzinfo=UTC)),
        (datetime(2028, 1, 28, tzinfo=UTC), 1, "UTC", datetime(2028, 2, 29, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), 12, "UTC", datetime(2029, 3, 1, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), 48, "UTC", datetime(2032, 3, 1, tzinfo=UTC)),
        (datetime(2027, 12, 31, 12, tzinfo=UTC), 2, "UTC", datetime(2028, 3, 1, tzinfo=UTC)),
        (datetime(2027, 12, 1, tzinfo=UTC), 1, "UTC", datetime(2028, 1, 2, tzinfo=UTC)),
        # Bought in winter, ending in summer, and on the days when the clocks change.
        (datetime(2027, 1, 15, 12, tzinfo=UTC), 6, "Europe/Berlin", datetime(2027, 7, 15, 22, tzinfo=UTC)),
        (datetime(2027, 2, 28, 12, tzinfo=UTC), 1, "Europe/Berlin", datetime(2027, 3, 28, 22, tzinfo=UTC)),
        (
            datetime(2027, 10, 14, 12, tzinfo=UTC),
            5,
            "America/New_York",
            datetime(2028, 3, 15, 4, tzinfo=UTC),
        ),
        (datetime(2018, 10, 3, 12, tzinfo=UTC), 1, "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
        # The day that Samoa left out.
        (datetime(2011, 11, 30, 1, tzinfo=UTC), 1, "Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_months_end_with_a_day_in_the_time_zone(issued_at, months, zone, end):
    assert end_of_validity(issued_at, months, zone) == end


@pytest.mark.parametrize(
    ("issued_at", "months", "zone", "end"),
    [
        (ISSUED, 60, "UTC", datetime(2031, 7, 15, 10, 30, tzinfo=UTC)),
        (datetime(2028, 2, 29, 9, tzinfo=UTC), 12, "UTC", datetime(2029, 2, 28, 9, tzinfo=UTC)),
        # The same time of the day, summer or winter.
        (datetime(2027, 1, 15, 12, tzinfo=UTC), 6, "Europe/Berlin", datetime(2027, 7, 15, 11, tzinfo=UTC)),
        # At a time that clocks skip that day, and at one that they show twice.
        (
            datetime(2027, 2, 28, 1, 30, tzinfo=UTC),
            1,
            "Europe/Berlin",
            datetime(2027, 3, 28, 1, 30, tzinfo=UTC),
        ),
        (
            datetime(2027, 9, 30, 0, 30, tzinfo=UTC),
            1,
            "Europe/Berlin",
            datetime(2027, 10, 30, 0, 30, tzinfo=UTC),
        ),
    ],
)
def test_the_least_validity_is_over_when_clocks_have_shown_the_months(issued_at, months, zone, end):
    assert earliest_end(issued_at, months, zone) == end


@given(
    issued_at=st.datetimes(datetime(2020, 1, 1), datetime(2037, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
    months=st.integers(1, 1200),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Havana", "Asia/Beirut", "Pacific/Chatham"]),
)
def test_the_default_validity_is_never_shorter_than_a_minimum_of_as_many_months(issued_at, months, zone):
    least = earliest_end(issued_at, months, zone)

    assert least <= end_of_validity(issued_at, months, zone) <= least + timedelta(hours=26)


@pytest.mark.parametrize("count", [end_of_validity, earliest_end])
def test_no_calendar_goes_beyond_the_year_9999(count):
    with pytest.raises(OverflowError):
        count(datetime(9999, 1, 1, tzinfo=UTC), 12, "UTC")


# --- By default


@pytest.mark.django_db
def test_a_purchase_gives_the_validity_of_the_market():
    draft = a_draft(market=a_market(default_validity_months=12, time_zone="Europe/Berlin"))
    assert draft.expires_at is None

    with database_clock_at(ISSUED):
        card = bought(draft)

    assert card.expires_at == datetime(2027, 7, 15, 22, tzinfo=UTC)
    assert GiftCard.objects.get(id=card.id).expires_at == card.expires_at
    assert last_event(card).data["changed"] == ["expires_at"]


@pytest.mark.django_db
def test_a_card_that_has_an_expiry_keeps_it():
    draft = a_draft(market=a_market(default_validity_months=12), expires_at=FOREVER)

    assert bought(draft).expires_at == FOREVER


@pytest.mark.django_db
def test_a_date_sent_with_the_purchase_counts_before_the_default():
    draft = a_draft(market=a_market(default_validity_months=12))

    assert bought(draft, expires_at=FOREVER).expires_at == FOREVER


@pytest.mark.django_db
def test_an_expiry_taken_away_with_the_purchase_is_given_by_default():
    draft = a_draft(market=a_market(default_validity_months=12), expires_at=FOREVER)

    with database_clock_at(ISSUED):
        card = bought(draft, expires_at=None)

    assert card.expires_at == datetime(2027, 7, 16, tzinfo=UTC)
    assert last_event(card).data["changed"] == ["expires_at"]


@pytest.mark.django_db
@pytest.mark.parametrize("policy", [None, {}, {"minimum_validity_months": 60}])
def test_without_a_default_a_card_does_not_expire(policy):
    draft = a_draft(market=None if policy is None else a_market(**policy))

    card = bought(draft)

    assert card.expires_at is None
    assert "changed" not in last_event(card).data


@pytest.mark.django_db
def test_an_issued_card_may_be_freed_from_the_default():
    card = an_inactive_card(market=a_market(default_validity_months=12, minimum_validity_months=12))

    assert edit(card, expires_at=None).expires_at is None


@pytest.mark.django_db
def test_a_refused_purchase_gives_no_validity():
    market = a_market()
    card = an_inactive_card(market=market)
    update_market(caller=TEST, market_id=market.id, changes={"default_validity_months": 12})

    with refused(Invalid, error="invalid_transition", card=card):
        bought(card)


@pytest.mark.django_db
def test_a_validity_beyond_all_calendars_is_refused():
    draft = a_draft(
        market=a_market(default_validity_months=12), test_clock_at=datetime(9999, 6, 1, tzinfo=UTC)
    )

    with refused(Invalid, about="expires_at", error="invalid", card=draft):
        bought(draft)


# --- At least


@pytest.mark.django_db
def test_a_card_is_bought_with_the_minimum_validity_or_more():
    market = a_market(minimum_validity_months=60, time_zone="Europe/Berlin")
    least = datetime(2031, 7, 15, 10, 30, tzinfo=UTC)
    with database_clock_at(ISSUED):
        exact, dated = (a_draft(market=market, expires_at=at) for at in (least, date(2031, 7, 15)))

        assert bought(exact).expires_at == least
        assert bought(dated).expires_at == datetime(2031, 7, 15, 22, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "too_soon",
    [
        datetime(2031, 7, 15, 10, 30, tzinfo=UTC) - INSTANT,
        date(2031, 7, 14),
        datetime(2020, 1, 1, tzinfo=UTC),
    ],
)
def test_a_card_is_not_bought_with_less(too_soon):
    market = a_market(name="Berlin")
    draft = a_draft(market=market, expires_at=too_soon)
    update_market(caller=TEST, market_id=market.id, changes={"minimum_validity_months": 60})

    with (
        database_clock_at(ISSUED),
        refused(TooShortValidity, about="expires_at", error="minimum_validity", card=draft) as refusal,
    ):
        bought(draft)

    assert refusal.value.count == 60
    assert str(refusal.value) == (
        "expires_at falls short of the minimum validity of the market Berlin, 60 months from the issue"
    )


@pytest.mark.django_db
def test_time_that_passed_before_the_purchase_counts_against_a_draft():
    with database_clock_at(ISSUED):
        draft = a_draft(market=a_market(minimum_validity_months=60), expires_at=date(2031, 7, 15))

    with database_clock_at(ISSUED + timedelta(days=1)), refused(TooShortValidity, card=draft):
        bought(draft)


@pytest.mark.django_db
def test_the_minimum_counts_from_the_issue():
    with database_clock_at(ISSUED):
        card = an_inactive_card(market=a_market(minimum_validity_months=60))

    with database_clock_at(ISSUED + timedelta(days=900)):
        with refused(TooShortValidity, about="expires_at", card=card):
            edit(card, expires_at=date(2031, 7, 14))
        assert edit(card, expires_at=date(2031, 7, 15)).expires_at == datetime(2031, 7, 16, tzinfo=UTC)
        assert edit(card, expires_at=None).expires_at is None


@pytest.mark.django_db
def test_a_draft_is_told_at_once():
    market = a_market(minimum_validity_months=60)

    with refused(TooShortValidity, about="expires_at"):
        a_draft(market=market, expires_at=date(2027, 1, 1))


@pytest.mark.django_db
def test_a_card_does_not_move_into_a_stricter_market():
    card = an_inactive_card(market=a_market(), expires_at=datetime(2027, 1, 1, tzinfo=UTC))
    strict = a_market(minimum_validity_months=60)

    with refused(TooShortValidity, about="market", error="minimum_validity", card=card) as refusal:
        edit(card, market=strict)

    assert refusal.value.count == 60
    assert str(refusal.value) == (
        "market takes no gift card that expires sooner than 60 months from its issue"
    )
    assert edit(card, market=strict, expires_at=None).market_id == strict.id


# --- Not at all


@pytest.mark.django_db
def test_where_cards_never_expire_no_expiry_is_set():
    market = a_market(name="Toronto", allows_expiry=False)
    card = an_inactive_card(market=market)

    with refused(ExpiryNotAllowed, about="expires_at", error="expiry_not_allowed", card=card) as refusal:
        edit(card, expires_at=FOREVER)
    with refused(ExpiryNotAllowed, about="expires_at"):
        a_draft(market=market, expires_at=FOREVER)

    assert "because gift cards of the market Toronto never expire" in str(refusal.value)


@pytest.mark.django_db
def test_where_cards_never_expire_none_is_bought_with_an_expiry():
    market = a_market()
    draft = a_draft(market=market, expires_at=FOREVER)
    update_market(caller=TEST, market_id=market.id, changes={"allows_expiry": False})

    with refused(ExpiryNotAllowed, about="expires_at", card=draft):
        bought(draft)
    assert bought(draft, expires_at=None).expires_at is None


@pytest.mark.django_db
def test_where_cards_never_expire_none_moves_in_with_an_expiry():
    card = an_inactive_card(expires_at=FOREVER)
    market = a_market(allows_expiry=False)

    with refused(ExpiryNotAllowed, about="market", error="expiry_not_allowed", card=card):
        edit(card, market=market)
    assert edit(card, market=market, expires_at=None).market_id == market.id


# --- A policy that changes


@pytest.mark.django_db
@pytest.mark.parametrize(
    "policy",
    [{"minimum_validity_months": 600}, {"allows_expiry": False}, {"default_validity_months": 1}],
)
def test_cards_that_are_issued_keep_their_validity(policy):
    end = datetime(2028, 1, 1, tzinfo=UTC)
    market = a_market()
    card = an_inactive_card(market=market, expires_at=end)

    market = update_market(caller=TEST, market_id=market.id, changes=policy)

    card = edit(card, reference="an edit form sends all back", expires_at=end, market=market)
    assert (card.expires_at, card.reference) == (end, "an edit form sends all back")


# --- On the wire


@pytest.mark.django_db
def test_a_refusal_points_at_what_was_sent():
    card = an_inactive_card(market=a_market(minimum_validity_months=60))

    answer = api_client().update(f"gift_cards/{card.pk}", expires_at="2027-01-01")

    assert answer.refusal == (
        422,
        "VALIDATION_ERROR",
        "falls short of the minimum validity of the market Berlin, 60 months from the issue",
        "/data/attributes/expires_at",
    )
    assert (answer.error["meta"]["error"], answer.error["meta"]["count"]) == ("minimum_validity", 60)


@pytest.mark.django_db
def test_a_purchase_on_the_wire_names_the_rule():
    market = a_market()
    draft = a_draft(market=market, expires_at=date(2027, 1, 1))
    update_market(caller=TEST, market_id=market.id, changes={"minimum_validity_months": 60})

    answer = api_client().update(f"gift_cards/{draft.pk}", _purchase=True)

    assert (answer.status, answer.error["meta"]["error"]) == (422, "minimum_validity")
    assert answer.error["meta"]["attribute"] == "expires_at"
