"""A base backup that was made under load, and the WAL that was archived since, bring back any moment. What
was acknowledged later is missing, and nothing inside tells; whoever has kept a log asks for it again."""

from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError

from benchmarks.servers import DEV
from giftcards.torture.run import FAILED, HOLDS
from tests.faults.clusters.cluster import Cluster, Room, looking_at, until
from tests.faults.clusters.service import Service
from tests.faults.clusters.shoppers import MANY, shopping
from tests.fixtures.proof import verify

pytestmark = pytest.mark.django_db(transaction=True)

MISTAKE = """
    SET session_replication_role = replica;
    UPDATE giftcards_giftcard SET balance_cents = 0;
"""


@pytest.fixture
def archive(room: Room) -> Path:
    folder: Path = DEV.private_folder(room.folder)
    return folder


@pytest.fixture
def primary(room: Room, archive: Path) -> Cluster:
    primary = room.copy_of_the_seed()
    command = f"test ! -f {archive}/%f && cp %p {archive}/%f"
    primary.start(archive_mode="on", archive_command=command)
    return primary


def archive_all(primary: Cluster) -> None:
    last = primary.ask("SELECT pg_walfile_name(pg_switch_wal())")
    archived = "SELECT last_archived_wal >= %s FROM pg_stat_archiver"
    until(lambda: primary.ask(archived, last), "the archive")


def restore(backup: Cluster, archive: Path, moment: str) -> None:
    DEV.run_quietly(["touch", backup.folder / "recovery.signal"], **DEV.postgres_account())
    backup.start(
        restore_command=f"cp {archive}/%f %p",
        recovery_target_time=moment,
        recovery_target_action="promote",
    )
    until(lambda: not backup.ask("SELECT pg_is_in_recovery()"), "the end of recovery")


def verify_at(cluster: Cluster, *arguments: object) -> str:
    with looking_at(cluster):
        return verify("--mode=test", *arguments)


def test_restored_to_the_moment_before_a_mistake_all_of_before_is_there_and_the_clients_bring_back_the_rest(
    primary: Cluster, archive: Path, room: Room, service: Service, tmp_path: Path
):
    with shopping(service, tmp_path / "log") as shoppers:
        shoppers.until_acknowledged(20)
        backup = room.backup_of(primary)
        shoppers.until_acknowledged(20)
        verify_at(primary, "--heads", tmp_path / "heads before")
        before = shoppers.acknowledged()
        moment = primary.ask("SELECT now()::text")
        sent = shoppers.sent()
        shoppers.until_acknowledged(20 + MANY)
        shoppers.end()
        later = shoppers.acknowledged() - sent
        verify_at(primary, "--heads", tmp_path / "heads later")
        with psycopg.connect(primary.url) as somebody:
            somebody.execute(MISTAKE)
        with pytest.raises(CommandError, match="balance"):
            verify_at(primary)

        archive_all(primary)
        primary.stop()
        restored = room.copy_of(backup, primary.port)
        restore(restored, archive, moment)

        verify_at(restored, "--against", tmp_path / "heads before")
        with pytest.raises(CommandError):
            verify_at(restored, "--against", tmp_path / "heads later")
        verdict = shoppers.verdict()
        assert verdict.verdict == FAILED
        assert len(later) >= 20
        assert later <= shoppers.missed(verdict)
        assert not before & shoppers.missed(verdict)

        shoppers.ask_again(shoppers.stories())
        assert shoppers.verdict().verdict == HOLDS
        verify_at(restored)
