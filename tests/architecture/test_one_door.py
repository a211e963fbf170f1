"""There is one door to the ledger and one to a card's money, and everybody goes through it."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from giftcards import operations
from giftcards.models import Status

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "kernel", "events", "access", "api", "markets", "recipients", "giftcards", "medusa")
POSTING = "giftcards/operations/posting.py"
POSTING_BATCHES = "giftcards/operations/posting_batches.py"
"""The other leaf of the door: the first entries of cards that nobody has seen yet."""

VERBS = [getattr(operations, name) for name in operations.__all__ if name[0].islower()]


def sources() -> Iterator[tuple[str, str]]:
    """Our own modules, migrations left out."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text()


def lines_with(pattern: str) -> list[tuple[str, str]]:
    return [
        (name, line.strip())
        for name, text in sources()
        for line in text.splitlines()
        if re.search(pattern, line)
    ]


def test_an_entry_is_inserted_in_one_line():
    hits = lines_with(r"(?i)insert\s+into\s+giftcards_ledgerentry")

    assert [name for name, _line in hits] == [POSTING]


def test_entries_are_copied_in_one_line():
    hits = lines_with(r"(?i)NewRows\(LedgerEntry|copy\s+giftcards_ledgerentry")

    assert [name for name, _line in hits] == [POSTING_BATCHES]


def test_an_entry_is_made_in_one_line():
    hits = lines_with(r"(?<!class )\bLedgerEntry\(|LedgerEntry\.objects\.(bulk_)?(get_or_|update_or_)?create")

    assert [name for name, _line in hits] == [POSTING]


def test_no_entry_is_ever_updated_or_deleted():
    assert lines_with(r"(?i)(update|delete\s+from|truncate)\s+giftcards_ledgerentry") == []
    assert lines_with(r"LedgerEntry\.objects\b.*\.(update|delete)\(") == []
    assert lines_with(r"ledger_entries\b.*\.(update|delete|create|add)\(") == []


def test_a_balance_is_assigned_by_posting_and_to_a_draft_only():
    hits = lines_with(r"\.balance_cents\b[^=!<>]*[^=!<>]=[^=]")

    assert {name for name, _line in hits} == {POSTING, "giftcards/operations/attributes.py"}


def test_nothing_is_added_to_a_balance_in_place():
    assert lines_with(r"_cents\s*[-+]=") == []
    assert lines_with(r"F\(.balance_cents.\)\s*[-+]") == []


def test_a_status_is_moved_by_the_verbs_only():
    hits = lines_with(
        r"\.(purchase|activate|deactivate|debit|authorize|capture|recharge|refund|adjust|cash_out|redeem|reopen)(\(\)|\)$)"
    )

    assert {name for name, _line in hits} <= {
        "giftcards/operations/issuing.py",
        "giftcards/operations/batches.py",
        "giftcards/operations/lifecycle.py",
        POSTING,
        "giftcards/operations/balance.py",
        "giftcards/operations/authorizing.py",
        "giftcards/operations/cashing_out.py",
        "giftcards/operations/remainder.py",
        "giftcards/operations/refunding.py",
    }


def test_the_posting_statement_knows_no_status_but_from_the_state_machine():
    """Neither in which one a verb is possible nor to which one it leads is written a second time."""
    text = (ROOT / POSTING).read_text()
    quoted = {status for status in Status if re.search(rf"['\"]{status}['\"]", text)}
    named = set(re.findall(r"Status\.(\w+)", text))

    assert quoted == set()
    assert named == {"REDEEMED"}, "to tell which of its two verbs follows in memory"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
def test_a_verb_takes_keywords_only_and_says_their_types(verb):
    parameters = inspect.signature(verb).parameters.values()

    assert {parameter.kind for parameter in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    assert all(parameter.annotation is not inspect.Parameter.empty for parameter in parameters)
    assert next(iter(parameters)).name == "caller"
    assert verb.__doc__


def test_every_verb_is_listed():
    public = {
        name
        for name, member in inspect.getmembers(operations, inspect.isfunction)
        if member.__module__.startswith("giftcards.operations")
    }

    assert public == {verb.__name__ for verb in VERBS}


def test_the_domain_has_no_signals_and_no_rules_in_save():
    signals = lines_with(r"django\.(db\.models|dispatch|core)\.?signals?|import receiver")
    assert [place for place, _ in signals] == ["config/wsgi.py"], (
        "where the server takes out some of Django's"
    )
    assert lines_with(r"^\s+def save\(self") == []


def test_functions_stay_short():
    """The ninetieth percentile of the domain stays under thirty lines; nobody is proud of a long one."""
    lengths = sorted(
        node.end_lineno - node.lineno + 1
        for name, text in sources()
        if name.startswith(("giftcards/", "kernel/", "events/", "markets/", "recipients/"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    )

    assert lengths[len(lengths) * 9 // 10] <= 30


def test_no_module_is_longer_than_four_hundred_lines():
    assert [name for name, text in sources() if len(text.splitlines()) > 400] == []
