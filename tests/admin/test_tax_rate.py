"""A card's tax rate on its page."""

from decimal import Decimal

import pytest
from django.urls import reverse

from giftcards.models import GiftCard
from tests.fixtures.cast import a_market, an_active_card

pytestmark = pytest.mark.django_db


def page_of(card):
    return reverse("admin:giftcards_giftcard_change", args=[card.pk])


def test_a_rate_of_its_own_is_set_and_taken_back(back_office):
    card = an_active_card(market=a_market(tax_rate=Decimal(19)))
    form = {"market": card.market_id, "rechargeable": "on", "distribute_discount": "on", "metadata": "{}"}

    assert "19 %" in back_office.get(page_of(card)).content.decode()
    back_office.post(page_of(card), {**form, "tax_rate": "7.25"})
    assert GiftCard.objects.get(pk=card.pk).own_tax_rate == Decimal("7.25")
    assert "7.25 %, its own" in back_office.get(page_of(card)).content.decode()
    back_office.post(page_of(card), {**form, "tax_rate": ""})
    assert GiftCard.objects.get(pk=card.pk).own_tax_rate is None


def test_who_may_only_look_sees_it(back_office_of):
    card = an_active_card(market=a_market(tax_rate=Decimal(19)))
    assert "19 %" in back_office_of("giftcards.view_giftcard").get(page_of(card)).content.decode()
