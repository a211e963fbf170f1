"""Many equal cards are issued at once, by the rules of one, and every one of them is accounted for."""

import csv
import signal
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from events.models import Event
from giftcards import code_format
from giftcards.exceptions import InvalidTransition, MarketDisabled, TooShortValidity
from giftcards.models import Batch, GiftCard, LedgerEntry, Status
from giftcards.operations import BatchTerms, Occasion, batches, debit, issue_batch
from giftcards.verification import verify_ledger
from kernel.counting import miscounts
from kernel.keys import uuid7
from kernel.refusals import Conflict, Invalid
from kernel.secret import Secret
from tests.fixtures.cast import LIVE, TEST, a_market, disabled
from tests.server import ROOT, _environment

pytestmark = pytest.mark.django_db

TEN = BatchTerms(number=10, amount_cents=2_500, currency_code="USD")
SPRING = Occasion("For the spring campaign", reference="spring")


@pytest.fixture(autouse=True)
def _small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PORTION", 4)


def command(*options: Any, **keywords: Any) -> str:
    out = StringIO()
    call_command(
        "issue_gift_cards", "--amount", "2500", "--currency", "USD", *options, **keywords, stdout=out
    )
    return out.getvalue()


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_two_thousand_cards_are_issued_and_active(monkeypatch, tmp_path):
    monkeypatch.setattr(batches, "PORTION", 5_000)

    said = command("--count", 2_000, "--reference", "spring", "--codes-to", tmp_path / "codes.csv")

    assert said == "2000 gift cards of batch spring are issued.\n"
    assert Counter(GiftCard.objects.values_list("status", "balance_cents", "mode")) == {
        ("active", 2_500, "test"): 2_000
    }
    assert LedgerEntry.objects.filter(kind="issue", reference="spring").count() == 2_000
    assert Event.objects.filter(topic="gift_cards.issue").count() == 2_000
    assert len(lines_of(tmp_path / "codes.csv")) == 2_000
    assert miscounts() == []


def test_one_event_tells_all_of_a_card_and_names_the_batch():
    batch = issue_batch(caller=TEST, terms=BatchTerms(1, 2_500, "USD"), occasion=SPRING)

    event = Event.objects.get()
    assert (event.topic, event.sequence, event.reason) == (
        "gift_cards.issue",
        1,
        "For the spring campaign",
    )
    assert event.data == {
        "status": "active",
        "entry_sequence": 1,
        "amount_cents": 2_500,
        "balance_cents": 2_500,
        "batch_id": str(batch.pk),
    }
    assert (batch.actor_name, batch.number, batch.issued) == (TEST.actor.name, 1, 1)


def test_such_a_card_is_spent_like_any_other():
    issue_batch(caller=TEST, terms=TEN, occasion=SPRING)

    card = debit(caller=TEST, card_id=GiftCard.objects.all()[0].pk, amount_cents=500)

    assert card.balance_cents == 2_000


def test_cards_follow_their_market_in_currency_code_format_and_expiry():
    market = a_market(currency_code="EUR", code_format="human", default_validity_months=12)

    issue_batch(caller=TEST, terms=BatchTerms(3, 2_500, market=market, active=False), occasion=SPRING)

    for card in GiftCard.objects.all():
        assert (card.currency_code, card.market, card.status) == ("EUR", market, Status.INACTIVE)
        assert card.expires_at is not None
        assert len(card.code().reveal().split("-")) == 5


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({"number": 0}, Invalid),
        ({"amount_cents": -1}, Invalid),
        ({"amount_cents": 10**14}, Invalid),
        ({"currency_code": "EUR"}, Invalid),
        ({"currency_code": "XXX", "market": None}, Invalid),
        ({"currency_code": None, "market": None}, Invalid),
        ({"expires_at": datetime(2027, 1, 1, tzinfo=UTC)}, TooShortValidity),
    ],
)
def test_what_one_card_would_be_refused_for_the_batch_is_refused_for(terms, refusal):
    market = a_market(minimum_validity_months=36)
    given = {"number": 10, "amount_cents": 2_500, "currency_code": "USD", "market": market, **terms}

    with pytest.raises(refusal):
        issue_batch(caller=TEST, terms=BatchTerms(**given), occasion=SPRING)

    assert not GiftCard.objects.exists()
    assert not Batch.objects.exists()


