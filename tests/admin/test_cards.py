"""Finding, making, editing and deleting cards in the back office."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events.models import Event
from giftcards.admin.card import GiftCardAdmin
from giftcards.models import GiftCard
from giftcards.operations import Occasion, change_balance
from kernel import counting
from kernel.modes import Mode
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market, a_redeemed_card, an_active_card, as_stored

pytestmark = pytest.mark.django_db

CODE = "SENTINEL-CODE-4242"
CARDS = "/back-office/giftcards/giftcard/"
FIND = f"{CARDS}find/"


def page_of(card):
    return reverse("admin:giftcards_giftcard_change", args=[card.pk])


def listed(answer):
    return set(re.findall(r"/giftcard/([0-9a-f-]{36})/change/", answer.content.decode()))


def a_form(**given):
    return {"mode": "test", "face_value": "5000", "currency_code": "EUR", "rechargeable": "on", **given}


# --- Finding


def test_a_whole_code_leads_to_its_card_and_stands_in_no_address(back_office):
    card = an_active_card(code=CODE)

    answer = back_office.post(FIND, {"q": f" {CODE} "})

    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(card))


def test_a_code_that_finds_nothing_is_not_repeated(back_office):
    answer = back_office.post(FIND, {"q": "SENTINEL-CODE-MISTYPED"}, follow=True)

    assert answer.redirect_chain == [(CARDS, 302)]
    assert "SENTINEL" not in answer.content.decode()
    assert "No gift card has this code, last four, e-mail or reference." in answer.content.decode()


def test_a_code_in_the_address_is_taken_out_of_it(back_office):
    card = an_active_card(code=CODE)

    assert back_office.get(CARDS, {"q": CODE}).headers["Location"] == page_of(card)


@pytest.mark.parametrize("typed", ["4242", "Ada@Example.com", "order-7"])
def test_last_four_email_and_reference_list_their_cards(back_office, typed):
    wanted = an_active_card(code=CODE, recipient_email="ada@example.com", reference="order-7")
    also = an_active_card(
        by=LIVE, code="OTHER-CODE-4242", recipient_email="ada@example.com", reference="order-7"
    )
    an_active_card(recipient_email="eve@example.com", reference="order-8")

    answer = back_office.post(FIND, {"q": typed}, follow=True)

    assert listed(answer) == {str(wanted.pk), str(also.pk)}


def test_finding_is_a_post_and_for_those_who_may_look(back_office, back_office_of):
    card = an_active_card(code=CODE)
    stranger = back_office_of()

    assert back_office.get(FIND, {"q": CODE}).status_code == 405
    assert stranger.post(FIND, {"q": CODE}).status_code == 403
    assert stranger.get(CARDS, {"q": CODE}).status_code == 403
    assert str(card.pk) not in str(stranger.post(FIND, {"q": CODE}).headers)


@pytest.mark.parametrize(
    "filters", ["status__exact=active", "mode__exact=live", "expiry=valid", "single_use__exact=0"]
)
def test_lists_are_filtered(back_office, filters):
    wanted = an_active_card(by=LIVE)
    a_draft(single_use=True, expires_at=datetime(2020, 1, 1, tzinfo=UTC))

    assert listed(back_office.get(f"{CARDS}?{filters}")) == {str(wanted.pk)}


def test_a_list_of_cards_takes_as_many_queries_as_one_card(back_office):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            back_office.get(CARDS)
        return len(queries)

    an_active_card(market=a_market(), recipient_email="a@example.com")
    back_office.get(CARDS)
    one = asked()
    for number in range(5):
        an_active_card(market=a_market(name=f"m{number}"), recipient_email=f"b{number}@example.com")
    # The filter by market lists every market in one query, too.
    assert asked() == one


# --- Making


def test_the_form_makes_a_draft(back_office, owner):
    market = a_market(currency_code="EUR", time_zone="Europe/Rome")

    answer = back_office.post(
        f"{CARDS}add/",
        a_form(
            market=market.pk,
            currency_code="",
            code=CODE,
            recipient_email="ada@example.com",
            last_day="2031-05-31",
            reference="order-7",
            metadata='{"a": 1}',
            reason="for the fair",
        ),
    )

    card = GiftCard.objects.get()
    assert answer.status_code == 302
    assert (card.status, card.mode, card.balance_cents, card.currency_code) == ("draft", "test", 5000, "EUR")
    assert (card.market, str(card.gift_card_recipient)) == (market, "ada@example.com")
    assert (card.reference, card.metadata, card.code().reveal()) == ("order-7", {"a": 1}, CODE)
    assert card.expires_at == datetime(2031, 5, 31, 22, 0, tzinfo=UTC)
    event = Event.objects.get(subject_id=card.pk)
    assert (event.topic, event.actor_name, event.reason) == ("gift_cards.create", owner.email, "for the fair")


def test_a_code_is_in_no_log_no_message_and_no_address(back_office):
    answer = back_office.post(f"{CARDS}add/", a_form(code=CODE))

    kept = [
        *LogEntry.objects.values_list("object_repr", "change_message", "object_id"),
        *answer.headers.items(),
    ]
    kept += [*map(str, get_messages(answer.wsgi_request)), *back_office.session.items()]
    kept += list(Event.objects.values_list("data", "reason"))
    assert LogEntry.objects.count() == 1
    assert "SENTINEL" not in str(kept)


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"face_value": ""}, "face_value", "Can't be blank."),
        ({"face_value": "-1"}, "face_value", "Must be greater than or equal to 0."),
        ({"currency_code": "XXX"}, "currency_code", "Is not included in the list."),
        ({"code": "short"}, "code", "Is too short (minimum is 8 characters)."),
        ({"recipient_email": "nobody"}, "recipient_email", "Is invalid."),
        ({"image_url": "javascript:alert(1)"}, "image_url", "Is invalid."),
        ({"balance_max_cents": "10"}, "face_value", "Would exceed the maximum balance of 10."),
        ({"metadata": "[1]"}, "metadata", "Must be an object."),
    ],
)
def test_what_the_operation_refuses_stands_at_its_field(back_office, given, field, sentence):
    answer = back_office.post(f"{CARDS}add/", a_form(**given))

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors == {field: [sentence]}
    assert not GiftCard.objects.exists()
    assert not LogEntry.objects.exists()


def test_several_refusals_stand_at_their_fields(back_office):
    answer = back_office.post(f"{CARDS}add/", a_form(image_url="ftp://x", balance_max_cents="-1"))

    assert set(answer.context["adminform"].form.errors) == {"image_url", "balance_max_cents"}


def test_a_market_of_the_other_mode_is_refused(back_office):
    market = a_market(by=LIVE, currency_code="EUR")

    answer = back_office.post(f"{CARDS}add/", a_form(market=market.pk))

    assert answer.context["adminform"].form.errors == {"market": ["There is no such market in test mode."]}
    assert not GiftCard.objects.exists()


# --- Editing


def test_an_edit_is_one_operation_with_what_has_changed(back_office, owner):
    card = an_active_card(reference="old", metadata={"kept": True})

    answer = back_office.post(
        page_of(card),
        {
            "reference": "new",
            "metadata": '{"kept": true}',
            "rechargeable": "on",
            "distribute_discount": "on",
            "reason": "typo",
        },
    )

    assert answer.status_code == 302
    event = Event.objects.filter(subject_id=card.pk).latest("sequence")
    assert (event.topic, event.data["changed"], event.reason) == ("gift_cards.update", ["reference"], "typo")
    assert (event.mode, event.actor_id) == (Mode.TEST, str(owner.pk))


def test_the_form_shows_what_the_card_has_and_can_empty_it(back_office):
    market = a_market()
    card = an_active_card(market=market, recipient_email="ada@example.com", reference="old")
    form = back_office.get(page_of(card)).context["adminform"].form

    shown = {name: form[name].value() for name in ("market", "recipient_email", "reference", "rechargeable")}
    assert shown == {
        "market": market.pk,
        "recipient_email": "ada@example.com",
        "reference": "old",
        "rechargeable": True,
    }

    back_office.post(page_of(card), {"rechargeable": "on", "distribute_discount": "on", "metadata": "{}"})
    card = GiftCard.objects.get(pk=card.pk)
    assert (card.market, card.gift_card_recipient, card.reference) == (None, None, None)


def test_only_markets_of_the_card_s_mode_are_offered(back_office):
    here, there = a_market(), a_market(by=LIVE)
    card = an_active_card()
    form = back_office.get(page_of(card)).context["adminform"].form
    before = as_stored(card.pk)

    assert list(form.fields["market"].queryset) == [here]
    answer = back_office.post(
        page_of(card), {"market": there.pk, "rechargeable": "on", "distribute_discount": "on"}
    )
    assert list(answer.context["adminform"].form.errors) == ["market"]
    assert as_stored(card.pk) == before


@pytest.mark.parametrize(
    ("make", "available"), [(a_draft, "$0.00"), (an_active_card, "$100.00"), (a_redeemed_card, "$0.00")]
)
def test_available_is_what_can_be_spent_now(back_office, make, available):
    card = make()

    assert back_office.get(page_of(card)).context["glance"]["available"] == available


@pytest.mark.parametrize("make", [a_draft, an_active_card])
def test_money_status_and_code_are_no_fields(back_office, make):
    card = make(code=CODE)
    page = back_office.get(page_of(card))
    fields = set(page.context["adminform"].form.fields)
    before = as_stored(card.pk)

    posted = {name: "77" for name in as_stored(card.pk)["row"] if name not in fields}
    back_office.post(
        page_of(card), {**posted, "status": "redeemed", "rechargeable": "on", "distribute_discount": "on"}
    )

    assert not fields & {
        "status",
        "balance_cents",
        "initial_balance_cents",
        "currency_code",
        "code",
        "mode",
        "expires_at",
    }
    assert as_stored(card.pk) == before
    assert CODE not in page.content.decode()


def test_an_edit_needs_its_permission(back_office_of):
    card = an_active_card()
    clerk = back_office_of("giftcards.view_giftcard")
    before = as_stored(card.pk)

    assert clerk.get(page_of(card)).status_code == 200
    assert clerk.post(page_of(card), {"reference": "new"}).status_code == 403
    assert clerk.get(f"{CARDS}add/").status_code == 403
    assert as_stored(card.pk) == before


# --- Deleting


def test_a_draft_is_deleted_and_its_events_stay(back_office, owner):
    card = a_draft()
    delete = reverse("admin:giftcards_giftcard_delete", args=[card.pk])

    back_office.get(delete)
    assert GiftCard.objects.filter(pk=card.pk).exists()

    back_office.post(delete, {"post": "yes"})
    assert not GiftCard.objects.filter(pk=card.pk).exists()
    event = Event.objects.filter(subject_id=card.pk).latest("sequence")
    assert (event.topic, event.actor_name) == ("gift_cards.destroy", owner.email)


def test_a_purchased_card_is_not_deleted(back_office):
    card = an_active_card()
    delete = reverse("admin:giftcards_giftcard_delete", args=[card.pk])

    assert back_office.post(delete, {"post": "yes"}).status_code == 403
    assert delete not in back_office.get(page_of(card)).content.decode()
    assert GiftCard.objects.filter(pk=card.pk).exists()


def test_the_operation_decides_what_is_deleted_not_the_page(back_office, monkeypatch):
    card = an_active_card()
    delete = reverse("admin:giftcards_giftcard_delete", args=[card.pk])
    monkeypatch.setattr(GiftCardAdmin, "has_delete_permission", lambda *_: True)

    answer = back_office.post(delete, {"post": "yes"}, follow=True)

    assert "This gift card can&#x27;t be deleted" in answer.content.decode()
    assert not LogEntry.objects.exists()


# --- The page


def test_the_timeline_tells_entries_and_events_as_one_story(back_office):
    card = an_active_card(balance_cents=5000)
    change_balance(
        caller=TEST,
        card_id=card.pk,
        amount_cents=-1250,
        occasion=Occasion(reason="shoes", reference="order-9", order_number="#9"),
    )

    timeline = back_office.get(page_of(card)).context["timeline"]

    told = [(row.what, row.amount, row.balance, row.actor) for row in timeline.happenings]
    assert told == [
        ("Debit", "-$12.50", "$37.50", "The till"),
        ("Activate", "", "", "The till"),
        ("Purchase", "+$50.00", "$50.00", "The till"),
        ("Create", "", "", "The till"),
    ]
    first = timeline.happenings[0]
    assert (first.reason, first.reference, first.order_number) == ("shoes", "order-9", "#9")


def test_a_long_timeline_shows_the_latest_hundred_and_says_so(back_office):
    card = an_active_card(balance_cents=1000)
    for _ in range(105):
        change_balance(caller=TEST, card_id=card.pk, amount_cents=-1)

    page = back_office.get(page_of(card))

    rows = page.context["timeline"].happenings
    assert (len(rows), rows[0].balance, rows[-1].balance) == (100, "$8.95", "$9.94")
    assert "the latest 100" in page.content.decode()


# --- Metadata


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ('{"a": "%s"}' % ("x" * 16_384), "Is too large (maximum is 16384 bytes)."),
        (
            '{"1":{"2":{"3":{"4":{"5":{"6":{"7":{"8":{"9":1}}}}}}}}}',
            "Is nested too deeply (maximum is 8 levels).",
        ),
        ('{"a": 9007199254740993}', None),
        ('{"a": NaN}', None),
        ('{"a": "\\u0000"}', None),
        ('{"a": "\\ud800"}', None),
        ("[" * 100_000, "Enter a valid JSON."),
        ('{"a": %s}' % ("9" * 5000), "Enter a valid JSON."),
        ("{", "Enter a valid JSON."),
    ],
    ids=["large", "deep", "inexact", "NaN", "NUL", "surrogate", "bottomless", "digits", "half"],
)
def test_metadata_has_the_limits_of_the_api_and_is_shown_as_it_was_typed(back_office, typed, sentence):
    answer = back_office.post(f"{CARDS}add/", a_form(metadata=typed))

    form = answer.context["adminform"].form
    unfit = "Can't contain NUL, half a surrogate pair, NaN, Infinity or numbers beyond 9007199254740992."
    assert form.errors == {"metadata": [sentence or unfit]}
    assert form["metadata"].value() == typed
    assert not GiftCard.objects.exists()


# --- Counting


def test_the_list_says_how_many_cards_there_are_and_reads_none_for_it(back_office):
    for _ in range(3):
        a_draft()

    with CaptureQueriesContext(connection) as asked:
        page = back_office.get(CARDS).content.decode()

    assert re.search(r"3\s+gift cards", page)
    assert not [each["sql"] for each in asked if re.search(r"COUNT\(.*giftcards_giftcard", each["sql"])]


def test_of_a_long_search_only_the_beginning_is_counted(back_office, monkeypatch):
    monkeypatch.setattr(counting, "LIMIT", 2)
    monkeypatch.setattr(GiftCardAdmin, "list_per_page", 1)
    for _ in range(5):
        a_draft()

    first = back_office.get(f"{CARDS}?status__exact=draft").content.decode()
    further = back_office.get(f"{CARDS}?status__exact=draft&p=3").content.decode()
    last = back_office.get(f"{CARDS}?status__exact=draft&p=5").content.decode()

    assert re.search(r"more than\s+2\s+gift cards", first)
    assert re.search(r"more than\s+3\s+gift cards", further)
    assert re.search(r"-\s+5\s+gift cards", last)
    assert [len(listed(back_office.get(f"{CARDS}?status__exact=draft&p={each}"))) for each in (3, 5)] == [
        1,
        1,
    ]
