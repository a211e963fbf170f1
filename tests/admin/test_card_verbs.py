"""The buttons of a card: GET changes nothing, POST calls one operation, and a refusal is a sentence."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from events.models import Event
from giftcards.models import GiftCard, LedgerEntry, Status
from giftcards.operations import debit
from kernel.modes import Mode
from tests.fixtures.cast import (
    CARD_IN,
    LIVE,
    TEST,
    a_draft,
    a_market,
    an_active_card,
    an_archived_card,
    an_inactive_card,
    as_stored,
    disabled,
)

pytestmark = pytest.mark.django_db

VERBS = (
    "purchase",
    "activate",
    "deactivate",
    "debit",
    "recharge",
    "cash_out",
    "new_expiry",
    "archive",
    "unarchive",
    "reveal",
)
OFFERED = {
    Status.DRAFT: {"purchase", "new_expiry", "archive"},
    Status.INACTIVE: {"activate", "recharge", "new_expiry", "archive"},
    Status.ACTIVE: {"deactivate", "debit", "recharge", "new_expiry", "archive"},
    Status.REDEEMED: {"new_expiry", "archive"},
}
PERMISSION = {
    "purchase": "giftcards.issue_gift_card",
    "activate": "giftcards.operate_gift_card",
    "deactivate": "giftcards.operate_gift_card",
    "debit": "giftcards.spend_gift_card",
    "recharge": "giftcards.recharge_gift_card",
    "cash_out": "giftcards.spend_gift_card",
    "new_expiry": "giftcards.operate_gift_card",
    "archive": "giftcards.operate_gift_card",
    "unarchive": "giftcards.operate_gift_card",
    "reveal": "giftcards.reveal_code",
}


def a_small_card(balance_cents=400, **attributes):
    return an_active_card(
        balance_cents=balance_cents, market=a_market(cash_out_below_cents=500), **attributes
    )


READY_FOR = {
    "purchase": a_draft,
    "activate": an_inactive_card,
    "deactivate": an_active_card,
    "debit": an_active_card,
    "recharge": an_active_card,
    "cash_out": a_small_card,
    "new_expiry": an_active_card,
    "archive": an_active_card,
    "unarchive": an_archived_card,
    "reveal": an_active_card,
}


def dialog_of(card, verb):
    return reverse(f"admin:giftcards_giftcard_{verb}", args=[card.pk])


def page_of(card):
    return reverse("admin:giftcards_giftcard_change", args=[card.pk])


def filled_in(card, **given):
    return {"reason": "asked by phone", "amount_cents": 500, "seen": card.ledger_sequence, **given}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete", "patch"])
def test_only_post_changes_anything(back_office, verb, method):
    card = READY_FOR[verb]()
    before = as_stored(card.pk)

    getattr(back_office, method)(dialog_of(card, verb), data=filled_in(card) if method == "get" else None)

    assert as_stored(card.pk) == before


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_needs_its_permission(back_office_of, verb):
    card = READY_FOR[verb]()
    others = set(PERMISSION.values()) - {PERMISSION[verb]}
    clerk = back_office_of("giftcards.view_giftcard", "giftcards.change_giftcard", *others)
    before = as_stored(card.pk)

    assert clerk.get(dialog_of(card, verb)).status_code == 403
    assert clerk.post(dialog_of(card, verb), filled_in(card)).status_code == 403

    assert as_stored(card.pk) == before
    assert dialog_of(card, verb) not in clerk.get(page_of(card)).content.decode()


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_records_one_event_with_the_person_and_the_reason(back_office, owner, verb):
    card = READY_FOR[verb]()
    before = Event.objects.filter(subject_id=card.pk).count()

    answer = back_office.post(dialog_of(card, verb), filled_in(card, last_day="2031-05-31"))

    assert answer.status_code == (200 if verb == "reveal" else 302)
    event = Event.objects.filter(subject_id=card.pk).latest("sequence")
    assert Event.objects.filter(subject_id=card.pk).count() == before + (
        2 if verb == "purchase" else 1
    )  # announced
    expected = {"new_expiry": "update"}.get(verb, verb)
    assert (event.topic, event.reason) == (f"gift_cards.{expected}", "asked by phone")
    assert (event.actor_kind, event.actor_id, event.actor_name) == ("user", str(owner.pk), owner.email)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_asks_for_a_reason(back_office, verb):
    card = READY_FOR[verb]()
    before = as_stored(card.pk)

    answer = back_office.post(dialog_of(card, verb), filled_in(card, reason="  "))

    assert answer.status_code == 200
    assert "This field is required" in answer.content.decode()
    assert as_stored(card.pk) == before


@pytest.mark.parametrize("status", list(Status))
def test_a_page_offers_what_the_state_machine_allows(back_office, status):
    card = CARD_IN[status]()

    page = back_office.get(page_of(card)).content.decode()

    buttons = {verb for verb in VERBS if verb != "reveal" and dialog_of(card, verb) in page}
    assert buttons == OFFERED[status]


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        (verb, status)
        for verb in ("purchase", "activate", "deactivate", "debit", "recharge")
        for status in Status
        if verb not in OFFERED[status]
    ],
)
def test_a_verb_that_is_not_possible_is_refused_in_words(back_office, verb, status):
    card = CARD_IN[status]()
    before = as_stored(card.pk)

    answer = back_office.post(dialog_of(card, verb), filled_in(card))

    expected = f"{verb.capitalize()} is not possible while the gift card is {status.value}."
    assert expected in answer.content.decode()
    assert as_stored(card.pk) == before


def test_a_debit_is_posted_with_its_order(back_office):
    card = an_active_card(balance_cents=10_000)

    answer = back_office.post(
        dialog_of(card, "debit"), filled_in(card, amount_cents=1234, reference="order-1", order_number="#7")
    )

    assert answer.headers["Location"] == page_of(card)
    entry = LedgerEntry.objects.get(gift_card=card, sequence=2)
    assert (entry.kind, entry.amount_cents, entry.balance_cents) == ("debit", -1234, 8766)
    assert (entry.reference, entry.order_number, entry.reason) == ("order-1", "#7", "asked by phone")


def test_a_dialog_inside_the_page_answers_htmx(back_office):
    card = an_active_card()

    shown = back_office.get(dialog_of(card, "debit"), headers={"HX-Request": "true"})
    done = back_office.post(dialog_of(card, "debit"), filled_in(card), headers={"HX-Request": "true"})

    assert shown.content.decode().strip().startswith('<div id="dialog"')
    assert (done.status_code, done.headers["HX-Redirect"]) == (200, page_of(card))


@pytest.mark.parametrize("verb", ["debit", "recharge"])
@pytest.mark.parametrize("amount", [0, -500])
def test_no_sign_turns_a_debit_into_a_recharge(back_office, verb, amount):
    card = an_active_card()
    before = as_stored(card.pk)

    answer = back_office.post(dialog_of(card, verb), filled_in(card, amount_cents=amount))

    assert f"{verb.capitalize()} must be greater than 0." in answer.content.decode()
    assert as_stored(card.pk) == before


def test_a_dialog_says_what_it_will_post(back_office):
    market = a_market(currency_code="EUR", locale="de_DE")
    card = an_active_card(market=market, balance_cents=5000)

    answer = back_office.get(dialog_of(card, "debit"), {"amount_cents": "1250"}).content.decode()

    assert "Posts a debit of -12,50\xa0€: the balance goes from 50,00\xa0€ to 37,50\xa0€." in answer
    assert "In minor units of EUR: 100 is 1,00\xa0€." in answer


def test_a_dialog_says_what_the_market_s_policy_will_do(back_office):
    market = a_market(default_validity_months=12, keeps_single_use_remainder=False)
    draft, card = a_draft(market=market), an_active_card(market=market, single_use=True)

    purchase = back_office.get(dialog_of(draft, "purchase")).content.decode()
    debit = back_office.get(dialog_of(card, "debit"), {"amount_cents": "1250"}).content.decode()

    assert "It expires after 12 months, as its market says." in purchase
    assert "Whatever is left then is given up, as its market says." in debit


def test_an_overdraft_is_refused_in_the_currency(back_office):
    card = an_active_card(balance_cents=400)
    before = as_stored(card.pk)

    answer = back_office.post(dialog_of(card, "debit"), filled_in(card, amount_cents=401)).content.decode()

    assert "Debit exceeds the available balance of $4.00." in answer
    assert as_stored(card.pk) == before


def test_a_dialog_sent_twice_posts_once(back_office):
    card = an_active_card(balance_cents=1000)
    sent = filled_in(card, amount_cents=400)

    back_office.post(dialog_of(card, "debit"), sent)
    second = back_office.post(dialog_of(card, "debit"), sent).content.decode()

    assert "Balance has changed since this was opened: $6.00." in second
    assert GiftCard.objects.get(pk=card.pk).balance_cents == 600


def test_a_dialog_that_was_left_open_posts_nothing(back_office):
    card = an_active_card(balance_cents=1000)
    debit(caller=TEST, card_id=card.pk, amount_cents=100)
    before = as_stored(card.pk)

    back_office.post(dialog_of(card, "debit"), filled_in(card))

    assert as_stored(card.pk) == before


def test_the_disabled_market_is_named_as_the_reason(back_office):
    market = a_market()
    card = an_active_card(market=market)
    disabled(market)

    answer = back_office.post(dialog_of(card, "debit"), filled_in(card)).content.decode()

    assert "Market is disabled." in answer


def test_a_small_balance_is_cashed_out_whole(back_office):
    card = a_small_card(rechargeable=False)
    foretold = back_office.get(dialog_of(card, "cash_out")).content.decode()

    back_office.post(dialog_of(card, "cash_out"), filled_in(card))

    assert "Posts a cash-out of $4.00, the whole balance." in foretold
    entry = LedgerEntry.objects.get(gift_card=card, sequence=2)
    assert (entry.kind, entry.amount_cents, entry.reason) == ("cash_out", -400, "asked by phone")
    assert GiftCard.objects.get(pk=card.pk).status == "redeemed"


@pytest.mark.parametrize(
    ("card", "offered"),
    [
        (a_small_card, True),
        (lambda: a_small_card(499), True),
        (lambda: a_small_card(500), False),
        (lambda: a_small_card(0), False),
        (lambda: an_active_card(balance_cents=1), False),
        (lambda: an_active_card(balance_cents=1, market=a_market()), False),
        (lambda: an_inactive_card(balance_cents=1, market=a_market(cash_out_below_cents=500)), False),
    ],
)
def test_a_cash_out_is_offered_where_the_market_has_a_rule_for_it(back_office, card, offered):
    card = card()

    assert (dialog_of(card, "cash_out") in back_office.get(page_of(card)).content.decode()) is offered


def test_a_balance_that_is_too_large_is_refused_in_the_currency(back_office):
    card = a_small_card(500)
    before = as_stored(card.pk)

    answer = back_office.post(dialog_of(card, "cash_out"), filled_in(card)).content.decode()

    assert "Cash out is only possible while the balance is less than $5.00." in answer
    assert as_stored(card.pk) == before


def test_a_cash_out_of_another_balance_than_was_shown_is_refused(back_office):
    card = a_small_card()
    debit(caller=TEST, card_id=card.pk, amount_cents=1)
    before = as_stored(card.pk)

    answer = back_office.post(dialog_of(card, "cash_out"), filled_in(card)).content.decode()

    assert "Balance has changed since this was opened: $3.99." in answer
    assert as_stored(card.pk) == before


def test_an_expiry_against_the_market_s_policy_is_refused_at_its_field(back_office):
    card = an_active_card(market=a_market(minimum_validity_months=60))

    answer = back_office.post(dialog_of(card, "new_expiry"), filled_in(card, last_day="2027-01-01"))

    assert answer.context["form"].errors["last_day"] == [
        "Falls short of the minimum validity of the market Berlin, 60 months from the issue."
    ]


def test_a_new_expiry_ends_with_the_day_in_the_market(back_office):
    card = an_active_card(market=a_market(time_zone="Europe/Rome"))

    back_office.post(dialog_of(card, "new_expiry"), filled_in(card, last_day="2031-05-31"))

    card.refresh_from_db(fields=["expires_at"])
    assert card.expires_at == datetime(2031, 5, 31, 22, 0, tzinfo=UTC)


def test_a_code_is_revealed_in_the_answer_and_nowhere_else(back_office):
    card = an_active_card(code="SENTINEL-CODE-7777")

    answer = back_office.post(dialog_of(card, "reveal"), {"reason": "lost mail"})
    page = back_office.get(page_of(card))

    assert "SENTINEL-CODE-7777" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert "SENTINEL-CODE-7777" not in page.content.decode()
    assert "SENTINEL" not in str(dict(back_office.session)) + str(answer.headers) + str(answer.cookies)


@pytest.mark.parametrize("caller", [TEST, LIVE], ids=["test", "live"])
def test_a_card_is_operated_in_its_own_mode(back_office, caller):
    card = an_active_card(by=caller)

    back_office.post(dialog_of(card, "debit"), filled_in(card))

    assert LedgerEntry.objects.get(gift_card=card, sequence=2).mode == Mode(caller.mode)


def test_an_unknown_card_is_not_found(back_office):
    unknown = a_draft()
    GiftCard.objects.filter(pk=unknown.pk).delete()

    assert back_office.post(dialog_of(unknown, "debit"), {"reason": "x"}).status_code == 404
    assert back_office.post("/back-office/giftcards/giftcard/no-uuid/debit/").status_code == 404
