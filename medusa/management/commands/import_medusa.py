import json
import os
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from giftcards.code_keys import require_the_keys_of_this_database
from giftcards.money import exponent
from kernel.caller import Actor, Caller
from kernel.modes import Mode
from medusa.importing.findings import Finding, Kind, Report
from medusa.importing.run import import_medusa
from medusa.importing.source import NoMedusa, medusa_database

LOCK: Final = "medusa.import"
FROM_THE_ENVIRONMENT: Final = "MEDUSA_DATABASE_URL"


class Command(BaseCommand):
    help = (
        "Reads the gift cards of a Medusa v1 database (1.20) into markets, cards and the ledger. Without "
        "--apply it only says what would come, and what is odd. May be stopped at any time and run again: "
        "nothing comes twice. Exit status 1 if a card can't be imported or is worth something else here."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--database-url",
            metavar="URL",
            help=f"Medusa's, postgresql://…; default: {FROM_THE_ENVIRONMENT} of the environment, which no "
            "list of processes shows. It is only read, in one snapshot",
        )
        parser.add_argument("--apply", action="store_true", help="import; else nothing is written")
        parser.add_argument(
            "--follow",
            action="store_true",
            help="bring cards that were imported earlier in line with what happened in Medusa since",
        )
        parser.add_argument("--mode", choices=Mode.values, default=Mode.LIVE.value, help="default: live")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object per line; the last is the summary"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        require_the_keys_of_this_database()
        url = options["database_url"] or os.environ.get(FROM_THE_ENVIRONMENT, "")
        caller = Caller(Mode(options["mode"]), Actor.system("import_medusa"))
        try:
            with _alone(), medusa_database(url) as source, self._progress(source.count_cards()) as progress:
                report = import_medusa(
                    source,
                    caller=caller,
                    apply=options["apply"],
                    follow=options["follow"],
                    tell=lambda finding: self._tell(finding, as_json=options["json"]),
                    progress=progress.update,
                )
        except NoMedusa as reason:
            raise CommandError(str(reason)) from None
        self._summary(report, as_json=options["json"])
        if not report.is_clean:
            raise CommandError(_verdict(report))

    def _progress(self, cards: int) -> "tqdm[Any]":
        return tqdm(total=cards, unit=" cards", file=self.stderr, leave=False, disable=None)

    def _tell(self, finding: Finding, *, as_json: bool) -> None:
        told = {"type": "finding", **asdict(finding)}
        self.stdout.write(json.dumps(told) if as_json else str(finding))

    def _summary(self, report: Report, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(_document(report)))
            return
        after = "here now" if report.applied else "would be here"
        for region, tally in report.tallies.items():
            currency = report.currencies[region]
            self.stdout.write(
                f"{report.names[region]} ({region}), {currency}: {tally.cards} cards, {tally.new} new, "
                f"{tally.here} here already, {tally.left_out} left out, {tally.impossible} impossible; "
                f"owed in Medusa {_amount(tally.medusa_cents, currency)}, here before "
                f"{_amount(tally.here_before_cents, currency)}, {after} "
                f"{_amount(tally.here_after_cents, currency)}"
            )
        for currency, (medusa, here) in sorted(_by_currency(report).items()):
            self.stdout.write(
                f"{currency}: owed in Medusa {_amount(medusa, currency)}, {after} {_amount(here, currency)}, "
                f"difference {_amount(here - medusa, currency)}"
            )
        if not report.applied:
            self.stdout.write("Nothing was written. Run it again with --apply.")


@contextmanager
def _alone() -> Iterator[None]:
    """Two at once would refuse each other's cards."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [LOCK])
        if cursor.fetchone() != (True,):
            raise CommandError("Another import_medusa is at work on this database.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [LOCK])


def _by_currency(report: Report) -> dict[str, tuple[int, int]]:
    sums: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for region, tally in report.tallies.items():
        medusa, here = sums[report.currencies[region]]
        sums[report.currencies[region]] = medusa + tally.medusa_cents, here + tally.here_after_cents
    return sums


def _document(report: Report) -> dict[str, Any]:
    return {
        "type": "summary",
        "applied": report.applied,
        "clean": report.is_clean,
        "findings": report.counts,
        "regions": [
            {
                "id": region,
                "name": report.names[region],
                "currency_code": report.currencies[region],
                **asdict(tally),
            }
            for region, tally in report.tallies.items()
        ],
        "currencies": {
            currency: {"medusa_cents": medusa, "here_cents": here, "difference_cents": here - medusa}
            for currency, (medusa, here) in sorted(_by_currency(report).items())
        },
    }


def _verdict(report: Report) -> str:
    counts = report.counts
    told = []
    if counts[Kind.PROBLEM]:
        told.append(f"{counts[Kind.PROBLEM]} problems")
    if counts[Kind.DIFFERENCE]:
        told.append(f"{counts[Kind.DIFFERENCE]} differences")
    if counts[Kind.CHANGE] and not report.followed:
        told.append(f"{counts[Kind.CHANGE]} changes in Medusa that were not followed")
    return f"{', '.join(told)}: what is owed here is not yet what Medusa owes. They are named above."


def _amount(cents: int, currency_code: str) -> str:
    """In major units, to the last decimal; minor units of a currency that nobody knows."""
    try:
        decimals = exponent(currency_code)
    except ValueError:
        return str(cents)
    return f"{Decimal(cents).scaleb(-decimals):,.{decimals}f}"
