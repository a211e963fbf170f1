"""PostgreSQL keeps the plans of what a connection sends again and again, unless it is told not to."""

from uuid import uuid4

import pytest
from django.db import connection

from config import settings
from giftcards.models import GiftCard

ASK = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s"


def prepared(marker: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(ASK, [f"%giftcards_giftcard%{marker}%"])
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_what_is_sent_again_is_prepared_once_whatever_its_values():
    for number in range(settings.PREPARE_AFTER + 3):
        # By a column that nobody else looks by: this connection may have sent other tests' statements.
        list(GiftCard.objects.filter(pk__in=[uuid4() for _ in range(number + 1)], image_url=f"r{number}"))

    assert prepared('"image_url" = $') == 1


@pytest.mark.parametrize(("is_on", "threshold"), [(True, settings.PREPARE_AFTER), (False, None)])
def test_a_pooler_that_does_not_know_them_is_spared(monkeypatch, is_on, threshold):
    monkeypatch.setattr(settings, "PREPARED_STATEMENTS", is_on)

    assert settings.database("postgresql:///shop")["OPTIONS"]["prepare_threshold"] == threshold