def test_a_disabled_market_issues_none():
    terms = BatchTerms(10, 2_500, market=disabled(a_market()))

    with pytest.raises(MarketDisabled):
        issue_batch(caller=TEST, terms=terms, occasion=SPRING)


def test_the_state_machine_is_asked(monkeypatch):
    def refused(*_: Any) -> None:
        raise InvalidTransition("draft")

    monkeypatch.setattr(batches, "require_transition", refused)

    with pytest.raises(InvalidTransition):
        issue_batch(caller=TEST, terms=TEN, occasion=SPRING)


def test_a_batch_is_issued_once_whoever_asks_again():
    first = issue_batch(caller=TEST, terms=TEN, occasion=SPRING)
    again = issue_batch(caller=TEST, terms=TEN, occasion=SPRING)

    assert first.pk == again.pk
    assert GiftCard.objects.count() == 10


def test_its_reference_stands_for_its_terms_and_its_mode():
    issue_batch(caller=TEST, terms=TEN, occasion=SPRING)

    with pytest.raises(Invalid, match="reference is that of a batch on other terms"):
        issue_batch(caller=TEST, terms=BatchTerms(11, 2_500, "USD"), occasion=SPRING)
    issue_batch(caller=LIVE, terms=TEN, occasion=SPRING)

    assert Counter(GiftCard.objects.values_list("mode", flat=True)) == {"test": 10, "live": 10}


def test_without_a_reference_there_is_no_batch():
    with pytest.raises(Invalid, match="reference can't be blank"):
        issue_batch(caller=TEST, terms=TEN, occasion=Occasion())


# --- Accounting for every row


@contextmanager
def taken_code(at: int) -> Iterator[None]:
    """The random codes repeat themselves from the one with this number on."""
    made = [Secret(f"0000000{number}-0000-4000-8000-000000000000") for number in range(at)]
    codes = iter([*made, made[0], *map(Secret, ("spare-code-1", "spare-code-2", "spare-code-3"))])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code_format, "MAKERS", {"uuid": lambda: next(codes)})
        yield


def test_a_code_that_exists_undoes_its_portion_and_is_told(monkeypatch):
    with taken_code(at=6), pytest.raises(Conflict, match="code of a new card exists already"):
        issue_batch(caller=TEST, terms=BatchTerms(8, 2_500, "USD"), occasion=SPRING)

    assert Batch.objects.get().issued == 4
    assert GiftCard.objects.count() == LedgerEntry.objects.count() == Event.objects.count() == 4
    assert issue_batch(caller=TEST, terms=BatchTerms(8, 2_500, "USD"), occasion=SPRING).issued == 8


def test_the_command_says_how_far_it_came():
    with taken_code(at=6), pytest.raises(CommandError, match="Of this batch 4 of 8 gift cards are issued"):
        command("--count", 8, "--reference", "spring", "--without-codes")


def test_a_key_that_exists_is_told(monkeypatch):
    key = uuid7()
    monkeypatch.setattr("giftcards.operations.batches.uuid7", lambda: key)

    with pytest.raises(Conflict, match="id of a new row exists already"):
        issue_batch(caller=TEST, terms=BatchTerms(4, 2_500, "USD"), occasion=SPRING)

    assert not GiftCard.objects.exists()


@pytest.mark.parametrize("already", [0, 4])
def test_of_two_who_issue_one_batch_the_later_is_told(monkeypatch, already):
    """The later one has read how far the batch was before the other issued the rest of it."""
    if already:
        with taken_code(at=6), pytest.raises(Conflict):
            issue_batch(caller=TEST, terms=TEN, occasion=SPRING)
    read = batches._begun(TEST, TEN, SPRING)
    assert read.issued == already
    issue_batch(caller=TEST, terms=TEN, occasion=SPRING)
    monkeypatch.setattr(batches, "_begun", lambda *_: read)

    with pytest.raises(Conflict, match="batch is being issued, or was removed, by somebody else"):
        issue_batch(caller=TEST, terms=TEN, occasion=SPRING)

    assert GiftCard.objects.count() == 10


KILLED = """
import os, signal, django
django.setup()
from django.core.management import call_command
from giftcards import code_file
from giftcards.operations import batches

batches.PORTION = 100
keep, kept = code_file.CodeFile.keep, []

def keep_and_die(self, made):
    keep(self, made)
    kept.append(made)
    if len(kept) == 3:
        os.kill(os.getpid(), signal.SIGKILL)

code_file.CodeFile.keep = keep_and_die
call_command("issue_gift_cards", "--count", "450", "--amount", "2500", "--currency", "USD",
    "--reference", "spring", "--codes-to", {path!r})
"""


