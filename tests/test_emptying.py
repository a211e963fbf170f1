"""What a transactional test leaves to the next one: nothing, and whole tables of Django's own."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.test import TransactionTestCase

from events.models import Event
from giftcards.models import GiftCard, LedgerEntry
from tests.fixtures.cast import an_active_card

pytestmark = pytest.mark.django_db(transaction=True)


def end_a_test() -> None:
    TransactionTestCase()._fixture_teardown()  # type: ignore[attr-defined]


def permissions() -> list[tuple[str, str]]:
    return sorted(Permission.objects.values_list("content_type__model", "codename"))


def test_nothing_that_a_test_has_written_is_left():
    an_active_card()
    end_a_test()
    assert [model.objects.count() for model in (GiftCard, LedgerEntry, Event)] == [0, 0, 0]


def test_what_django_keeps_for_every_model_is_not_made_again():
    kept = list(Permission.objects.values_list("pk", flat=True))
    assert kept
    end_a_test()
    assert list(Permission.objects.values_list("pk", flat=True)) == kept


def test_what_a_test_has_taken_from_django_is_back():
    before = permissions()
    ContentType.objects.filter(app_label="giftcards").delete()
    assert permissions() != before

    end_a_test()

    assert permissions() == before


def test_what_a_test_has_added_to_django_is_gone():
    before = permissions()
    Permission.objects.create(codename="more", content_type=ContentType.objects.all()[0])
    end_a_test()
    assert permissions() == before
