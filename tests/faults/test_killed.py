"""The process is killed after every statement of an operation, and right after COMMIT, before it can say so:
no word of Python's is spoken any more, and PostgreSQL finds the connection closed."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from uuid import UUID

import pytest

from giftcards import operations
from tests.faults.doing import BY_KEY, ONE_STATEMENT
from tests.faults.rehearsing import contents, rehearsed
from tests.fixtures.cast import TEST, an_active_card
from tests.fixtures.fingerprint import fingerprint
from tests.server import ROOT, _environment

pytestmark = pytest.mark.django_db(transaction=True)

Ask = Callable[[str, UUID, int], str]


@pytest.fixture(scope="module")
def end_of(django_db_setup: None) -> Iterator[Ask]:
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.dying"],
        cwd=ROOT,
        env=_environment() | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        assert program.stdin
        assert program.stdout
        told, answers = program.stdin, program.stdout

        def ask(name: str, key: UUID, nth: int) -> str:
            print(name, key, nth, file=told, flush=True)
            return answers.readline().strip()

        yield ask
        told.close()


def a_card_to_debit() -> UUID:
    return an_active_card().pk


def an_authorization_to_capture() -> UUID:
    return operations.authorize(caller=TEST, card_id=an_active_card().pk, amount_cents=400).pk


def a_payment_to_give_back() -> UUID:
    cards = [an_active_card(balance_cents=500).pk for _ in range(2)]
    return operations.pay(caller=TEST, amount_cents=700, gift_cards=cards).pk


@pytest.mark.parametrize(
    ("name", "prepare"),
    [
        ("debit", a_card_to_debit),
        ("debit beside a change", a_card_to_debit),
        ("capture", an_authorization_to_capture),
        ("refund_payment", a_payment_to_give_back),
    ],
)
def test_killed_at_any_statement_it_has_not_happened_and_after_commit_it_has(
    end_of: Ask, name: str, prepare: Callable[[], UUID]
):
    key = prepare()
    before, after = fingerprint(), rehearsed(partial(BY_KEY[name], key))

    for nth in count(1):
        assert end_of(name, key, nth) == "killed"
        if fingerprint() != before:
            break  # it has no further statement, and was killed after COMMIT

    assert (nth == 1) is (name in ONE_STATEMENT), nth
    assert contents() == after
