from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from api.stored_answers import older_than, prune


class Command(BaseCommand):
    help = (
        "Deletes stored answers to requests with an Idempotency-Key. The keys stay for ever: a retry is told "
        "what the first request made. May run beside live traffic, and again after an interruption."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--hours", type=_hours, default=24, help="how long answers are kept (default: %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        age = timedelta(hours=options["hours"])
        pruned = 0
        with tqdm(
            total=older_than(age).count(), unit=" answers", file=self.stderr, leave=False, disable=None
        ) as progress:
            for portion in prune(age):
                progress.update(portion)
                pruned += portion
        self.stdout.write(f"{pruned} answers older than {options['hours']} hours pruned.")


def _hours(text: str) -> int:
    if not (text.isdecimal() and text.isascii()) or int(text) > 100 * 365 * 24:
        raise ArgumentTypeError("must be a whole number of hours, 0 or more")
    return int(text)
