"""Archiving from a card's page, and finding what is archived."""

import pytest
from django.urls import reverse

from giftcards.models import GiftCard
from tests.fixtures.cast import an_active_card, an_archived_card

pytestmark = pytest.mark.django_db


def test_the_page_of_an_archived_card_offers_what_is_left(back_office):
    card = an_archived_card()

    page = back_office.get(reverse("admin:giftcards_giftcard_change", args=[card.pk])).content.decode()

    verbs = ("purchase", "activate", "debit", "recharge", "cash_out", "deactivate", "archive", "unarchive")
    offered = {verb for verb in verbs if reverse(f"admin:giftcards_giftcard_{verb}", args=[card.pk]) in page}
    assert offered == {"deactivate", "unarchive"}
    assert "available $0.00" in page


@pytest.mark.parametrize(("query", "shown"), [("", 2), ("?archive=without", 1), ("?archive=only", 1)])
def test_the_list_can_leave_them_out(back_office, query, shown):
    an_active_card()
    an_archived_card()

    answer = back_office.get(reverse("admin:giftcards_giftcard_changelist") + query)

    assert answer.context["cl"].result_count == shown
    assert ("active, archived" in answer.content.decode()) is (query != "?archive=without")


def test_the_dialog_says_what_stays(back_office):
    card = an_active_card(balance_cents=1_250)
    address = reverse("admin:giftcards_giftcard_archive", args=[card.pk])

    foretold = back_office.get(address).content.decode()
    back_office.post(address, {"reason": "old stock"})
    again = back_office.post(address, {"reason": "old stock"}).content.decode()

    assert "It keeps its $12.50, which we still owe." in foretold
    assert GiftCard.objects.get(pk=card.pk).is_archived
    assert "Archive is not possible because the gift card is archived." in again
