"""A card of the test mode may carry a clock of its own: each of its rules takes what that says for now."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError
from django.urls import reverse

from giftcards.exceptions import AuthorizationResolved, Expired
from giftcards.models import AuthorizationStatus, GiftCard
from giftcards.operations import (
    activate,
    authorize,
    capture,
    cash_out,
    debit,
    pay,
    purchase,
)
from giftcards.queries import available_balances
from kernel.modes import Mode
from kernel.refusals import Invalid
from tests.fixtures.cast import (
    LIVE,
    TEST,
    a_draft,
    a_market,
    an_active_card,
    as_stored,
    edit,
    last_entry,
    last_event,
)
from tests.fixtures.client import MEDIA_TYPE, api_client
from tests.fixtures.raw_sql import set_column
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db

END = datetime(2040, 6, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def a_card_at(moment, **attributes):
    return an_active_card(**{"expires_at": END, "test_clock_at": moment, **attributes})


# --- Every rule goes by it


SPENDING = {
    "debit": lambda card: debit(caller=TEST, card_id=card.id, amount_cents=1),
    "authorize": lambda card: authorize(caller=TEST, card_id=card.id, amount_cents=1),
    "pay": lambda card: pay(caller=TEST, amount_cents=1, gift_cards=[card.id]),
    "cash_out": lambda card: cash_out(
        caller=TEST, card_id=card.id, changes={"market": a_market(cash_out_below_cents=100_000)}
    ),
}


@pytest.mark.parametrize("verb", SPENDING)
def test_a_card_is_spent_before_its_clock_reaches_the_expiry_and_not_from_then_on(verb):
    card = a_card_at(END)
    with refused(Invalid, error="expired", card=card):
        SPENDING[verb](card)

    edit(card, test_clock_at=END - INSTANT)
    assert SPENDING[verb](card).mode == card.mode


@pytest.mark.parametrize("verb", SPENDING)
def test_a_card_that_has_expired_for_everybody_is_spent_at_an_earlier_time_of_its_own(verb):
    past = datetime(2020, 1, 1, tzinfo=UTC)

    assert SPENDING[verb](a_card_at(past - INSTANT, expires_at=past)).mode == Mode.TEST


def test_without_a_clock_of_its_own_a_card_goes_by_the_clock_again():
    card = a_card_at(END)

    edit(card, test_clock_at=None)

    assert debit(caller=TEST, card_id=card.id, amount_cents=1).balance_cents == 9_999


def test_the_clock_set_beside_a_debit_counts_for_it():
    card = a_card_at(END)

    debit(caller=TEST, card_id=card.id, amount_cents=1, changes={"test_clock_at": END - INSTANT})
    with pytest.raises(Expired):
        debit(caller=TEST, card_id=card.id, amount_cents=1, changes={"test_clock_at": END})


def test_an_authorization_lasts_and_lapses_by_its_card_s_clock():
    card = a_card_at(END - timedelta(days=30), expires_at=None)
    held = authorize(caller=TEST, card_id=card.id, amount_cents=4_000)
    assert held.expires_at == END - timedelta(days=23)
    assert available_balances([card.id]) == {card.id: 6_000}

    edit(card, test_clock_at=held.expires_at)

    assert available_balances([card.id]) == {card.id: 10_000}
    with pytest.raises(AuthorizationResolved):
        capture(caller=TEST, authorization_id=held.id)
    assert debit(caller=TEST, card_id=card.id, amount_cents=10_000).balance_cents == 0
    assert card.authorizations.get().status == AuthorizationStatus.EXPIRED


def test_an_authorization_ends_in_the_future_of_its_card():
    card = a_card_at(END - timedelta(days=30))

    with refused(Invalid, about="expires_at", error="in_the_past", card=card):
        authorize(caller=TEST, card_id=card.id, amount_cents=1, expires_at=END - timedelta(days=30))


def test_the_default_validity_begins_at_the_time_of_the_card():
    draft = a_draft(market=a_market(default_validity_months=12), test_clock_at=END)

    assert purchase(caller=TEST, card_id=draft.id).expires_at == datetime(2041, 6, 2, tzinfo=UTC)


def test_the_minimum_validity_of_a_draft_counts_from_the_time_of_the_card():
    market = a_market(minimum_validity_months=60)

    with refused(Invalid, about="expires_at", error="minimum_validity"):
        a_draft(market=market, test_clock_at=END, expires_at=datetime(2045, 5, 31, tzinfo=UTC))
    end = datetime(2045, 6, 1, tzinfo=UTC)
    assert a_draft(market=market, test_clock_at=END, expires_at=end).expires_at == end


def test_what_is_written_down_keeps_the_true_time():
    """The ledger is no play: its times are the database's."""
    card = debit(caller=TEST, card_id=a_card_at(END - INSTANT).id, amount_cents=1)

    assert last_entry(card).created_at < END - timedelta(days=1)
    assert last_event(card).created_at < END - timedelta(days=1)


# --- In test mode only


def test_no_live_card_has_a_clock_of_its_own():
    card = an_active_card(by=LIVE)

    with refused(Invalid, about="test_clock_at", error="test_mode_only", card=card):
        edit(card, test_clock_at=END)
    with refused(Invalid, about="test_clock_at", error="test_mode_only"):
        a_draft(by=LIVE, test_clock_at=END)
    assert edit(card, test_clock_at=None, reference="A").reference == "A"


