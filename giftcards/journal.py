"""The ledger as a double-entry journal, for accountants: every entry is two lines of one amount.

A card's entry says what is owed to its holder; the other line names the account of its kind
(`giftcards.models.ledger.CONTRA_ACCOUNTS`). Σ debits = Σ credits in every currency, because no line is
written without the other.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import orjson

from giftcards.models import LedgerEntry
from giftcards.models.ledger import CONTRA_ACCOUNTS, LIABILITY_ACCOUNT
from kernel.modes import Mode
from kernel.snapshot import one_moment
from kernel.spreadsheets import inert

ENTRIES_AT_A_TIME: Final = 2000
COPIED: Final = (
    "market_id",
    "original_sequence",
    "authorization_id",
    "payment_id",
    "actor_kind",
    "actor_id",
    "actor_name",
    "reason",
    "reference",
    "order_number",
)
COLUMNS: Final = (
    "entry_id",
    "created_at",
    "mode",
    "gift_card_id",
    "sequence",
    "kind",
    "account",
    "debit_cents",
    "credit_cents",
    "currency_code",
    *COPIED,
)
_READ: Final = (
    "id",
    "created_at",
    "mode",
    "gift_card_id",
    "sequence",
    "kind",
    "amount_cents",
    "currency_code",
    *COPIED,
)

Line = dict[str, Any]


class Sink(Protocol):
    def write(self, text: str, /) -> Any: ...


class Journal:
    """The entries of one mode, from `since` on, in the order in which they were made. Goes through them once,
    in one moment, with a cursor of the server's: the memory it needs does not grow with them.

    `entries` and `totals` (Σ debits by currency, and as much credits) are known when it is through.
    """

    def __init__(self, mode: Mode, since: datetime | None = None) -> None:
        self.entries = 0
        self.totals: Counter[str] = Counter()
        self._rows = LedgerEntry.objects.filter(mode=mode).order_by("created_at", "id").values(*_READ)
        if since is not None:
            self._rows = self._rows.filter(created_at__gte=since)

    def count(self) -> int:
        return int(self._rows.count())

    def lines(self, progress: Callable[[int], object]) -> Iterator[Line]:
        """Two at a time, the debit first. `progress` is told of each entry."""
        with one_moment():
            for entry in self._rows.iterator(chunk_size=ENTRIES_AT_A_TIME):
                yield from both_sides(entry)
                self.entries += 1
                self.totals[entry["currency_code"]] += abs(entry["amount_cents"])
                progress(1)


def both_sides(entry: Mapping[str, Any]) -> tuple[Line, Line]:
    """Debit and credit of one entry, in minor units of its currency."""
    amount = entry["amount_cents"]
    contra = CONTRA_ACCOUNTS[entry["kind"]]
    debited, credited = (contra, LIABILITY_ACCOUNT) if amount >= 0 else (LIABILITY_ACCOUNT, contra)
    return _line(entry, debited, debit_cents=abs(amount)), _line(entry, credited, credit_cents=abs(amount))


def _line(entry: Mapping[str, Any], account: str, *, debit_cents: int = 0, credit_cents: int = 0) -> Line:
    return {
        "entry_id": entry["id"],
        "created_at": entry["created_at"].astimezone(UTC),
        "mode": entry["mode"],
        "gift_card_id": entry["gift_card_id"],
        "sequence": entry["sequence"],
        "kind": entry["kind"],
        "account": account,
        "debit_cents": debit_cents,
        "credit_cents": credit_cents,
        "currency_code": entry["currency_code"],
        **{name: entry[name] for name in COPIED},
    }


def write_csv(journal: Journal, sink: Sink, progress: Callable[[int], object]) -> None:
    """With a row of names. No cell is taken for a formula, whatever somebody has called his order."""
    rows = csv.writer(sink, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    rows.writerows(map(_cells, journal.lines(progress)))


def _cells(line: Line) -> list[object]:
    return [_cell(line[column]) for column in COLUMNS]


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return inert(value) if isinstance(value, str) else value


def write_json(journal: Journal, sink: Sink, progress: Callable[[int], object]) -> None:
    """One document: a file that was cut off is none, and so is noticed. Each line has a line of its own."""
    sink.write('{"lines": [')
    separator = "\n"
    for line in journal.lines(progress):
        sink.write(separator + orjson.dumps(line, option=orjson.OPT_UTC_Z).decode())
        separator = ",\n"
    end = {
        "entries": journal.entries,
        "totals": {
            currency: {"debit_cents": total, "credit_cents": total}
            for currency, total in sorted(journal.totals.items())
        },
    }
    sink.write("\n], " + orjson.dumps(end).decode()[1:] + "\n")


FORMATS: Final = {"csv": write_csv, "json": write_json}
