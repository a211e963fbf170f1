"""What the server refuses to start with, in one sentence and without a traceback."""

import os
import subprocess
import sys

import pytest

from giftcards import code_keys
from tests.fixtures.cast import a_draft
from tests.server import ROOT, _environment, serving

ANOTHER = "1:" + "b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVybzE="


@pytest.fixture(autouse=True)
def _a_process_that_has_sealed_nothing(monkeypatch):
    monkeypatch.setattr(code_keys, "_remembered", set())


def start(then: str = "", /, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", f"import config.wsgi\n{then}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.django_db(transaction=True)
def test_the_keys_of_another_database():
    a_draft()
    result = start(**_environment() | {"GIFTCARDS_CODE_KEYS": ANOTHER})
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "The server does not start: GIFTCARDS_CODE_KEYS are not the keys of this database: number 1 is "
        "another one.\n"
    )


@pytest.mark.django_db(transaction=True)
def test_under_granian_it_ends_and_says_why():
    a_draft()
    with pytest.raises(AssertionError, match="number 1 is another one"), serving(GIFTCARDS_CODE_KEYS=ANOTHER):
        pass


def test_a_flag_that_is_none():
    result = start(**os.environ | {"GIFTCARDS_DEBUG": "perhaps"})
    assert (result.returncode, result.stderr) == (
        1,
        "The server does not start: GIFTCARDS_DEBUG must be 1 or 0.\n",
    )


def test_a_database_that_is_away_is_waited_for():
    result = start(**os.environ | {"DATABASE_URL": "postgresql:///away?host=/nowhere"})
    assert result.returncode == 0


@pytest.mark.django_db(transaction=True)
def test_the_thread_that_starts_it_answers_nobody_and_keeps_no_connection():
    a_draft()
    result = start("from django.db import connection; print(connection.connection)", **_environment())
    assert (result.stdout, result.stderr) == ("None\n", "")
