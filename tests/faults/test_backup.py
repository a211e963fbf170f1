"""A backup that is restored elsewhere holds the same truth; and what it lacks, outside evidence tells."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from giftcards import operations
from tests.fixtures.cast import LIVE, an_active_card
from tests.fixtures.proof import verify
from tests.server import ROOT, _environment

pytestmark = pytest.mark.django_db(transaction=True)

ELSEWHERE = "giftcards_restored_by_a_test"


@pytest.fixture
def programs() -> Path:
    """PostgreSQL's own, of the server's version."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        (folder,) = cursor.fetchone()
    if not Path(folder, "pg_dump").exists():
        pytest.skip(f"there is no pg_dump in {folder}")
    return Path(folder)


def address(name: str) -> str:
    """In words that PostgreSQL's programs of any version understand."""
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres") as ours:
        info = ours.info
        return make_conninfo(
            dbname=name, host=info.host, port=info.port, user=info.user, password=info.password or None
        )


@pytest.fixture
def elsewhere(transactional_db: None) -> Iterator[str]:
    with psycopg.connect(address("postgres"), autocommit=True) as outside:
        outside.execute(f"DROP DATABASE IF EXISTS {ELSEWHERE}")
        outside.execute(f"CREATE DATABASE {ELSEWHERE} TEMPLATE template0")
        yield ELSEWHERE
        outside.execute(f"DROP DATABASE {ELSEWHERE} WITH (FORCE)")


def verify_elsewhere(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    ours = _environment()
    there = ours["DATABASE_URL"].replace(f"/{connection.settings_dict['NAME']}?", f"/{name}?")
    command = [sys.executable, "manage.py", "verify_ledger", *arguments]
    env = ours | {"DATABASE_URL": there}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_a_restored_backup_is_true_and_heads_tell_what_was_lost_since(
    programs: Path, elsewhere: str, tmp_path: Path
):
    """Its chains, its events, its functions and its triggers."""
    cards = [an_active_card(by=LIVE) for _ in range(3)]
    card = cards[0]
    held = operations.authorize(caller=LIVE, card_id=card.pk, amount_cents=500)
    operations.capture(caller=LIVE, authorization_id=held.pk, amount_cents=300)
    payment = operations.pay(caller=LIVE, amount_cents=100, gift_cards=[each.pk for each in cards])
    operations.refund_payment(caller=LIVE, payment_id=payment.pk)
    verify("--heads", tmp_path / "then")

    dump = ["--format=custom", f"--file={tmp_path / 'dump'}", address(connection.settings_dict["NAME"])]
    subprocess.run([programs / "pg_dump", *dump], check=True)
    operations.debit(caller=LIVE, card_id=card.pk, amount_cents=1)
    verify("--heads", tmp_path / "later")
    restore = ["--exit-on-error", f"--dbname={address(elsewhere)}", str(tmp_path / "dump")]
    subprocess.run([programs / "pg_restore", *restore], check=True)

    as_then = verify_elsewhere(elsewhere, "--against", str(tmp_path / "then"))
    as_later = verify_elsewhere(elsewhere, "--against", str(tmp_path / "later"))

    assert (as_then.returncode, as_then.stderr) == (0, "")
    assert "3 gift cards verified; 3 heads" in as_then.stdout
    assert as_later.returncode == 1
    assert str(card.pk) in as_later.stderr


def test_in_a_restored_database_the_ledger_is_as_append_only_as_ever(
    programs: Path, elsewhere: str, tmp_path: Path
):
    an_active_card()
    dump = subprocess.run(
        [programs / "pg_dump", "--format=custom", address(connection.settings_dict["NAME"])],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [programs / "pg_restore", "--exit-on-error", f"--dbname={address(elsewhere)}"],
        input=dump.stdout,
        check=True,
    )

    with psycopg.connect(address(elsewhere)) as there:
        for statement in ("UPDATE giftcards_ledgerentry SET amount_cents = 1", "DELETE FROM events_event"):
            with pytest.raises(psycopg.Error, match=r"append-only|never"), there.transaction():
                there.execute(statement)
