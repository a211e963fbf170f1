"""The back office wipes test data: for its owner, who types what he wants."""

import pytest
from django.urls import reverse

from giftcards.models import GiftCard
from tests.fixtures.cast import LIVE, an_active_card

pytestmark = pytest.mark.django_db

PAGE = "/back-office/giftcards/giftcard/wipe-test-data/"
CARDS = "/back-office/giftcards/giftcard/"


def test_the_page_says_what_goes_and_removes_nothing(back_office):
    an_active_card()

    page = back_office.get(PAGE, {"confirmation": "wipe test data"})

    assert (page.status_code, reverse("admin:giftcards_wipe_test_data")) == (200, PAGE)
    assert "Removes 4 events, 1 ledger entry, 1 gift card, all of the test mode" in page.content.decode()
    assert GiftCard.objects.count() == 1


def test_who_types_it_wipes_test_data_and_nothing_else(back_office, owner, caplog):
    an_active_card()
    live = an_active_card(by=LIVE)

    answer = back_office.post(PAGE, {"confirmation": "wipe test data"}, follow=True)

    assert answer.redirect_chain == [(CARDS, 302)]
    assert "All test data is wiped: 6 rows." in answer.content.decode()
    assert list(GiftCard.objects.all()) == [live]
    assert f"Test data wiped by {owner.email} (user)" in caplog.text


@pytest.mark.parametrize("typed", ["", "yes", "Wipe Test Data", "wipe"])
def test_who_types_anything_else_removes_nothing(back_office, typed):
    an_active_card()

    answer = back_office.post(PAGE, {"confirmation": typed})

    assert (answer.status_code, bool(answer.context["form"].errors["confirmation"])) == (200, True)
    assert GiftCard.objects.count() == 1


def test_only_a_superuser_may(back_office_of):
    an_active_card()
    clerk = back_office_of(
        "giftcards.view_giftcard", "giftcards.change_giftcard", "giftcards.delete_giftcard"
    )

    assert clerk.get(PAGE).status_code == 403
    assert clerk.post(PAGE, {"confirmation": "wipe test data"}).status_code == 403
    assert PAGE not in clerk.get(CARDS).content.decode()
    assert GiftCard.objects.count() == 1


def test_a_stranger_is_sent_to_the_login(client):
    an_active_card()

    answer = client.post(PAGE, {"confirmation": "wipe test data"})

    assert answer.status_code == 302
    assert "/login/" in answer.headers["Location"]
    assert GiftCard.objects.count() == 1


def test_the_sidebar_leads_its_owner_there(back_office):
    assert PAGE in back_office.get(CARDS).content.decode()


@pytest.mark.parametrize("method", ["head", "options", "put", "patch", "delete"])
def test_only_post_wipes(back_office, method):
    an_active_card()

    getattr(back_office, method)(PAGE)

    assert GiftCard.objects.count() == 1


def test_a_refusal_is_shown_on_the_page(back_office, monkeypatch):
    monkeypatch.setattr("giftcards.wiping.PASSES", 0)
    an_active_card()

    page = back_office.post(PAGE, {"confirmation": "wipe test data"}).content.decode()

    assert "Test data is in use, and nothing is removed: stop what writes it, and try again." in page
    assert GiftCard.objects.count() == 1
