"""Every change leaves one event: who, why, when, in an order without gaps."""

import pytest
from django.db import IntegrityError, connection, transaction

from events.models import Event
from events.operations import record
from events.queries import timeline
from kernel.caller import Actor, ActorKind, Caller
from kernel.keys import uuid7
from kernel.modes import Mode

pytestmark = pytest.mark.django_db

CLERK = Caller(Mode.LIVE, Actor(ActorKind.USER, "7", "clerk@shop.example"))
CARD, OTHER_CARD = uuid7(), uuid7()


def note(verb, subject=CARD, **more):
    return record(
        caller=CLERK, subject_type="gift_cards", subject_id=subject, topic=f"gift_cards.{verb}", **more
    )


def test_an_event_says_what_was_done_by_whom_and_why():
    event = note("debit", reason="bought a book", data={"amount_cents": -1200, "order": CARD})

    event.refresh_from_db()
    assert event.topic == "gift_cards.debit"
    assert (event.subject_type, event.subject_id) == ("gift_cards", CARD)
    assert (event.actor_kind, event.actor_id, event.actor_name) == ("user", "7", "clerk@shop.example")
    assert event.mode == Mode.LIVE
    assert event.reason == "bought a book"
    assert event.data == {"amount_cents": -1200, "order": str(CARD)}


def test_the_events_of_a_subject_count_from_one_without_gaps():
    for verb in ["create", "purchase", "activate"]:
        note(verb)
    note("create", subject=OTHER_CARD)

    told = [(event.sequence, event.topic) for event in timeline(CARD)]
    assert told == [(1, "gift_cards.create"), (2, "gift_cards.purchase"), (3, "gift_cards.activate")]
    assert [event.sequence for event in timeline(OTHER_CARD)] == [1]


def test_an_event_costs_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        event = note("create")

    assert (event.sequence, event.data) == (1, {})
    assert event.created_at is not None


def test_within_one_transaction_time_goes_on():
    first, second = note("create"), note("purchase")

    assert first.created_at < second.created_at


def test_a_change_that_is_undone_leaves_no_event():
    with transaction.atomic():
        note("create")
        transaction.set_rollback(True)

    assert not timeline(CARD).exists()


def test_the_database_refuses_a_second_event_of_the_same_number():
    event = note("create")
    event.pk = uuid7()

    with pytest.raises(IntegrityError, match="event_sequence_is_unique"), transaction.atomic():
        event.save(force_insert=True)


@pytest.mark.parametrize(("column", "value"), [("mode", "prod"), ("sequence", 0)])
def test_the_database_refuses_an_event_of_no_mode_or_no_number(column, value):
    event = Event(mode="test", subject_type="x", subject_id=CARD, sequence=1, topic="x.y")
    setattr(event, column, value)

    with pytest.raises(IntegrityError), transaction.atomic():
        event.save(force_insert=True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events_event SET reason = 'something else'",
        "DELETE FROM events_event",
        "TRUNCATE events_event",
        "TRUNCATE events_event CASCADE",
        "INSERT INTO events_event SELECT * FROM events_event ON CONFLICT (id) DO UPDATE SET reason = 'x'",
    ],
)
def test_the_database_refuses_to_change_or_forget_an_event(statement):
    event = note("create", reason="as it was")

    with (
        pytest.raises(IntegrityError, match="events_event is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    event.refresh_from_db()
    assert event.reason == "as it was"


def test_djangos_own_ways_to_change_an_event_end_there_too():
    event = note("create")

    for change in (event.save, event.delete, lambda: Event.objects.update(reason="other")):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
