from argparse import ArgumentParser
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from giftcards.code_file import CodeFile, UnusableCodeFile
from giftcards.code_keys import require_the_keys_of_this_database
from giftcards.models import Batch
from giftcards.operations import BatchTerms, Occasion, issue_batch
from kernel.caller import Actor, Caller
from kernel.keys import uuid7
from kernel.modes import Mode
from kernel.refusals import Refusal
from markets.models import Market


class Command(BaseCommand):
    help = (
        "Issues many equal gift cards: each is created, purchased and, unless told otherwise, activated. A "
        "run that was cut off is gone on with by the same words, with its --reference."
    )

    # They would load every view, which takes more memory than the cards do.
    requires_system_checks: Any = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--count", type=int, required=True, metavar="N", help="how many cards")
        parser.add_argument(
            "--amount",
            type=int,
            required=True,
            metavar="CENTS",
            help="face value of each, in minor units",
        )
        parser.add_argument("--currency", metavar="CODE", help="unless it is the market's")
        parser.add_argument("--market", type=UUID, metavar="ID", help="where they are spent; else anywhere")
        parser.add_argument(
            "--expires-at", metavar="WHEN", help="an ISO time or a date; else the market's default holds"
        )
        parser.add_argument("--mode", choices=Mode.values, default=Mode.TEST.value, help="default: test")
        parser.add_argument(
            "--reference",
            metavar="TEXT",
            help="names the batch, of which there is never a second one; made up if left out",
        )
        parser.add_argument("--reason", default="", metavar="TEXT", help="for people, kept with each card")
        parser.add_argument("--inactive", action="store_true", help="the cards wait to be activated")
        codes = parser.add_mutually_exclusive_group(required=True)
        codes.add_argument(
            "--codes-to", type=Path, metavar="FILE", help="write ids and codes there, readable by you only"
        )
        codes.add_argument("--without-codes", action="store_true", help="nobody is told the codes now")

    def handle(self, *args: Any, **options: Any) -> None:
        require_the_keys_of_this_database()
        caller = Caller(Mode(options["mode"]), Actor.system("issue_gift_cards"))
        reference = options["reference"] or f"batch-{uuid7()}"
        if not options["reference"]:
            self.stderr.write(f"The batch's reference is {reference}.", style_func=str)
        keeper = CodeFile(options["codes_to"]) if options["codes_to"] else None
        progress = tqdm(total=options["count"], unit=" cards", file=self.stderr, leave=False, disable=None)
        try:
            with progress:
                batch = issue_batch(
                    caller=caller,
                    terms=_terms(caller, options),
                    occasion=Occasion(options["reason"], reference),
                    keeper=keeper,
                    progress=progress.update,
                )
        except (Refusal, UnusableCodeFile) as refusal:
            told = str(refusal).removesuffix(".")
            raise CommandError(f"{told}.{_standing(caller, reference)}") from refusal
        finally:
            if keeper is not None:
                keeper.close()
        self.stdout.write(f"{batch.issued} gift cards of batch {reference} are issued.")


def _terms(caller: Caller, options: dict[str, Any]) -> BatchTerms:
    market = None
    if options["market"]:
        market = Market.objects.visible_to(caller).filter(pk=options["market"]).first()
        if market is None:
            raise CommandError(f"There is no market {options['market']} in the {caller.mode} mode.")
    return BatchTerms(
        number=options["count"],
        amount_cents=options["amount"],
        currency_code=options["currency"],
        market=market,
        expires_at=_moment(options["expires_at"]),
        active=not options["inactive"],
    )


def _moment(when: str | None) -> datetime | date | None:
    """A time without a zone is meant in that of the settings, a date in that of the market."""
    if when is None:
        return None
    try:
        if len(when) <= len("2026-01-01"):
            return date.fromisoformat(when)
        moment = datetime.fromisoformat(when)
    except ValueError:
        raise CommandError("--expires-at takes an ISO time or a date.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(settings.GIFTCARDS_TIME_ZONE))


def _standing(caller: Caller, reference: str) -> str:
    batch = Batch.objects.filter(mode=caller.mode, reference=reference).first()
    if batch is None:
        return " Nothing is issued."
    return f" Of this batch {batch.issued} of {batch.number} gift cards are issued."
