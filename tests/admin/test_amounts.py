"""Amounts are typed in minor units, and nothing else is read as one: "50.00" is not 50 cents."""

from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.urls import reverse

from giftcards.admin import dialogs
from giftcards.admin.amounts import MinorUnitsField
from giftcards.models import GiftCard
from tests.fixtures.cast import a_market, an_active_card, as_stored

pytestmark = pytest.mark.django_db

ADD = "/back-office/giftcards/giftcard/add/"
LARGEST = 10**13
NO_AMOUNT = [
    *("50.00", "5.00", "5.0", "5.", ".5", "0.5", "-0.0", "50,00", "5,000", "5 000", "5\u00a0000"),
    *("1_0", "5_000", "1e3", "1E3", "0x10", "+5", "05", "00", "--5", "-", "- 5", "5-", "5\u2212"),
    *("٥", "٣", "１２", "५", "²", "Ⅴ", "5٥", "NaN", "Infinity", "five", "5 EUR", "€5", "true", "null"),
    *(" 5", "5 ", "5\n", "\u20035", "5\x00", "=5", "1/2", "9" * 30 + ".0"),
]
BEYOND_COUNTING = [
    *(str(LARGEST + 1), str(2**53 + 1), str(2**63 - 1), str(2**63), "9" * 30, "9" * 5000),
    *(str(-LARGEST - 1), "-" + "9" * 30, "-" + "9" * 5000),
]
ON_EVERY_PAGE = ["50.00", "5.", "50,00", "1_0", "٥", "5 ", "5\x00", "1e3"]
INPUTS = ("face value", "maximum of a new card", "maximum", "debit", "recharge")


def page_of(card, page="change"):
    return reverse(f"admin:giftcards_giftcard_{page}", args=[card.pk])


def send(client, name, card, typed):
    """Post `typed` as one amount; returns the form that refused it, None for one that took it."""
    new = {"mode": "test", "face_value": "5000", "currency_code": "EUR", "rechargeable": "on"}
    kept = {"rechargeable": "on", "distribute_discount": "on", "metadata": "{}"}
    dialog = {"amount_cents": typed, "reason": "asked", "seen": card.ledger_sequence}
    address, given = {
        "face value": (ADD, new | {"face_value": typed}),
        "maximum of a new card": (ADD, new | {"balance_max_cents": typed}),
        "maximum": (page_of(card), kept | {"balance_max_cents": typed}),
        "debit": (page_of(card, "debit"), dialog),
        "recharge": (page_of(card, "recharge"), dialog),
    }[name]
    answer = client.post(address, given)
    if answer.status_code == 302:
        return None
    assert answer.status_code == 200
    context = answer.context
    return context["adminform"].form if "adminform" in context else context["form"]


def field_of(name):
    return {"face value": "face_value", "debit": "amount_cents", "recharge": "amount_cents"}.get(
        name, "balance_max_cents"
    )


@pytest.mark.parametrize("typed", NO_AMOUNT, ids=ascii)
def test_what_is_no_whole_number_is_no_amount(typed):
    with pytest.raises(ValidationError, match="Type minor units as a whole number: 5000 for 50"):
        MinorUnitsField().clean(typed)


@pytest.mark.parametrize("typed", BEYOND_COUNTING, ids=lambda typed: f"{typed[:20]}({len(typed)})")
def test_an_amount_beyond_counting_is_none(typed):
    limit = -LARGEST if typed.startswith("-") else LARGEST
    with pytest.raises(ValidationError, match=f"There are no amounts beyond {limit} minor units"):
        MinorUnitsField().clean(typed)


