"""The attack on the real service, which holds; also when server or attacker are killed in the middle."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from giftcards.models import GiftCard
from giftcards.torture.scenarios import SCENARIOS
from kernel.modes import Mode
from tests.concurrency.crowd import assert_ledger_is_true
from tests.server import PATIENCE, ROOT, Server, a_key, serving
from tests.torture.conftest import Torture

pytestmark = pytest.mark.django_db(transaction=True)

ENOUGH = 40
"""Lines of a log after which an attack is in full swing."""


def attacker(server: Server, key: str, log: Path) -> "subprocess.Popen[str]":
    """Its own process, on a machine without any settings."""
    return subprocess.Popen(
        [
            *(sys.executable, ROOT / "manage.py", "torture", "--url", server.address, "--key", key),
            *("--scenario", "lost-update", "--rounds", "1000", "--connections", "4", "--patience", "1"),
            *("--log", log),
        ],
        cwd=log.parent,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_full_swing(log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not log.exists() or len(log.read_bytes().splitlines()) < ENOUGH:
        assert time.monotonic() < deadline, "the attack did not begin"
        time.sleep(0.02)


def test_it_holds_and_says_so(server: Server, torture: Torture):
    printed, failure = torture(server.address, a_key())

    assert failure == "", printed
    assert re.findall(r"^(\S+) +holds ", printed, re.MULTILINE) == [*SCENARIOS]
    assert printed.endswith("Nothing was lost, doubled or invented.\n")
    assert_ledger_is_true()


def test_the_same_service_without_idempotency_is_found_out(torture: Torture):
    with serving("tests.torture.without_keys:application") as server:
        printed, failure = torture(server.address, a_key(), scenario=["retry"])

    assert failure == "retry FAILED."
    assert re.search(r"Card \S+: the balance is|has \d effects under one key", printed), printed
    assert_ledger_is_true()


def test_an_old_log_is_checked_against_what_there_is_now(server: Server, torture: Torture, tmp_path: Path):
    key = a_key()
    torture(server.address, key, scenario=["lost-update", "double-spend"])
    before = GiftCard.objects.count()

    printed, failure = torture(None, key, check=tmp_path / "log")

    assert failure == ""
    assert re.findall(r"^(\S+) +holds +.* (\d+) unknown$", printed, re.MULTILINE) == [
        ("lost-update", "0"),
        ("double-spend", "0"),
    ]
    assert GiftCard.objects.count() == before


def test_of_a_server_that_is_killed_everything_acknowledged_is_there_afterwards(
    torture: Torture, tmp_path: Path
):
    key, log = a_key(), tmp_path / "log"
    with serving() as server, attacker(server, key, log) as attack:
        wait_for_full_swing(log)
        os.killpg(server.process.pid, signal.SIGKILL)
        printed, failure = attack.communicate(timeout=PATIENCE)
    assert attack.returncode == 1
    assert "lost-update     NOT CHECKED " in printed
    assert failure == "CommandError: lost-update NOT CHECKED.\n"

    with serving() as server:
        printed, failure = torture(server.address, key, check=log)

    assert failure == "", printed
    assert_ledger_is_true()


def test_of_an_attacker_that_is_killed_the_log_is_enough(server: Server, torture: Torture, tmp_path: Path):
    key, log = a_key(), tmp_path / "log"
    with attacker(server, key, log) as attack:
        wait_for_full_swing(log)
        attack.kill()

    printed, failure = torture(None, key, check=log)

    assert failure == "", printed


def test_a_key_that_may_not_do_it_all_is_no_verdict(server: Server, torture: Torture):
    key = a_key(scopes=["gift_cards:read", "gift_cards:issue"])

    _printed, failure = torture(server.address, key, scenario=["lost-update"])

    assert failure == "debit is answered 403 UNAUTHORIZED: see --key."


def test_a_live_key_attacks_nothing(server: Server, torture: Torture):
    _printed, failure = torture(server.address, a_key(Mode.LIVE))

    assert failure == "--key is a live key: only a deployment's test mode is attacked."
    assert not GiftCard.objects.exists()
