"""Markets and recipients are edited through their operations."""

import pytest
from django.urls import reverse

from events.models import Event
from markets.models import Market
from recipients.models import GiftCardRecipient
from recipients.operations import create_recipient
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market

pytestmark = pytest.mark.django_db

MARKETS = "/back-office/markets/market/"
RECIPIENTS = "/back-office/recipients/giftcardrecipient/"


def page_of(thing, page="change"):
    return reverse(f"admin:{thing._meta.app_label}_{thing._meta.model_name}_{page}", args=[thing.pk])


def market_form(market, **given):
    names = ("name", "code", "currency_code", "time_zone", "locale", "code_format")
    checked = {
        name: "on"
        for name in ("allows_expiry", "keeps_single_use_remainder", "gift_cards_taxable", "automatic_taxes")
        if getattr(market, name)
    }
    return {**{name: getattr(market, name) or "" for name in names}, **checked, "metadata": "{}", **given}


def latest_event(thing):
    return Event.objects.filter(subject_id=thing.pk).latest("sequence")


def test_a_market_is_opened_in_the_chosen_mode(back_office, owner):
    back_office.post(f"{MARKETS}add/", {"mode": "live", "name": "Rome", "code": "it", "currency_code": "EUR"})

    market = Market.objects.get()
    assert (market.mode, market.name, market.code, market.currency_code) == ("live", "Rome", "it", "EUR")
    event = latest_event(market)
    assert (event.topic, event.mode, event.actor_id) == ("markets.create", "live", str(owner.pk))


def test_a_market_is_edited_by_its_operation(back_office):
    market = a_market(by=LIVE)

    answer = back_office.post(page_of(market), market_form(market, name="Rome", mode="test", reason="moved"))

    assert answer.status_code == 302
    market.refresh_from_db()
    assert (market.name, market.mode) == ("Rome", "live")
    assert (latest_event(market).data, latest_event(market).reason) == ({"changed": ["name"]}, "moved")


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"name": " "}, "name", "Can't be blank."),
        ({"code": "taken"}, "code", "Has already been taken."),
        ({"checkout_url": "javascript:alert(1)"}, "checkout_url", "Is invalid."),
        ({"currency_code": "EUR"}, "currency_code", "Can't be changed once a gift card uses it."),
        ({"time_zone": "Mars/Base"}, "time_zone", "Is not included in the list."),
        (
            {"code_format": "short"},
            "code_format",
            "Select a valid choice. short is not one of the available choices.",
        ),
        ({"default_validity_months": "12.0"}, "default_validity_months", "Enter a whole number."),
        ({"cash_out_below_cents": "5.00"}, "cash_out_below_cents", "Enter a whole number."),
        ({"cash_out_below_cents": "-1"}, "cash_out_below_cents", "Must be greater than or equal to 1."),
        (
            {"default_validity_months": "12", "minimum_validity_months": "60"},
            "default_validity_months",
            "Must be at least minimum_validity_months (60).",
        ),
        ({"tax_rate": "7,5"}, "tax_rate", "Enter a number."),
        ({"tax_rate": "1_9"}, "tax_rate", "Enter a number."),
        ({"tax_rate": "-1"}, "tax_rate", "Must be greater than or equal to 0."),
        ({"locale": "klingon"}, "locale", "Is not included in the list."),
    ],
)
def test_what_a_market_refuses_stands_at_its_field(back_office, given, field, sentence):
    a_market(code="taken")
    market = a_market(name="Berlin")
    a_draft(market=market)

    answer = back_office.post(page_of(market), market_form(market, **given))

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors == {field: [sentence]}
    assert latest_event(market).topic == "markets.create"


def test_a_market_is_disabled_and_enabled_by_dialog(back_office):
    market = a_market()

    back_office.get(page_of(market, "disable"))
    assert not Market.objects.get().disabled
    back_office.post(page_of(market, "disable"), {"reason": "closed for good"})
    assert Market.objects.get().disabled
    assert latest_event(market).reason == "closed for good"
    assert page_of(market, "enable") in back_office.get(page_of(market)).content.decode()
    back_office.post(page_of(market, "enable"), {"reason": "or not"})
    assert not Market.objects.get().disabled


def test_a_market_in_use_is_not_deleted(back_office):
    market = a_market()
    a_draft(market=market)

    answer = back_office.post(page_of(market, "delete"), {"post": "yes"}, follow=True)

    assert "This market can&#x27;t be deleted: gift cards depend on it" in answer.content.decode()
    assert Market.objects.exists()


def test_a_market_without_cards_is_deleted(back_office):
    market = a_market()

    back_office.post(page_of(market, "delete"), {"post": "yes"})

    assert not Market.objects.exists()
    assert latest_event(market).topic == "markets.destroy"


def test_dialogs_and_forms_need_their_permission(back_office_of):
    market = a_market()
    clerk = back_office_of("markets.view_market")

    assert clerk.get(page_of(market)).status_code == 200
    assert clerk.post(page_of(market), market_form(market, name="Rome")).status_code == 403
    assert clerk.post(page_of(market, "disable"), {"reason": "x"}).status_code == 403
    assert clerk.post(page_of(market, "delete"), {"post": "yes"}).status_code == 403
    assert latest_event(market).topic == "markets.create"


def test_a_recipient_is_made_and_edited_by_operations(back_office):
    back_office.post(f"{RECIPIENTS}add/", {"mode": "test", "email": "ada@example.com", "first_name": "Ada"})
    recipient = GiftCardRecipient.objects.get()
    back_office.post(
        page_of(recipient), {"email": "ada@example.com", "first_name": "Augusta", "metadata": "{}"}
    )

    recipient.refresh_from_db()
    assert (recipient.mode, recipient.first_name) == ("test", "Augusta")
    topics = (
        Event.objects.filter(subject_id=recipient.pk).order_by("sequence").values_list("topic", flat=True)
    )
    assert list(topics) == ["gift_card_recipients.create", "gift_card_recipients.update"]


@pytest.mark.parametrize(
    ("email", "sentence"), [("ADA@example.com", "Has already been taken."), ("", "Can't be blank.")]
)
def test_what_a_recipient_refuses_stands_at_its_field(back_office, email, sentence):
    create_recipient(caller=TEST, email="ada@example.com")

    answer = back_office.post(f"{RECIPIENTS}add/", {"mode": "test", "email": email})

    assert answer.context["adminform"].form.errors == {"email": [sentence]}


def test_a_recipient_with_a_card_is_not_deleted(back_office):
    card = a_draft(recipient_email="ada@example.com")

    answer = back_office.post(page_of(card.gift_card_recipient, "delete"), {"post": "yes"}, follow=True)

    assert "can&#x27;t be deleted" in answer.content.decode()
    assert GiftCardRecipient.objects.exists()
