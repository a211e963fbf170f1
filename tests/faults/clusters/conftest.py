import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo
from pytest_django import DjangoDbBlocker

from benchmarks.servers import DEV
from tests.dev.conftest import free_port
from tests.faults.clusters.cluster import NEEDED, Cluster, Room, looking_at
from tests.faults.clusters.service import Service, address_of
from tests.server import CHECKED, a_key, serving


@pytest.fixture(scope="session")
def programs(django_db_setup: None) -> Path:
    """PostgreSQL's own, of the version that all tests run on."""
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres") as ours:
        (folder,) = ours.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone() or ("",)
    missing = [name for name in NEEDED if not Path(folder, name).exists()]
    if missing:
        pytest.skip(f"there is no {', '.join(missing)} in {folder}")
    return Path(folder)


@pytest.fixture(scope="session")
def parent() -> Iterator[Path]:
    """It is theirs who runs PostgreSQL, unlike pytest's folders."""
    made: Path = DEV.private_folder(DEV.TEMPORARY)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture(scope="session")
def seed(programs: Path, parent: Path, ports: tuple[int, int]) -> Cluster:
    """A cluster with every migration: the tests' database is dumped rather than migrated once more."""
    cluster = Cluster(programs, parent / "seed", ports[0])
    DEV.make_cluster(programs, cluster.folder, "--no-sync", "--wal-segsize=1")
    cluster.start()
    dump = [str(programs / "pg_dump"), "--format=custom", "--compress=0", address_of_the_tests()]
    dumped = subprocess.run(dump, capture_output=True, check=True).stdout
    restore = [str(programs / "pg_restore"), "--exit-on-error", "--single-transaction", "-d", cluster.url]
    subprocess.run(restore, input=dumped, check=True)
    return cluster


def address_of_the_tests() -> str:
    """In words that PostgreSQL's programs of any version understand."""
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres") as ours:
        return make_conninfo(
            dbname=connection.settings_dict["NAME"],
            host=ours.info.host,
            port=ours.info.port,
            user=ours.info.user,
            password=ours.info.password or None,
        )


@pytest.fixture(scope="session")
def service(seed: Cluster, ports: tuple[int, int], django_db_blocker: DjangoDbBlocker) -> Iterator[Service]:
    """One for all tests: the clusters come and go at its ports. The seed is at rest afterwards."""
    with django_db_blocker.unblock(), looking_at(seed):
        key = a_key()
    with serving(CHECKED, DATABASE_URL=address_of(ports)) as server:
        seed.stop()
        yield Service(server, key, ports)


@pytest.fixture
def room(seed: Cluster, service: Service, parent: Path) -> Iterator[Room]:
    room = Room(seed, DEV.private_folder(parent), service.ports)
    yield room
    room.clear()
