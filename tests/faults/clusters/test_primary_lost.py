"""The primary of a replicated cluster is killed under load. Its standby is promoted, and the service, whose
DATABASE_URL names both, follows by itself."""

from pathlib import Path
from typing import NamedTuple

import pytest

from giftcards.torture.run import FAILED, HOLDS
from tests.faults.clusters.cluster import Cluster, Room, looking_at, until
from tests.faults.clusters.service import Service
from tests.faults.clusters.shoppers import MANY, shopping
from tests.fixtures.proof import verify

pytestmark = pytest.mark.django_db(transaction=True)

STANDBY = "standby1"


class Pair(NamedTuple):
    primary: Cluster
    standby: Cluster

    def synchronize(self) -> None:
        """From now on a COMMIT is answered when the standby has it."""
        self.primary.configure(synchronous_standby_names=STANDBY)
        until(lambda: self._of_standby("sync_state") == "sync", "the synchronous standby")

    def until_streaming(self) -> None:
        until(lambda: self._of_standby("state") == "streaming", "replication")

    def _of_standby(self, column: str) -> str | None:
        word: str | None = self.primary.ask(f"SELECT {column} FROM pg_stat_replication")  # noqa: S608
        return word

    def cut_the_cable(self) -> None:
        """When it returns, the standby has received the last that it will."""
        self.standby.configure(primary_conninfo="")
        until(lambda: self.standby.ask("SELECT count(*) FROM pg_stat_wal_receiver") == 0, "the cut")

    def mend_the_cable(self) -> None:
        self.standby.configure(primary_conninfo=f"{self.primary.url}?application_name={STANDBY}")

    def until_all_wait_for_the_standby(self) -> None:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        until(lambda: self.primary.ask(waiting) == MANY, "every client to be kept waiting")

    def promote(self) -> None:
        assert self.standby.ask("SELECT pg_promote()")

    def assert_true(self) -> None:
        """What the standby holds."""
        with looking_at(self.standby):
            verify()


@pytest.fixture
def pair(room: Room) -> Pair:
    primary = room.copy_of_the_seed()
    primary.start()
    standby = room.backup_of(primary, "--write-recovery-conf", application_name=STANDBY)
    standby.start()
    pair = Pair(primary, standby)
    pair.until_streaming()
    return pair


def test_with_a_synchronous_standby_nothing_acknowledged_is_lost_and_the_service_follows_it_by_itself(
    pair: Pair, service: Service, tmp_path: Path
):
    pair.synchronize()
    with shopping(service, tmp_path / "log") as shoppers:
        shoppers.until_acknowledged(50)
        pair.primary.kill()
        shoppers.until_one_goes_home()
        assert not service.server.is_ready()
        pair.promote()
        shoppers.until_acknowledged(50)
        shoppers.end()
        verdict = shoppers.verdict()

    assert (verdict.verdict, verdict.sentences) == (HOLDS, [])
    assert "1 unknown" in verdict.numbers
    assert shoppers.statuses().keys() == {200, 503}
    assert service.server.is_ready()
    pair.assert_true()


def test_while_the_synchronous_standby_is_away_nothing_is_acknowledged_so_that_nothing_can_be_lost(
    pair: Pair, service: Service, tmp_path: Path
):
    """What the standby lacks waits for its answer; and is done once when it is asked for again."""
    pair.synchronize()
    with shopping(service, tmp_path / "log") as shoppers:
        shoppers.until_acknowledged(20)
        pair.cut_the_cable()
        pair.until_all_wait_for_the_standby()
        pair.mend_the_cable()
        shoppers.until_acknowledged(20)
        pair.cut_the_cable()
        pair.until_all_wait_for_the_standby()
        waiting = {story.change.name for story in shoppers.stories() if len(story.attempts) < story.sent}
        pair.primary.kill()
        shoppers.until_one_goes_home()
        pair.promote()
        shoppers.until_acknowledged(20)
        shoppers.end()
        verdict = shoppers.verdict()

    assert (verdict.verdict, verdict.sentences) == (HOLDS, [])
    assert len(waiting) == MANY
    assert len(waiting - shoppers.acknowledged()) == 1  # that of the one who did not ask again
    pair.assert_true()


def test_with_an_asynchronous_standby_acknowledged_debits_vanish_and_only_the_clients_can_tell(
    pair: Pair, service: Service, tmp_path: Path
):
    """The control: the ledger is true of what is left."""
    with shopping(service, tmp_path / "log") as shoppers:
        shoppers.until_acknowledged(20)
        pair.cut_the_cable()
        received_at_most = shoppers.sent()
        shoppers.until_acknowledged(20 + MANY)
        promised = shoppers.acknowledged() - received_at_most
        pair.primary.kill()
        pair.promote()
        shoppers.until_acknowledged(20)
        shoppers.end()
        verdict = shoppers.verdict()

    assert verdict.verdict == FAILED
    assert len(promised) >= 20
    assert promised <= shoppers.missed(verdict)
    pair.assert_true()
