"""Requests are counted in blocks: exactly the limit is admitted, over all processes, and few write."""

from collections.abc import Callable
from threading import Barrier

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from api import rate_limits
from api.models import ThrottleCount
from api.rate_limits import HEADERS, Allowance, Block, RateLimit, Window, size_of_next, take
from tests.fixtures.races import at_once

MINUTE = 60


def a_process(limit: int) -> RateLimit:
    """What one of the service's processes remembers; several are several processes."""
    return RateLimit("tests", lambda: Window(limit, MINUTE))


def admitted(process: RateLimit, subject: str = "ada") -> Callable[[], int]:
    """Asks until it is refused."""

    def ask() -> int:
        number = 0
        while told(process, subject).admitted:
            number += 1
        return number

    return ask


def told(process: RateLimit, subject: str = "ada") -> Allowance:
    allowance = process.count(subject)
    assert allowance is not None
    return allowance


def let_pass(seconds: float, *processes: RateLimit) -> None:
    """As if so much time had gone by, for the database and for the processes."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE api_throttlecount SET begins_at = begins_at - %s::interval", [f"{seconds} s"])
    for block in [block for process in processes for block in process._blocks.values()]:
        block.ends_at -= seconds


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 2, 7, 20, 99, 1000])
def test_one_process_admits_exactly_the_limit(limit):
    assert admitted(a_process(limit))() == limit


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("limit", "processes", "threads"), [(1, 4, 2), (100, 4, 2), (3000, 2, 8)])
def test_all_threads_of_all_processes_together_admit_exactly_the_limit(limit, processes, threads):
    asked = [admitted(process) for process in [a_process(limit) for _ in range(processes)]]

    assert sum(at_once(asked * threads)) == limit


@pytest.mark.django_db(transaction=True)
def test_taking_in_two_statements_would_admit_more(monkeypatch):
    """The control: what the one statement is for."""
    both_have_read = Barrier(2, timeout=20)

    def read_then_write(scope: str, subject: str, numbers: int, seconds: int) -> tuple[int, float]:
        row, _ = ThrottleCount.objects.get_or_create(
            scope=scope, subject=subject, defaults={"number": 0, "begins_at": "2026-01-01T00:00Z"}
        )
        both_have_read.wait()
        ThrottleCount.objects.filter(scope=scope, subject=subject).update(number=row.number + numbers)
        both_have_read.wait()
        return row.number + numbers, float(seconds)

    monkeypatch.setattr(rate_limits, "take", read_then_write)

    assert sum(at_once([admitted(a_process(10)), admitted(a_process(10))])) > 10


@pytest.mark.django_db
def test_a_thousand_requests_write_as_often_as_there_are_blocks():
    process = a_process(5000)

    with CaptureQueriesContext(connection) as statements:
        assert all(told(process).admitted for _ in range(1000))

    # 50, 100, 200, and three times 250, and the sweep at the window's beginning.
    assert len(statements) == 6 + 1


@pytest.mark.django_db
def test_whoever_is_refused_costs_no_statement():
    process = a_process(3)
    admitted(process)()

    with CaptureQueriesContext(connection) as statements:
        assert not any(told(process).admitted for _ in range(100))

    assert len(statements) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [5, 40, 1000, 5000])
def test_a_process_holds_no_more_back_than_a_twentieth_or_a_number(limit):
    busy, idle = a_process(limit), a_process(limit)
    for _ in range(limit // 2):
        told(busy)
    told(idle)

    lost = limit - limit // 2 - 1 - admitted(busy)()

    assert 0 <= lost <= limit // 20


def test_blocks_double_up_to_a_twentieth_and_shrink_towards_the_end():
    sizes = []
    block = Block(untaken=5000)
    while block.untaken:
        block.size = size_of_next(block, 5000)
        block.untaken -= block.size
        sizes.append(block.size)

    assert sizes[:5] == [50, 100, 200, 250, 250]
    assert sizes[-8:] == [1] * 8
    assert len(sizes) < 70


@pytest.mark.django_db
def test_a_client_is_told_what_is_left_and_until_when():
    process = a_process(3)

    assert [told(process) for _ in range(4)] == [
        Allowance(limit=3, seconds=MINUTE, remaining=left, admitted=admitted, seconds_left=MINUTE)
        for left, admitted in ((2, True), (1, True), (0, True), (0, False))
    ]


@pytest.mark.django_db
def test_every_subject_has_a_limit_of_its_own():
    process = a_process(2)

    assert (admitted(process, "ada")(), admitted(process, "bob")()) == (2, 2)


@pytest.mark.django_db
def test_a_window_ends_in_its_time_and_the_next_one_is_whole():
    process = a_process(30)
    admitted(process)()
    let_pass(59, process)
    assert told(process).admitted is False
    assert told(process).seconds_left == 1

    let_pass(1.1, process)

    assert admitted(process)() == 30


@pytest.mark.django_db
def test_numbers_of_a_window_are_void_in_the_next_one():
    one, another = a_process(1000), a_process(1000)
    assert told(one).remaining == 999
    let_pass(61, one, another)

    assert admitted(another)() == 1000
    assert admitted(one)() == 0


@pytest.mark.django_db
def test_a_process_measures_its_window_from_before_it_asked(monkeypatch):
    """So that it is over here before it is over there, however long the answer took."""
    clock = iter([100.0, 100.0, 107.0])
    monkeypatch.setattr(rate_limits, "monotonic", lambda: next(clock))

    process = a_process(5)

    assert told(process).seconds_left == 53


@pytest.mark.django_db
def test_a_limit_of_0_is_none():
    assert a_process(0).count("ada") is None


def test_when_the_database_is_away_everybody_is_admitted_and_it_is_left_alone_for_a_while(monkeypatch):
    asked = []

    def away(*told: object) -> tuple[int, float]:
        asked.append(told)
        raise DatabaseError

    process = a_process(5)
    monkeypatch.setattr(rate_limits, "take", away)
    assert [process.count(subject) for subject in ("ada", "ada", "bob")] == [None] * 3
    assert len(asked) == 1

    monkeypatch.setattr(rate_limits, "monotonic", lambda: process._rests_until)
    monkeypatch.setattr(rate_limits, "take", lambda *told: (1, 60.0))

    assert told(process).admitted


@pytest.mark.django_db
def test_a_process_remembers_only_so_many_subjects(monkeypatch):
    monkeypatch.setattr(rate_limits, "MOST_BLOCKS", 10)
    process = a_process(50)

    for number in range(35):
        assert told(process, f"address {number}").admitted

    assert len(process._blocks) <= 10


@pytest.mark.django_db
def test_old_rows_are_swept():
    take("tests", "ada", 1, MINUTE)
    let_pass(3 * 3600)

    take("tests", "bob", 1, MINUTE)

    assert list(ThrottleCount.objects.values_list("subject", flat=True)) == ["bob"]


# On the wire.


@pytest.fixture
def limits(settings, monkeypatch):
    """Processes that have served nobody yet."""
    for name in ("KEYS", "ADDRESSES"):
        old = getattr(rate_limits, name)
        monkeypatch.setattr(rate_limits, name, RateLimit(old.scope, old._window))
    settings.GIFTCARDS_RATE_LIMIT_SECONDS = MINUTE

    def set_to(*, key: int = 1000, address: int = 1000) -> None:
        settings.GIFTCARDS_RATE_LIMIT_PER_KEY = key
        settings.GIFTCARDS_RATE_LIMIT_PER_ADDRESS = address

    return set_to


def rates(answer) -> tuple[str | None, ...]:
    return tuple(answer.response.headers.get(header) for header in HEADERS)


def test_every_answer_says_what_is_left(wire, limits):
    limits(key=4)

    answers = [wire.get("books"), wire.get("books/nothing"), wire.post("books", {}), wire.delete("books")]

    assert [answer.status for answer in answers] == [200, 404, 400, 405]
    assert [rates(answer) for answer in answers] == [("4", "60", left) for left in "3210"]


def test_beyond_the_limit_it_is_429(wire, limits):
    limits(key=1)
    wire.get("books")

    answer = wire.post("authors", {"data": {"type": "authors", "attributes": {"name": "Astrid"}}})

    assert (answer.status, answer.error["code"], answer.error["status"]) == (429, "THROTTLED", "429")
    assert answer.error["detail"] == "Too many requests. Try again in 60 seconds."
    assert answer.response.headers["Retry-After"] == "60"
    assert rates(answer) == ("1", "60", "0")


def test_whoever_is_not_known_counts_for_his_address(as_, wire, limits):
    limits(address=3)

    failures = [
        as_("").get("books"),
        as_("burglar").get("books"),
        as_("").get("nowhere"),
        as_("").get("books"),
    ]

    assert [answer.status for answer in failures] == [401, 401, 404, 429]
    assert [rates(answer) for answer in failures] == [("3", "60", left) for left in "2100"]
    assert rates(wire.get("books")) == ("1000", "60", "999")


def test_a_crash_is_counted_too(as_, limits):
    limits(address=3)

    answer = as_("").get("crash")

    assert (answer.status, rates(answer)) == (500, ("3", "60", "2"))


def test_without_a_limit_nothing_is_said(wire, as_, limits):
    limits(key=0, address=0)

    assert {rates(answer) for answer in (wire.get("books"), as_("").get("books"))} == {(None, None, None)}


def test_answers_stay_what_they_are_when_nothing_can_be_counted(as_, limits, monkeypatch):
    limits(address=1)

    def away(*told: object) -> tuple[int, float]:
        raise DatabaseError

    monkeypatch.setattr(rate_limits, "take", away)

    answers = [as_("").get("books") for _ in range(3)]

    assert [(answer.status, rates(answer)) for answer in answers] == [(401, (None, None, None))] * 3