@pytest.mark.django_db(transaction=True)
def test_a_run_that_was_killed_is_gone_on_with_to_the_card(monkeypatch, tmp_path):
    path = tmp_path / "codes.csv"
    run = subprocess.run(
        [sys.executable, "-c", KILLED.format(path=str(path))],
        cwd=ROOT,
        env=_environment() | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        check=False,
    )
    assert run.returncode == -signal.SIGKILL
    assert (Batch.objects.get().issued, GiftCard.objects.count()) == (200, 200)
    assert len(lines_of(path)) == 300

    monkeypatch.setattr(batches, "PORTION", 100)
    command("--count", 450, "--reference", "spring", "--codes-to", path)

    told = {line["id"]: line["code"] for line in lines_of(path)}
    assert told == {str(card.pk): card.code().reveal() for card in GiftCard.objects.all()}
    assert len(told) == 450
    assert [lie for _cards, lies in verify_ledger() for lie in lies] == []
    assert miscounts() == []


# --- The codes


def test_the_file_of_codes_is_its_owners_alone(tmp_path):
    path = tmp_path / "codes.csv"
    path.touch(mode=0o644)

    command("--count", 10, "--codes-to", path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = {line["id"]: line["code"] for line in lines_of(path)}
    assert told == {str(card.pk): card.code().reveal() for card in GiftCard.objects.all()}


def test_a_batch_that_is_issued_touches_no_file(tmp_path):
    command("--count", 10, "--reference", "spring", "--without-codes")
    command("--count", 10, "--reference", "spring", "--codes-to", tmp_path / "codes.csv")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("my,shopping\n", "is no file of codes"),
        ("id,code\nnonsense\n", None),
        ("id,code\n01900000-0000-7000-8000-000000000000,gone", None),
    ],
)
def test_what_stands_in_the_file_is_looked_at(tmp_path, content, told):
    path = tmp_path / "codes.csv"
    path.write_text(content)

    if told:
        with pytest.raises(CommandError, match=told):
            command("--count", 10, "--reference", "spring", "--codes-to", path)
        assert path.read_text() == content
        return
    command("--count", 10, "--reference", "spring", "--codes-to", path)
    assert len(lines_of(path)) == 10


def test_the_codes_of_another_batch_are_not_written_over(tmp_path):
    path = tmp_path / "codes.csv"
    command("--count", 10, "--reference", "spring", "--codes-to", path)
    before = path.read_text()

    with pytest.raises(CommandError, match=r"holds the codes of other gift cards\. Nothing is issued"):
        command("--count", 10, "--reference", "summer", "--codes-to", path)

    assert path.read_text() == before


def test_a_batch_goes_on_in_the_file_that_it_began_in_only(tmp_path):
    with taken_code(at=6), pytest.raises(CommandError):
        command("--count", 8, "--reference", "spring", "--codes-to", tmp_path / "codes.csv")

    with pytest.raises(CommandError, match="No such file"):
        command("--count", 8, "--reference", "spring", "--codes-to", tmp_path / "others.csv")

    command("--count", 8, "--reference", "spring", "--codes-to", tmp_path / "codes.csv")
    assert len(lines_of(tmp_path / "codes.csv")) == 8


def test_a_place_that_can_not_be_written_is_told_before_anything_is_issued(tmp_path):
    with pytest.raises(CommandError, match=r"can't be opened: Is a directory\. Nothing is issued"):
        command("--count", 8, "--codes-to", tmp_path)

    assert not Batch.objects.exists()


def test_nothing_says_a_code_but_the_file(tmp_path, capsys):
    path = tmp_path / "codes.csv"
    said = command("--count", 10, "--codes-to", path, stderr=None)

    spoken = said + "".join(capsys.readouterr())
    assert not [line["code"] for line in lines_of(path) if line["code"] in spoken]


# --- Verification


@pytest.mark.tampers
def test_an_event_that_names_no_batch_issues_no_card():
    issue_batch(caller=TEST, terms=BatchTerms(1, 2_500, "USD"), occasion=SPRING)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE events_event SET data = data - 'batch_id'")

    (lie,) = (lie for _cards, lies in verify_ledger() for lie in lies)

    assert "gift_cards.issue cannot take it from draft to active" in str(lie)
