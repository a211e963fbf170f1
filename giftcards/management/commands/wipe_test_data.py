from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from giftcards.wiping import count_test_data, wipe_test_data
from kernel.caller import Actor
from kernel.refusals import Conflict

WORDS: Final = "wipe test data"


class Command(BaseCommand):
    help = (
        "Removes everything of the test mode: cards with their ledger, orders, products, markets, "
        "recipients, events and idempotency keys. Live data, API keys and applications stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = count_test_data()
        if not counts:
            self.stdout.write("There is no test data.")
            return
        if not options["yes"]:
            self._confirm(", ".join(f"{number} {name}" for name, number in counts.items()))
        with tqdm(
            total=sum(counts.values()), unit=" rows", file=self.stderr, leave=False, disable=None
        ) as progress:
            try:
                wiped = wipe_test_data(actor=Actor.system("wipe_test_data"), progress=progress.update)
            except Conflict as refusal:
                raise CommandError(f"{str(refusal).capitalize()}.") from refusal
        for name, number in wiped.items():
            self.stdout.write(f"{number:>10} {name}")
        self.stdout.write("All test data is wiped.")

    def _confirm(self, told: str) -> None:
        self.stdout.write(f"This removes {told}, all of the test mode, for ever.")
        try:
            typed = input(f"Type '{WORDS}' to go on: ")
        except EOFError:
            typed = ""
        if typed.strip() != WORDS:
            raise CommandError("Nothing is removed.")
