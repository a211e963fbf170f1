"""The database's clock is the one that decides."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from kernel.clock import database_now

pytestmark = pytest.mark.django_db


def test_it_goes_on_within_a_transaction():
    with transaction.atomic():
        first, second = database_now(), database_now()

    assert first < second


def test_it_knows_its_time_zone():
    assert database_now().utcoffset() == timedelta(0)


def test_it_does_not_care_what_the_application_thinks():
    before = database_now()

    with time_machine.travel(before + timedelta(days=1)):
        assert database_now() - before < timedelta(hours=1)
