"""The ledger for accountants: every entry twice, adding up, and nothing that a spreadsheet would run."""

import csv
import json
from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from giftcards.journal import COLUMNS, Journal, both_sides, write_csv, write_json
from giftcards.models import Kind, LedgerEntry
from giftcards.models.ledger import CONTRA_ACCOUNTS, LIABILITY_ACCOUNT
from giftcards.operations import Occasion, adjust, debit, recharge
from kernel.clock import database_now
from kernel.modes import Mode
from kernel.spreadsheets import inert
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card
from tests.fixtures.proof import verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def cards():
    """In two currencies, and one in test mode."""
    dollars = an_active_card(by=LIVE)
    debit(caller=LIVE, card_id=dollars.id, amount_cents=250, occasion=Occasion("Lunch", "order-1", "1"))
    recharge(caller=LIVE, card_id=dollars.id, amount_cents=50)
    adjust(caller=LIVE, card_id=dollars.id, balance_cents=9_000)
    yen = an_active_card(by=LIVE, market=a_market(by=LIVE, currency_code="JPY"), balance_cents=0)
    recharge(caller=LIVE, card_id=yen.id, amount_cents=700)
    an_active_card(by=TEST)
    return dollars, yen


def exported(write, mode=Mode.LIVE, since=None) -> str:
    sink = StringIO()
    write(Journal(mode, since), sink, lambda _number: None)
    return sink.getvalue()


def as_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


def test_every_kind_has_one_account_and_only_kinds_have():
    assert set(CONTRA_ACCOUNTS) == set(Kind.values)
    assert LIABILITY_ACCOUNT not in CONTRA_ACCOUNTS.values()


def test_an_entry_is_two_lines_with_the_debit_first(cards):
    dollars, _yen = cards
    rows = [row for row in as_rows(exported(write_csv)) if row["gift_card_id"] == str(dollars.id)]

    shown = ("sequence", "kind", "account", "debit_cents", "credit_cents")
    assert [tuple(row[column] for column in shown) for row in rows] == [
        ("1", "issue", "cash:sales", "10000", "0"),
        ("1", "issue", "liability:gift_cards", "0", "10000"),
        ("2", "debit", "liability:gift_cards", "250", "0"),
        ("2", "debit", "revenue:redemptions", "0", "250"),
        ("3", "recharge", "cash:recharges", "50", "0"),
        ("3", "recharge", "liability:gift_cards", "0", "50"),
        ("4", "adjustment", "liability:gift_cards", "800", "0"),
        ("4", "adjustment", "expense:adjustments", "0", "800"),
    ]
    assert {row["currency_code"] for row in rows} == {"USD"}
    assert (rows[2]["reason"], rows[2]["reference"], rows[2]["order_number"]) == ("Lunch", "order-1", "1")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("amount_cents", [-7, 7, 0])
def test_what_adds_to_a_card_is_owed_and_what_takes_from_it_no_longer(kind, amount_cents):
    entry = dict.fromkeys(COLUMNS) | {
        "id": None,
        "kind": kind.value,
        "amount_cents": amount_cents,
        "created_at": database_now(),
    }
    debited, credited = both_sides(entry)
    owed = credited if amount_cents >= 0 else debited

    assert owed["account"] == LIABILITY_ACCOUNT
    assert {debited["account"], credited["account"]} == {LIABILITY_ACCOUNT, CONTRA_ACCOUNTS[kind]}
    assert debited["debit_cents"] == credited["credit_cents"] == abs(amount_cents)
    assert debited["credit_cents"] == credited["debit_cents"] == 0


def test_debits_and_credits_are_equal_in_every_currency_and_come_to_the_balances(cards):
    lines = json.loads(exported(write_json))["lines"]
    debited: Counter[str] = Counter()
    credited: Counter[str] = Counter()
    owed: Counter[str] = Counter()
    for line in lines:
        debited[line["currency_code"]] += line["debit_cents"]
        credited[line["currency_code"]] += line["credit_cents"]
        if line["account"] == LIABILITY_ACCOUNT:
            owed[line["currency_code"]] += line["credit_cents"] - line["debit_cents"]

    assert debited == credited == {"USD": 11_100, "JPY": 700}
    assert owed == {"USD": 9_000, "JPY": 700}


