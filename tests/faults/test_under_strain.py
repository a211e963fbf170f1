"""The database refuses for a while: no connections are left, somebody locks a whole table, the disk is full.
The answer is 503 and nothing else, nothing is half done, and it works again as soon as the strain is over."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
import psycopg
import pytest
from django.db import connection, transaction

from giftcards.models import GiftCard, Kind, LedgerEntry
from tests.concurrency.crowd import assert_ledger_is_true
from tests.fixtures.cast import an_active_card
from tests.fixtures.client import api_client
from tests.fixtures.fingerprint import fingerprint
from tests.giftcards.api.raw import send_raw
from tests.server import CHECKED, PATIENCE, Server, a_key, serving

pytestmark = pytest.mark.django_db(transaction=True)

ROLE = "giftcards_of_a_server_under_strain"


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Server]:
    """Connected as somebody whose connections can be limited, which a superuser's cannot."""
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres") as ours:
        at = {"host": ours.info.host, "port": ours.info.port, "user": ROLE, "password": "of-a-test"}
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=name, autocommit=True) as outside:
        outside.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'of-a-test'")
        outside.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}")
        outside.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")
        try:
            with serving(CHECKED, DATABASE_URL=f"postgresql:///{name}?{urlencode(at)}") as running:
                yield running
        finally:
            outside.execute(f"DROP OWNED BY {ROLE}")
            outside.execute(f"DROP ROLE {ROLE}")


def debit(server: Server, key: str, card: GiftCard, retry_key: str) -> httpx.Response:
    with server.caller(key) as caller:
        data = {"type": "gift_cards", "id": str(card.pk), "attributes": {"_balance_change_cents": -1}}
        headers = {"Idempotency-Key": retry_key}
        return caller.patch(f"/gift_cards/{card.pk}", content=json.dumps({"data": data}), headers=headers)


def debits_of(card: GiftCard) -> int:
    return LedgerEntry.objects.filter(gift_card_id=card.pk, kind=Kind.DEBIT).count()


@contextmanager
def no_connection_left() -> Iterator[None]:
    sql(f"ALTER ROLE {ROLE} CONNECTION LIMIT 0")
    sql(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{ROLE}'")  # noqa: S608
    try:
        yield
    finally:
        sql(f"ALTER ROLE {ROLE} CONNECTION LIMIT -1")


def test_without_a_connection_left_it_says_so_and_comes_back_by_itself(server: Server):
    key, card = a_key(), an_active_card()
    with no_connection_left(), ThreadPoolExecutor(12) as threads:
        asked = [threads.submit(debit, server, key, card, f"order {number}") for number in range(12)]
        answers = [each.result() for each in asked]

    assert Counter(answer.status_code for answer in answers) == {503: 12}
    assert debits_of(card) == 0

    deadline = time.monotonic() + 10
    done = 0
    while done < 12:
        answer = debit(server, key, card, f"order {done}")
        assert answer.status_code in {200, 503}
        done += answer.status_code == 200
        assert time.monotonic() < deadline, answer.text
    assert debits_of(card) == 12
    assert_ledger_is_true()


def test_while_a_migration_holds_a_table_it_says_so_and_nothing_changes(server: Server):
    """What ALTER TABLE takes while it waits or works. Nobody waits for longer than the lock's timeout."""
    key, card = a_key(), an_active_card()
    with server.caller(key) as caller, ThreadPoolExecutor(2) as threads, transaction.atomic():
        sql("LOCK TABLE giftcards_giftcard IN ACCESS EXCLUSIVE MODE")
        written = threads.submit(debit, server, key, card, "order")
        read = threads.submit(caller.get, "/gift_cards")
        answers = [written.result(PATIENCE), read.result(PATIENCE)]

    for answer in answers:
        assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "1")
        assert "nothing has changed" in answer.text
    assert debits_of(card) == 0
    assert debit(server, key, card, "order").status_code == 200
    assert debits_of(card) == 1


def test_a_card_that_somebody_keeps_locked_is_not_waited_for_for_ever(server: Server):
    key, card, other = a_key(), an_active_card(), an_active_card()
    with ThreadPoolExecutor(1) as threads, transaction.atomic():
        GiftCard.objects.select_for_update().get(pk=card.pk)
        waiting = threads.submit(debit, server, key, card, "order")
        assert debit(server, key, other, "another order").status_code == 200
        answer = waiting.result(PATIENCE)

    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "1")
    assert debit(server, key, card, "order").status_code == 200
    assert debits_of(card) == debits_of(other) == 1


# --- A disk that is full: a real one, as far as PostgreSQL can see


@pytest.fixture
def ballast(transactional_db: None) -> Iterator[Path]:
    """The ledger lies on a small disk of its own, which this file fills; whoever removes it makes room."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        owner = Path(cursor.fetchone()[0]).stat()
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        (folder / "space").mkdir()
        os.chown(folder / "space", owner.st_uid, owner.st_gid)
        sql(f"CREATE TABLESPACE small LOCATION '{folder}/space'")
        sql("VACUUM FULL giftcards_ledgerentry")  # room that earlier tests left would not fill
        sql("ALTER TABLE giftcards_ledgerentry SET TABLESPACE small")
        yield folder / "ballast"
    finally:
        (folder / "ballast").unlink(missing_ok=True)
        sql("ALTER TABLE giftcards_ledgerentry SET TABLESPACE pg_default")
        sql("DROP TABLESPACE IF EXISTS small")
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as output:
        try:
            while True:
                output.write(b"\0" * 4096)
        except OSError:
            return


def test_on_a_full_disk_a_debit_is_done_or_not_and_can_be_had_again(ballast: Path):
    card, api = an_active_card(), api_client()
    fill(ballast)

    def ask(number: int) -> int:
        attributes = {"_balance_change_cents": -1, "_reason": "x" * 500}
        data = {"type": "gift_cards", "id": str(card.pk), "attributes": attributes}
        headers = {"idempotency-key": f"order {number}"}
        return send_raw(api, "PATCH", f"gift_cards/{card.pk}", json.dumps({"data": data}), **headers).status

    done = 0
    before = fingerprint()
    while (status := ask(done)) == 200:
        done += 1
        before = fingerprint()
        assert done < 1_000, "the disk does not fill"
    assert status == 503
    assert fingerprint() == before
    assert_ledger_is_true()

    ballast.unlink()
    assert ask(done) == 200
    assert debits_of(card) == done + 1