def test_the_database_refuses_it_too():
    with pytest.raises(IntegrityError, match="gift_card_live_clock_is_the_clock"):
        set_column(an_active_card(by=LIVE), "test_clock_at", END)


# --- On the wire


def test_it_is_written_and_read():
    client, card = api_client(), an_active_card()
    read = client.get(f"gift_cards/{card.pk}").document["data"]["attributes"]
    assert read["test_clock_at"] is None

    for written, shown in [
        ("2040-06-01T00:00:00Z", "2040-06-01T00:00:00.000Z"),
        ("2040-06-01T02:00:00+02:00", "2040-06-01T00:00:00.000Z"),
        (None, None),
    ]:
        answer = client.update(f"gift_cards/{card.pk}", test_clock_at=written)
        assert answer.status == 200
        assert answer.document["data"]["attributes"]["test_clock_at"] == shown


@pytest.mark.parametrize("value", ["2040-06-01", "tomorrow", 1, True, "2040-06-01T00:00:00"])
def test_a_time_without_its_place_is_no_time(value):
    card = an_active_card()
    before = as_stored(card.id)

    assert api_client().update(f"gift_cards/{card.pk}", test_clock_at=value).status == 422
    assert as_stored(card.id) == before


def test_the_wire_refuses_it_in_live_mode():
    card = an_active_card(by=LIVE)

    answer = api_client(Mode.LIVE).update(f"gift_cards/{card.pk}", test_clock_at="2040-06-01T00:00:00Z")

    assert answer.refusal == (
        422,
        "VALIDATION_ERROR",
        "is only possible in test mode",
        "/data/attributes/test_clock_at",
    )
    assert answer.error["meta"]["error"] == "test_mode_only"


def test_an_integrator_tries_the_expiry_of_a_card():
    client, card = api_client(), an_active_card(expires_at=END)

    late = client.update(f"gift_cards/{card.pk}", test_clock_at=END.isoformat(), _balance_change_cents=-1)
    early = client.update(
        f"gift_cards/{card.pk}", test_clock_at=(END - INSTANT).isoformat(), _balance_change_cents=-1
    )

    assert (late.status, late.error["meta"]["error"]) == (422, "expired")
    assert (early.status, early.document["data"]["attributes"]["balance_cents"]) == (200, 9_999)


@pytest.mark.parametrize(("clock", "status"), [(END - INSTANT, 200), (END, 404)])
def test_a_lookup_finds_what_is_valid_by_the_card_s_clock(clock, status):
    a_card_at(clock, code="WELCOME-2040")

    answer = api_client().create("gift_card_lookups", code="WELCOME-2040")

    assert answer.status == status
    assert answer.headers["Content-Type"] == MEDIA_TYPE


# --- In the back office


def page_of(card):
    return reverse("admin:giftcards_giftcard_change", args=[card.pk])


@pytest.fixture
def back_office(admin_client):
    return admin_client


def test_the_back_office_has_it_for_test_cards_only(back_office):
    test, live = an_active_card(), an_active_card(by=LIVE)

    assert "test_clock_at" in back_office.get(page_of(test)).context["adminform"].form.fields
    assert "test_clock_at" not in back_office.get(page_of(live)).context["adminform"].form.fields
    back_office.post(page_of(live), {"test_clock_at_0": "2040-06-01", "test_clock_at_1": "00:00:00"})
    assert GiftCard.objects.get(pk=live.pk).test_clock_at is None


def test_the_back_office_sets_and_clears_it(back_office):
    card = an_active_card()
    form = {"metadata": "{}", "rechargeable": "on", "distribute_discount": "on"}

    back_office.post(page_of(card), form | {"test_clock_at_0": "2040-06-01", "test_clock_at_1": "00:00:00"})
    assert GiftCard.objects.get(pk=card.pk).test_clock_at == END
    assert last_event(card).data["changed"] == ["test_clock_at"]
    assert "1 Jun 2040 00:00 UTC" in back_office.get(page_of(card)).content.decode()

    back_office.post(page_of(card), form | {"test_clock_at_0": "", "test_clock_at_1": ""})
    assert GiftCard.objects.get(pk=card.pk).test_clock_at is None


def test_the_back_office_calls_expired_what_is_by_its_own_clock(back_office):
    expired, valid = a_card_at(END), a_card_at(END - INSTANT)
    by_the_clock = an_active_card(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    never = an_active_card(test_clock_at=END)
    listing = reverse("admin:giftcards_giftcard_changelist")

    def listed(expiry):
        changelist = back_office.get(listing, {"expiry": expiry}).context["cl"]
        return {card.pk for card in changelist.result_list}

    assert listed("expired") == {expired.pk, by_the_clock.pk}
    assert listed("valid") == {valid.pk, never.pk}
    assert listed("never") == {never.pk}
    assert back_office.get(page_of(expired)).context["glance"]["expired"]
    assert not back_office.get(page_of(valid)).context["glance"]["expired"]
    assert back_office.get(listing).content.decode().count("active, expired") == 2


def test_a_card_is_activated_whatever_its_clock_says():
    card = purchase(caller=TEST, card_id=a_draft(expires_at=END, test_clock_at=END).id)

    assert activate(caller=TEST, card_id=card.id).status == "active"


def test_a_hold_that_would_end_after_every_calendar_is_refused():
    card = a_card_at(datetime(9999, 12, 31, tzinfo=UTC), expires_at=None)

    with refused(Invalid, error="invalid", about="expires_at", card=card):
        SPENDING["authorize"](card)