def test_json_is_one_document_that_ends_with_the_totals(cards):
    text = exported(write_json)
    document = json.loads(text)

    assert document["entries"] == 6
    assert len(document["lines"]) == 12
    assert document["totals"]["JPY"] == {"debit_cents": 700, "credit_cents": 700}
    assert set(document["lines"][0]) == set(COLUMNS)
    assert len(text.splitlines()) == 14
    with pytest.raises(json.JSONDecodeError):
        json.loads(text[:-10])


def test_both_forms_say_the_same(cards):
    lines = json.loads(exported(write_json))["lines"]
    rows = as_rows(exported(write_csv))

    times = [(line.pop("created_at"), row.pop("created_at")) for line, row in zip(lines, rows, strict=True)]
    assert [
        {name: "" if value is None else str(value) for name, value in line.items()} for line in lines
    ] == rows
    assert all(one.rstrip("Z")[:23] == other[:23] for one, other in times)


def test_a_journal_of_nothing_is_a_journal():
    assert json.loads(exported(write_json)) == {"lines": [], "entries": 0, "totals": {}}
    assert exported(write_csv) == ",".join(COLUMNS) + "\r\n"


def test_the_mode_and_the_moment_choose_the_entries(cards):
    since = database_now()
    newest = debit(caller=LIVE, card_id=cards[0].id, amount_cents=1)

    assert [row["sequence"] for row in as_rows(exported(write_csv, since=since))] == ["5", "5"]
    assert newest.ledger_sequence == 5
    assert {row["mode"] for row in as_rows(exported(write_csv, mode=Mode.TEST))} == {"test"}
    assert as_rows(exported(write_csv, since=since + timedelta(hours=1))) == []


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", '=HYPERLINK("x")', "-"],
)
def test_no_cell_is_a_formula(text):
    """An integration's order number, a person's reason: whatever they are, they are text."""
    card = an_active_card(by=LIVE)
    debit(caller=LIVE, card_id=card.id, amount_cents=1, occasion=Occasion(f"{text}", "fine=1", "a-1"))
    row = as_rows(exported(write_csv))[-1]
    stored = LedgerEntry.objects.latest("id").reason

    assert row["reason"] == f"'{stored}"
    assert (row["reference"], row["order_number"]) == ("fine=1", "a-1")
    assert json.loads(exported(write_json))["lines"][-1]["reason"] == stored


@pytest.mark.parametrize("text", ["", "order-1", "a=b", "1", "é"])
def test_what_is_no_formula_stays_as_it_is(text):
    assert inert(text) == text


def test_it_is_streamed_by_a_cursor_of_the_server(cards):
    def open_cursors():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors")
            return cursor.fetchone()[0]

    lines = Journal(Mode.LIVE).lines(lambda _number: None)
    next(lines)

    assert open_cursors() == 1
    assert len(list(lines)) == 11
    assert open_cursors() == 0


@pytest.mark.parametrize(("form", "read"), [("csv", as_rows), ("json", json.loads)])
def test_the_command_writes_a_file(cards, tmp_path, form, read):
    target = tmp_path / "journal"
    said = verify("--export", target, "--format", form)

    assert read(target.read_bytes().decode())
    assert said == (
        f"The ledger is true: 3 gift cards verified; 6 entries exported to {target} "
        "(debits and credits JPY 700, USD 11100 in minor units).\n"
    )


def test_on_standard_output_there_is_the_journal_alone(cards):
    out, err = StringIO(), StringIO()
    call_command("verify_ledger", "--export", "-", "--format", "json", stdout=out, stderr=err)

    assert json.loads(out.getvalue())["entries"] == 6
    assert err.getvalue().startswith("The ledger is true: 3 gift cards verified; 6 entries exported (")


def test_whoever_stops_reading_the_journal_is_told_in_one_sentence(cards):
    class Closed(StringIO):
        def write(self, text):
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(CommandError, match="Standard output can't be written: Broken pipe"):
        call_command("verify_ledger", "--export", "-", stdout=Closed(), stderr=StringIO())


def test_the_command_takes_mode_and_moment(cards):
    out = StringIO()
    since = database_now() - timedelta(hours=1)
    arguments = ["--export", "-", "--mode", "test", "--since", since.isoformat()]
    call_command("verify_ledger", *arguments, stdout=out, stderr=StringIO())

    assert [row["mode"] for row in as_rows(out.getvalue())] == ["test", "test"]


def test_an_export_since_the_last_verification_is_refused(tmp_path):
    with pytest.raises(CommandError, match="--export takes a time for --since"):
        verify("--export", tmp_path / "x", "--since", "last")
