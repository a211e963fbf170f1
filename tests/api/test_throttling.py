"""What callers do is counted within a window, once for all processes; what nobody touches is swept away."""

from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test import RequestFactory

from api.client_address import client_address
from api.errors import Rejection
from api.models import ThrottleCount
from api.throttling import Count, Window, refuse
from tests.fixtures.races import at_once

MINUTE = Window("tests", seconds=60)


def let_pass(seconds: int) -> None:
    """As if the rows had been written so much earlier."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE api_throttlecount SET begins_at = begins_at - %s::interval", [f"{seconds} s"])


@pytest.mark.django_db
def test_each_subject_is_counted_for_itself():
    assert MINUTE.count("ada", "bob") == {"ada": Count(1, 60), "bob": Count(1, 60)}
    assert MINUTE.count("ada", "ada", times=3)["ada"].number == 4
    assert Window("others", seconds=60).count("ada")["ada"].number == 1
    assert {subject: count.number for subject, count in MINUTE.read("ada", "bob", "eve").items()} == {
        "ada": 4,
        "bob": 1,
        "eve": 0,
    }


@pytest.mark.django_db
def test_a_window_begins_with_the_first_count_and_ends_in_its_time():
    MINUTE.count("ada")
    let_pass(40)
    assert MINUTE.count("ada")["ada"] == Count(2, 20)
    let_pass(19)
    assert MINUTE.read("ada")["ada"] == Count(2, 1)
    let_pass(2)

    assert MINUTE.read("ada")["ada"] == Count(0, 0)
    assert MINUTE.count("ada")["ada"] == Count(1, 60)


@pytest.mark.django_db
def test_whoever_begins_a_row_sweeps_old_ones():
    MINUTE.count("ada", "bob")
    let_pass(3 * 3600)

    MINUTE.count("eve")

    assert list(ThrottleCount.objects.values_list("subject", flat=True)) == ["eve"]


@pytest.mark.django_db(transaction=True)
def test_counts_of_many_at_once_are_all_there():
    at_once([lambda: MINUTE.count("ada", "bob"), lambda: MINUTE.count("bob", "ada")] * 8)

    assert {count.number for count in MINUTE.read("ada", "bob").values()} == {16}


@pytest.mark.django_db(transaction=True)
def test_adding_to_what_was_read_would_lose_some():
    """The control: what counting in two statements comes to."""

    def read_then_write():
        number = MINUTE.read("ada")["ada"].number
        read.wait()
        ThrottleCount.objects.filter(subject="ada").update(number=number + 1)

    read = Barrier(4, timeout=20)
    MINUTE.count("ada")
    at_once([read_then_write] * 4)

    assert MINUTE.read("ada")["ada"].number < 5


@pytest.mark.django_db(transaction=True)
def test_nothing_of_it_is_kept_past_a_crash_or_copied():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE oid = 'api_throttlecount'::regclass")
        assert cursor.fetchone() == ("u",)


@pytest.mark.django_db(transaction=True)
def test_what_is_counted_before_a_transaction_outlives_it():
    MINUTE.count("ada")
    with transaction.atomic():
        transaction.set_rollback(True)

    assert MINUTE.read("ada")["ada"].number == 1


@pytest.mark.parametrize(("seconds", "sentence"), [(1, "in 1 second."), (7, "in 7 seconds.")])
def test_a_refusal_says_how_long(seconds, sentence):
    with pytest.raises(Rejection) as refusal:
        refuse("Too many cooks", seconds)

    assert (refusal.value.status, refusal.value.headers) == (429, {"Retry-After": str(seconds)})
    assert refusal.value.errors[0].detail == f"Too many cooks. Try again {sentence}"


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("192.0.2.1", None, False, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", False, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", True, "198.51.100.7"),
        ("192.0.2.1", "203.0.113.9, 198.51.100.7", True, "198.51.100.7"),
        ("192.0.2.1", "203.0.113.9, nonsense", True, "192.0.2.1"),
        ("192.0.2.1", None, True, "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", None, False, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", None, False, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", None, False, "192.0.2.1"),
        ("", "[2001:db8::1]", True, "2001:db8::/64"),
        ("", None, False, "unknown"),
    ],
)
def test_a_client_is_known_by_its_network_address(settings, peer, forwarded, trusted, address):
    settings.GIFTCARDS_TRUST_FORWARDED = trusted
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    assert client_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)) == address
