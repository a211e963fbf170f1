"""Payments in the back office: read by whoever may, given back once by whoever may spend."""

import pytest
from django.urls import reverse

from events.models import Event
from giftcards.models import GiftCard, Payment
from giftcards.operations import pay, refund_payment
from tests.fixtures.cast import TEST, a_market, an_active_card
from tests.fixtures.payloads import HOSTILE

pytestmark = pytest.mark.django_db

LIST = "admin:giftcards_payment_changelist"


def a_payment(**more):
    cards = [an_active_card(balance_cents=cents) for cents in (400, 900)]
    return pay(caller=TEST, amount_cents=1_000, gift_cards=[card.id for card in cards], **more), cards


def page_of(payment):
    return reverse("admin:giftcards_payment_change", args=[payment.pk])


def dialog_of(payment):
    return reverse("admin:giftcards_payment_refund", args=[payment.pk])


def filled_in(payment, **given):
    seen = payment.transactions.count()
    return {"amount_cents": "", "reason": "asked by phone", "seen": seen, **given}


def balances(cards):
    return [GiftCard.objects.get(id=card.id).balance_cents for card in cards]


def test_a_list_tells_what_was_paid_and_given_back(back_office, django_assert_max_num_queries):
    payments = [a_payment(attributes={"reference": f"order-{number}"})[0] for number in range(3)]
    refund_payment(caller=TEST, payment_id=payments[0].id, amount_cents=123)

    with django_assert_max_num_queries(12):
        page = back_office.get(reverse(LIST)).content.decode()

    assert page.count("$10.00") == 6
    assert page.count("$1.23") == 1
    found = back_office.get(reverse(LIST), {"q": "order-1"}).context["cl"].result_list
    assert [each.reference for each in found] == ["order-1"]


def test_a_payment_shows_its_cards_and_its_history(back_office):
    payment, cards = a_payment(reason="At the counter")
    refund_payment(caller=TEST, payment_id=payment.id, amount_cents=250, reason="Sent back")

    page = back_office.get(page_of(payment)).content.decode()

    for card in cards:
        assert reverse("admin:giftcards_giftcard_change", args=[card.pk]) in page
    for text in ("-$4.00", "-$6.00", "+$2.50", "At the counter", "Sent back", "$2.50"):
        assert text in page


def test_nobody_adds_changes_or_deletes_one(back_office):
    payment, _ = a_payment()
    before = Payment.objects.values().get()

    assert back_office.post(page_of(payment), {"reference": "x"}).status_code == 403
    assert back_office.get(reverse("admin:giftcards_payment_add")).status_code == 403
    delete = reverse("admin:giftcards_payment_delete", args=[payment.pk])
    assert back_office.post(delete, {"post": "yes"}).status_code == 403
    assert Payment.objects.values().get() == before


def test_a_refund_asks_first_and_gives_all_of_it_back(back_office):
    payment, cards = a_payment()

    asked = back_office.get(dialog_of(payment)).content.decode()
    assert "Up to $10.00 go back" in asked
    assert balances(cards) == [0, 300]

    answer = back_office.post(dialog_of(payment), filled_in(payment), follow=True)

    assert "Gave back $10.00." in answer.content.decode()
    assert balances(cards) == [400, 900]
    event = Event.objects.get(topic="gift_card_payments.refund")
    assert (event.reason, event.actor_kind) == ("asked by phone", "user")


def test_a_part_is_typed_in_minor_units(back_office):
    payment, cards = a_payment()

    refused = back_office.post(dialog_of(payment), filled_in(payment, amount_cents="2.50"))
    assert "Type minor units as a whole number: 5000 for $50.00." in refused.content.decode()

    back_office.post(dialog_of(payment), filled_in(payment, amount_cents="250"))
    assert balances(cards) == [0, 550]


@pytest.mark.parametrize(
    ("amount_cents", "sentence"),
    [("1001", "Exceeds the $10.00 that are left to refund."), ("0", "Must be greater than 0.")],
)
def test_a_refusal_is_a_sentence_at_the_amount(back_office, amount_cents, sentence):
    payment, cards = a_payment()

    answer = back_office.post(dialog_of(payment), filled_in(payment, amount_cents=amount_cents))

    assert sentence in answer.content.decode()
    assert balances(cards) == [0, 300]


def test_a_dialog_that_is_sent_twice_gives_back_once(back_office):
    payment, cards = a_payment()
    sent = filled_in(payment, amount_cents="100")

    back_office.post(dialog_of(payment), sent)
    answer = back_office.post(dialog_of(payment), sent)

    assert "Payment has changed since this was opened." in answer.content.decode()
    assert balances(cards) == [0, 400]


def test_it_is_offered_while_something_is_left(back_office):
    payment, _ = a_payment()
    assert dialog_of(payment) in back_office.get(page_of(payment)).content.decode()

    refund_payment(caller=TEST, payment_id=payment.id)

    assert dialog_of(payment) not in back_office.get(page_of(payment)).content.decode()


def test_whoever_may_only_look_gives_nothing_back(back_office_of):
    payment, cards = a_payment()
    clerk = back_office_of("giftcards.view_payment")

    assert clerk.get(page_of(payment)).status_code == 200
    assert dialog_of(payment) not in clerk.get(page_of(payment)).content.decode()
    assert clerk.post(dialog_of(payment), filled_in(payment)).status_code == 403
    assert balances(cards) == [0, 300]


def test_whoever_may_spend_and_not_look_gives_nothing_back(back_office_of):
    payment, _ = a_payment()

    clerk = back_office_of("giftcards.refund_gift_card")

    assert clerk.post(dialog_of(payment), filled_in(payment)).status_code == 403


def test_a_cards_history_and_the_ledger_name_the_payment(back_office):
    payment, (card, _) = a_payment()
    entry = card.ledger_entries.latest("sequence")

    history = back_office.get(reverse("admin:giftcards_giftcard_change", args=[card.pk])).content.decode()
    ledger = back_office.get(reverse("admin:giftcards_ledgerentry_change", args=[entry.pk])).content.decode()

    assert f"payment {payment.pk}" in history
    assert page_of(payment) in ledger


def test_no_page_lets_data_run(back_office):
    payment, _ = a_payment(attributes={"reference": HOSTILE[0][:255]}, reason=HOSTILE[0])

    for address in (reverse(LIST), page_of(payment), dialog_of(payment)):
        assert HOSTILE[0] not in back_office.get(address).content.decode()


def test_a_market_gives_the_words(back_office):
    market = a_market(currency_code="EUR", locale="de_DE")
    card = an_active_card(currency_code="EUR")
    payment = pay(caller=TEST, amount_cents=1_000, gift_cards=[card.id], spent_in=market)

    assert "10,00\xa0€" in back_office.get(page_of(payment)).content.decode()
