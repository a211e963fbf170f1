"""The next release's migrations run while the present one serves, and are taken back again."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event

import psycopg
import pytest

from giftcards.torture.attack import Attack
from giftcards.torture.run import HOLDS
from giftcards.torture.scenarios import SCENARIOS
from tests.faults.clusters.cluster import Cluster, Room, looking_at, until
from tests.faults.clusters.service import Service
from tests.faults.clusters.shoppers import MANY, shopping
from tests.fixtures.proof import verify
from tests.server import PATIENCE, ROOT, _environment

pytestmark = pytest.mark.django_db(transaction=True)

NEXT_RELEASE = "tests.faults.clusters.next_release.settings"
BESIDE = "authorizations"
"""A scenario with answers that tell all of what was written, read in the same transaction."""

LOCK_TIMEOUT = "canceling statement due to lock timeout"
NEW_COLUMNS = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'next_release'"


@pytest.fixture
def primary(room: Room) -> Cluster:
    primary = room.copy_of_the_seed()
    primary.start()
    return primary


def migrating(cluster: Cluster, *target: str, options: str = "") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "--verbosity=0", "next_release", *target],
        cwd=ROOT,
        env=_environment()
        | {"DATABASE_URL": f"{cluster.url}{options}", "DJANGO_SETTINGS_MODULE": NEXT_RELEASE},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def migrate(cluster: Cluster, *target: str) -> None:
    """Under load it may have to be repeated."""
    for _ in range(10):
        program = migrating(cluster, *target)
        printed, _ = program.communicate(timeout=PATIENCE)
        if program.returncode == 0:
            return
        assert LOCK_TIMEOUT in printed
    pytest.fail("ten migrations met with somebody who held a table for two seconds")


@contextmanager
def playing(attack: Attack) -> Iterator[None]:
    enough = Event()

    def play() -> None:
        for number in count(1):
            SCENARIOS[BESIDE].play(attack, number)
            if enough.is_set():
                return

    with ThreadPoolExecutor(1) as thread:
        rounds = thread.submit(play)
        try:
            yield
        finally:
            enough.set()
        rounds.result()


@contextmanager
def reading_for_long(cluster: Cluster) -> Iterator[None]:
    """As pg_dump does, or somebody who forgot a transaction."""
    with psycopg.connect(cluster.url) as reader:
        reader.execute("SELECT FROM giftcards_giftcard LIMIT 1")
        yield


def test_while_tables_change_clients_write_and_are_told_503_at_worst(
    primary: Cluster, service: Service, tmp_path: Path
):
    with shopping(service, tmp_path / "log") as shoppers:
        with playing(shoppers.attack):
            for target, columns in ((), 3), (("zero",), 0):
                shoppers.until_acknowledged(20)
                migrate(primary, *target)
                assert primary.ask(NEW_COLUMNS) == columns
            shoppers.until_acknowledged(20)
        shoppers.end()
        verdicts = [shoppers.verdict(), shoppers.verdict(BESIDE)]

    assert [(each.verdict, each.sentences) for each in verdicts] == [(HOLDS, [])] * 2
    assert shoppers.statuses().keys() <= {200, 503}
    with looking_at(primary):
        verify()


def test_a_migration_that_somebody_holds_up_gives_up_and_clients_go_on(
    primary: Cluster, service: Service, tmp_path: Path
):
    """It stands in line for the table, and everybody else behind it."""
    with shopping(service, tmp_path / "log") as shoppers:
        with reading_for_long(primary):
            program = migrating(primary)
            printed, _ = program.communicate(timeout=PATIENCE)
            shoppers.until_acknowledged(20)
        shoppers.end()
        verdict = shoppers.verdict()

    assert program.returncode == 1
    assert LOCK_TIMEOUT in printed
    assert primary.ask(NEW_COLUMNS) == 0
    assert (verdict.verdict, verdict.sentences) == (HOLDS, [])


def test_without_a_timeout_it_would_hold_up_everybody_for_as_long_as_it_is_held_up_itself(
    primary: Cluster, service: Service, tmp_path: Path
):
    """The control."""
    with shopping(service, tmp_path / "log") as shoppers:
        with reading_for_long(primary):
            shoppers.until_acknowledged(20)
            program = migrating(primary, options="?options=-c%20lock_timeout%3D0")
            until(lambda: shoppers.statuses()[503] >= MANY, "every client's patience to end")
            served = shoppers.acknowledged()
            until(lambda: shoppers.statuses()[503] >= 2 * MANY - 1, "those to try again who do")
            assert shoppers.acknowledged() == served
            assert program.poll() is None
        printed, _ = program.communicate(timeout=PATIENCE)
        assert program.returncode == 0, printed
        shoppers.until_acknowledged(20)
        shoppers.end()
        assert shoppers.verdict().verdict == HOLDS
