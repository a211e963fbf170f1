"""What `verify_ledger` finds is recorded, so that probes and people know without running it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from giftcards.models import Verification
from giftcards.operations import debit
from giftcards.verification.verdicts import LONGEST_LIE
from kernel.clock import database_now
from tests.fixtures.cast import TEST, an_active_card
from tests.fixtures.proof import verify
from tests.fixtures.tampering import tampered

pytestmark = pytest.mark.django_db

RICHER = "UPDATE giftcards_giftcard SET balance_cents = balance_cents + 1 WHERE id = %(card)s"


def a_verification(**attributes):
    given = {"scope": "full", "started_at": database_now(), "cards": 0, "lies": 0, **attributes}
    return Verification.objects.create(**given)


def ledger(client):
    return client.get("/healthz/ready").json()["ledger"]


def test_a_clean_run_is_recorded_with_the_times_of_the_database():
    an_active_card()
    before = database_now()
    verify()
    recorded = Verification.objects.get()

    assert (recorded.scope, recorded.since, recorded.cards) == ("full", None, 1)
    assert (recorded.lies, recorded.first_lie, recorded.verdict) == (0, "", "true")
    assert before < recorded.started_at < recorded.finished_at < database_now()


def test_a_lie_is_recorded_although_the_command_fails():
    card = an_active_card()
    with tampered((RICHER, {"card": card.id})):
        with pytest.raises(CommandError) as failure:
            verify()
        recorded = Verification.objects.get()

    assert (recorded.lies, recorded.verdict) == (1, "lies")
    assert recorded.first_lie == str(failure.value)


def test_all_lies_are_counted_when_all_are_asked_for():
    cards = [an_active_card(), an_active_card()]
    with tampered(*((RICHER, {"card": card.id}) for card in cards)):
        with pytest.raises(CommandError, match="2 lies"):
            verify("--all")
        assert Verification.objects.get().lies == 2


def test_what_somebody_wrote_into_the_database_is_recorded_in_part_only():
    """A lie's text repeats a topic, which is anybody's who tampers."""
    card = an_active_card()
    debit(caller=TEST, card_id=card.id, amount_cents=1)
    statement = """
        UPDATE events_event SET data = jsonb_build_object('status', repeat('x', 5000))
        WHERE subject_id = %(card)s AND sequence = 3
    """
    with tampered((statement, {"card": card.id})):
        with pytest.raises(CommandError):
            verify()
        assert len(Verification.objects.get().first_lie) == LONGEST_LIE


def test_a_database_that_can_only_be_read_is_verified_all_the_same():
    an_active_card()
    out, err = StringIO(), StringIO()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")
    call_command("verify_ledger", stdout=out, stderr=err)

    assert out.getvalue() == "The ledger is true: 1 gift cards verified.\n"
    assert "The verdict is not recorded" in err.getvalue()


def test_before_the_first_verification_readiness_says_so(client):
    assert ledger(client) == {"verdict": "never verified", "verified_at": None, "age_seconds": None}


def test_readiness_tells_the_last_full_verdict_and_its_age(client):
    a_verification(finished_at=database_now() - timedelta(days=2))
    last = a_verification(finished_at=database_now() - timedelta(hours=1))
    told = ledger(client)

    assert told.pop("age_seconds") in range(3600, 3660)
    assert told.pop("verified_at")[:23] == last.finished_at.isoformat()[:23]
    assert told == {"verdict": "true"}


def test_lies_leave_the_service_ready(client):
    """To stop every shop would mend nothing: that is for a person to decide."""
    a_verification(lies=1, first_lie="Gift card 1: it lies.")
    response = client.get("/healthz/ready")

    assert response.status_code == 200
    assert (response.json()["status"], response.json()["ledger"]["verdict"]) == ("ok", "lies")
    assert "Gift card" not in response.content.decode()


def test_a_newer_verification_since_a_moment_is_told_beside_the_full_one(client):
    a_verification(lies=1, first_lie="x", finished_at=database_now() - timedelta(days=1))
    a_verification(scope="since", since=database_now() - timedelta(hours=3))
    told = ledger(client)

    assert (told["verdict"], told["newer_cards"]["verdict"]) == ("lies", "true")
    assert told["newer_cards"]["age_seconds"] < 60
    assert told["newer_cards"]["since"] < told["newer_cards"]["verified_at"]


def test_an_older_verification_since_a_moment_is_not_told(client):
    a_verification(scope="since", since=database_now(), finished_at=database_now() - timedelta(days=1))
    a_verification()

    assert "newer_cards" not in ledger(client)


def test_it_costs_readiness_one_query(client, django_assert_num_queries):
    for _ in range(3):
        a_verification()
        a_verification(scope="since", since=database_now())
    client.get("/healthz/ready")

    with django_assert_num_queries(2):
        client.get("/healthz/ready")