@pytest.mark.parametrize("typed", ["0", "-0", "1", "-1", "5000", str(LARGEST), str(-LARGEST)])
def test_whole_numbers_are_amounts(typed):
    assert MinorUnitsField().clean(typed) == int(typed)


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("typed", ON_EVERY_PAGE, ids=ascii)
def test_what_is_no_amount_is_refused_at_its_field(back_office, name, typed):
    card = an_active_card()
    before = as_stored(card.pk)

    form = send(back_office, name, card, typed)

    (sentence,) = form.errors[field_of(name)]
    assert sentence.startswith("Type minor units as a whole number: 5000 for ")
    assert set(form.errors) == {field_of(name)}
    assert as_stored(card.pk) == before
    assert GiftCard.objects.count() == 1


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("typed", [str(LARGEST + 1), "9" * 30, "-" + "9" * 5000], ids=len)
def test_an_amount_beyond_counting_is_refused(back_office, name, typed):
    card = an_active_card()
    before = as_stored(card.pk)

    form = send(back_office, name, card, typed)

    limit = -LARGEST if typed.startswith("-") else LARGEST
    assert form.errors == {field_of(name): [f"There are no amounts beyond {limit} minor units."]}
    assert as_stored(card.pk) == before
    assert GiftCard.objects.count() == 1


@pytest.mark.parametrize("name", INPUTS)
def test_an_amount_has_no_sign(back_office, name):
    card = an_active_card()
    before = as_stored(card.pk)

    form = send(back_office, name, card, "-500")

    assert "ust be greater than" in str(form.errors)
    assert as_stored(card.pk) == before


@pytest.mark.parametrize("typed", ["1", "5000", str(LARGEST)])
def test_the_edges_themselves_are_amounts(back_office, typed):
    card = an_active_card(balance_cents=LARGEST)

    assert send(back_office, "face value", card, typed) is None
    assert GiftCard.objects.exclude(pk=card.pk).get().balance_cents == int(typed)
    assert send(back_office, "maximum", card, typed) is None
    assert GiftCard.objects.get(pk=card.pk).balance_max_cents == int(typed)
    assert send(back_office, "debit", card, typed) is None
    assert GiftCard.objects.get(pk=card.pk).balance_cents == LARGEST - int(typed)


def test_an_emptied_maximum_is_none(back_office):
    card = an_active_card(balance_max_cents=20_000)

    assert send(back_office, "maximum", card, "") is None

    card.refresh_from_db(fields=["balance_max_cents"])
    assert card.balance_max_cents is None


@pytest.mark.parametrize("verb", ["debit", "recharge"])
@pytest.mark.parametrize("typed", [*ON_EVERY_PAGE, "9" * 30, "9" * 5000], ids=lambda typed: ascii(typed)[:20])
def test_a_dialog_foretells_what_it_would_post_and_nothing_else(back_office, verb, typed):
    card = an_active_card()

    answer = back_office.get(page_of(card, verb), {"amount_cents": typed})

    assert answer.status_code == 200
    foretold = answer.context["form"].foretell()
    refused = send(back_office, verb, card, typed).errors["amount_cents"]
    assert foretold == f"The balance is $100.00. {refused[0]}"


@pytest.mark.parametrize("verb", ["debit", "recharge"])
@pytest.mark.parametrize("typed", [None, "", "0", "-0", "-500"])
def test_a_dialog_without_an_amount_foretells_no_posting(back_office, verb, typed):
    card = an_active_card()

    answer = back_office.get(page_of(card, verb), {} if typed is None else {"amount_cents": typed})

    foretold = answer.context["form"].foretell()
    assert foretold == "The balance is $100.00. Type an amount to see what is posted."


def test_the_example_is_in_the_currency_of_the_card(back_office):
    card = an_active_card(market=a_market(currency_code="JPY", locale="ja_JP"))

    form = send(back_office, "debit", card, "50.00")

    assert form.errors == {"amount_cents": ["Type minor units as a whole number: 5000 for ￥5,000."]}


def test_no_input_reads_numbers_in_its_own_way(rf, owner):
    """Django's own fields for numbers take "50.00", "1_0" and the digits of every script."""
    request = rf.get("/")
    request.user = owner
    pages: list[Any] = [
        page.get_form(request) for page in admin.site._registry.values() if page.has_add_permission(request)
    ]
    pages += [page.get_form(request, change=True) for page in admin.site._registry.values()]
    pages += [
        each for each in vars(dialogs).values() if isinstance(each, type) and issubclass(each, forms.Form)
    ]

    lax = {
        name
        for page in pages
        for name, field in page.base_fields.items()
        if isinstance(field, forms.IntegerField | forms.FloatField | forms.DecimalField)
    }
    assert lax == {"seen"}  # hidden, and only compared
