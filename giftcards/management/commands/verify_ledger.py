from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InternalError, transaction
from tqdm import tqdm

from giftcards.code_keys import require_the_keys_of_this_database
from giftcards.heads import Header, UnusableHeads, issued_cards, lies_against, read_header, write_heads
from giftcards.journal import FORMATS, Journal
from giftcards.models import GiftCard
from giftcards.verification import Lie, verify_ledger
from giftcards.verification.newer import count_newer_cards
from giftcards.verification.verdicts import record_verdict, since_last_clean
from kernel.clock import database_now
from kernel.files import whole_file
from kernel.modes import Mode

STDOUT: Final = "-"
LAST: Final = "last"


@dataclass
class Tally:
    cards: int = 0
    lies: int = 0
    first_lie: Lie | None = None

    def add(self, lies: list[Lie]) -> None:
        if lies and self.first_lie is None:
            self.first_lie = lies[0]
        self.lies += len(lies)


class Command(BaseCommand):
    help = (
        "Recomputes every card's ledger, hash chain and events; exit status 1 and the card's name on a lie. "
        "The verdict is recorded; what is exported or written is of a ledger that was found true."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="name every lie instead of stopping at the first"
        )
        parser.add_argument(
            "--since",
            metavar="WHEN",
            help="only cards whose row, entries or events are newer than WHEN, an ISO time, a date, or "
            "`last` for when the last clean verification began (all cards as long as there was none). It "
            "finds what operations have done since; it cannot see an old card that somebody has tampered "
            "with, nor one that has vanished",
        )
        parser.add_argument(
            "--export", metavar="FILE", help="write the journal in double-entry form; - is standard output"
        )
        parser.add_argument("--format", choices=sorted(FORMATS), default="csv", help="of --export")
        parser.add_argument(
            "--heads",
            metavar="FILE",
            type=Path,
            help="write the signed heads of all chains, to be kept elsewhere",
        )
        parser.add_argument(
            "--against",
            metavar="FILE",
            type=Path,
            help="compare with the heads that were written earlier: names each card whose history was "
            "rewritten or cut off, whose events were changed, or that has vanished",
        )
        parser.add_argument(
            "--signed-by",
            metavar="FINGERPRINT",
            help="believe a file for --against that was signed with a key which is no longer configured",
        )
        parser.add_argument(
            "--mode",
            choices=Mode.values,
            default=Mode.LIVE.value,
            help="of --export and --heads; both modes are verified",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["export"] and options["since"] == LAST:
            raise CommandError("--export takes a time for --since; what `last` means overlaps.")
        require_the_keys_of_this_database()
        since = _moment(options["since"])
        header = _header(options["against"], options["signed_by"])
        started_at, tally = database_now(), Tally()
        total = GiftCard.objects.count() if since is None else count_newer_cards(since)
        tally.cards = self._look(verify_ledger(since), total, " cards", tally, everything=options["all"])
        if header is not None and (options["all"] or not tally.lies):
            portions = lies_against(options["against"], header)
            self._look(portions, header.count, " heads", tally, everything=options["all"])
        self._record(started_at, since, tally)
        if tally.lies:
            number = f"{tally.lies} lies in the ledger."
            raise CommandError(number if options["all"] else str(tally.first_lie))
        newer = f" newer than {_text(since)}" if since else ""
        told = [f"The ledger is true: {tally.cards} gift cards{newer} verified"]
        if header is not None:
            told.append(f"{header.count} heads of {header.moment} stand in it")
        told += self._written(options, since)
        # Where the journal goes, nothing else does.
        out = self.stderr if options["export"] == STDOUT else self.stdout
        out.write("; ".join(told) + ".", style_func=str)

    def _look(
        self,
        portions: Iterable[tuple[int, list[Lie]]],
        total: int,
        unit: str,
        tally: Tally,
        *,
        everything: bool,
    ) -> int:
        """Through all portions, or to the first lie; returns how many were seen."""
        seen = 0
        with self._progress(total, unit) as progress:
            for portion, found in portions:
                progress.update(portion)
                seen += portion
                tally.add(found)
                if found and not everything:
                    break
                for lie in found:
                    self.stderr.write(str(lie))
        return seen

    def _progress(self, total: int, unit: str) -> "tqdm[Any]":
        return tqdm(total=total, unit=unit, file=self.stderr, leave=False, disable=None)

    def _record(self, started_at: datetime, since: datetime | None, tally: Tally) -> None:
        try:
            with transaction.atomic():
                record_verdict(
                    started_at=started_at,
                    since=since,
                    cards=tally.cards,
                    lies=tally.lies,
                    first_lie=tally.first_lie,
                )
        except InternalError:
            self.stderr.write("The verdict is not recorded: this database can only be read.")

    def _written(self, options: dict[str, Any], since: datetime | None) -> Iterable[str]:
        mode = Mode(options["mode"])
        if options["export"]:
            yield self._export(options["export"], options["format"], Journal(mode, since))
        if options["heads"]:
            with (
                self._progress(issued_cards(mode).count(), " heads") as progress,
                _told_if_impossible(options["heads"]),
                whole_file(options["heads"]) as file,
            ):
                header = write_heads(file, mode, progress.update)
            yield f"{header.count} heads written to {options['heads']}, public key {header.fingerprint}"

    def _export(self, target: str, form: str, journal: Journal) -> str:
        with self._progress(journal.count(), " entries") as progress:
            if target == STDOUT:
                with _told_if_impossible("Standard output"):
                    FORMATS[form](journal, self.stdout, progress.update)
            else:
                with _told_if_impossible(target), whole_file(Path(target)) as file:
                    text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
                    FORMATS[form](journal, text, progress.update)
                    text.detach()
        totals = ", ".join(f"{currency} {total}" for currency, total in sorted(journal.totals.items()))
        sides = f" (debits and credits {totals} in minor units)" if totals else ""
        where = "" if target == STDOUT else f" to {target}"
        return f"{journal.entries} entries exported{where}{sides}"


@contextmanager
def _told_if_impossible(target: object) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CommandError(f"{target} can't be written: {error.strerror}.") from None


def _header(path: Path | None, signed_by: str | None) -> Header | None:
    if path is None:
        return None
    try:
        return read_header(path, trusted=signed_by)
    except UnusableHeads as unusable:
        raise CommandError(str(unusable)) from None
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.") from None


def _moment(when: str | None) -> datetime | None:
    """A time without a zone, and a date, are meant in that of the settings."""
    if when is None:
        return None
    if when == LAST:
        return since_last_clean()
    try:
        moment = datetime.fromisoformat(when)
        zone = moment.tzinfo or ZoneInfo(settings.GIFTCARDS_TIME_ZONE)
        return moment.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CommandError("--since takes an ISO time, a date or `last`.") from None


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
