"""One effect per key, for ever: what PostgreSQL itself refuses, and what may be pruned."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from api import stored_answers
from api.models import IdempotencyKey, StoredResponse
from kernel.keys import uuid7
from tests.library.models import Author

pytestmark = pytest.mark.django_db

WIPING = "SET LOCAL giftcards.wiping_test_data = 'on'"


def make_author(wire, key):
    body = {"data": {"type": "authors", "attributes": {"name": key}}}
    return wire.post("authors", body, idempotency_key=key)


def run(*statements):
    """In a savepoint, so that a refusal leaves the test's own transaction usable."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def keys():
    return list(IdempotencyKey.objects.order_by("pk").values())


@pytest.fixture
def key(wire):
    make_author(wire, "first")
    return IdempotencyKey.objects.get()


@pytest.fixture
def live_key(as_):
    make_author(as_("stranger"), "first")
    return IdempotencyKey.objects.get(mode="live")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE api_idempotencykey SET key = 'second'",
        "UPDATE api_idempotencykey SET key = key",
        "DELETE FROM api_idempotencykey",
        "TRUNCATE api_idempotencykey CASCADE",
        (
            "INSERT INTO api_idempotencykey TABLE api_idempotencykey"
            " ON CONFLICT (mode, application_id, key) DO UPDATE SET key = 'second'"
        ),
    ],
)
def test_a_key_is_neither_changed_nor_forgotten(key, statement):
    before = keys()

    with pytest.raises(IntegrityError, match="api_idempotencykey is append-only"):
        run(statement)

    assert keys() == before


def test_djangos_own_ways_to_change_a_key_end_there_too(key):
    for change in (key.save, key.delete, lambda: IdempotencyKey.objects.update(key="x")):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


def insert_copy(row, **changed):
    values = {name: getattr(row, name) for name in keys()[0]} | {"id": uuid7()} | changed
    with transaction.atomic():
        return IdempotencyKey.objects.create(**values)


def test_a_key_is_there_once_within_its_mode_and_application(key):
    with pytest.raises(IntegrityError, match="one_effect_per_idempotency_key"):
        insert_copy(key, path="/elsewhere", resource_id=uuid7())

    for other in ({"mode": "live"}, {"application_id": uuid7()}, {"key": "second"}, {"key": "First"}):
        insert_copy(key, **other)


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"mode": "prod"}, "idempotency_key_mode_is_test_or_live"),
        ({"status": 422}, "idempotency_key_is_of_a_success"),
    ],
)
def test_a_key_that_cannot_be_is_refused(key, changed, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        insert_copy(key, key="second", **changed)


def test_test_keys_are_wiped_with_their_answers_and_live_ones_never(key, live_key):
    with pytest.raises(IntegrityError, match="append-only"):
        run(WIPING, "DELETE FROM api_idempotencykey")
    assert IdempotencyKey.objects.count() == StoredResponse.objects.count() == 2

    run(WIPING, "DELETE FROM api_idempotencykey WHERE mode = 'test'")

    assert [each.mode for each in IdempotencyKey.objects.all()] == ["live"]
    assert StoredResponse.objects.get().idempotency_key == live_key


def prune(**options):
    out = StringIO()
    call_command("prune_idempotent_responses", stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


@pytest.fixture
def three_answers(wire, monkeypatch):
    """Of 1, 25 and 49 hours ago, to be deleted by portions of two."""
    monkeypatch.setattr(stored_answers, "PORTION", 2)
    for hours in (1, 25, 49):
        make_author(wire, str(hours))
        StoredResponse.objects.filter(idempotency_key__key=str(hours)).update(
            created_at=timezone.now() - timedelta(hours=hours)
        )


@pytest.mark.parametrize(
    ("options", "said", "left"),
    [
        ({}, "2 answers older than 24 hours pruned.\n", ["1"]),
        ({"hours": 48}, "1 answers older than 48 hours pruned.\n", ["1", "25"]),
        ({"hours": 0}, "3 answers older than 0 hours pruned.\n", []),
        ({"hours": 1000}, "0 answers older than 1000 hours pruned.\n", ["1", "25", "49"]),
    ],
)
def test_old_answers_are_pruned_and_no_key_is(three_answers, options, said, left):
    assert prune(**options) == said
    assert prune(**options).startswith("0 ")
    assert list(StoredResponse.objects.order_by("pk").values_list("idempotency_key__key", flat=True)) == left
    assert IdempotencyKey.objects.count() == 3


def test_after_pruning_nothing_is_done_twice(wire, three_answers):
    prune(hours=0)

    assert {make_author(wire, key).status for key in ("1", "25", "49")} == {409}
    assert Author.objects.count() == 3


@pytest.mark.parametrize("hours", ["-1", "1.5", "a day", "", "9" * 30])
def test_an_age_that_is_none_is_refused(hours):
    with pytest.raises(CommandError, match="--hours"):
        call_command("prune_idempotent_responses", f"--hours={hours}")
