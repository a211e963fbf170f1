from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kernel.counting import count_anew, miscounts


class Command(BaseCommand):
    help = (
        "Compares the counts that the database keeps of some tables with what is in them; exit status 1 and "
        "the table's name where they differ."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anew",
            action="store_true",
            help="count first, and keep what was found: nobody adds or removes rows meanwhile",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["anew"]:
            count_anew()
        found = miscounts()
        if found:
            raise CommandError(" ".join(map(str, found)))
        self.stdout.write("The counts are true.")
