from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from access.oauth.signing_keys import rotate_signing_key
from kernel.refusals import Invalid


class Command(BaseCommand):
    help = "Makes a new key to sign access tokens with. Tokens that the present one has signed stay good."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--withdraw",
            action="store_true",
            help="somebody may know the present keys: none of their tokens counts from now on",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = rotate_signing_key(withdraw_others=options["withdraw"])
        except Invalid as refusal:
            raise CommandError(f"Rotating {refusal}.") from refusal
        moment = made.signs_from.isoformat(timespec="seconds")
        self.stderr.write(f"Key {made.kid} is published, and signs from {moment} on.", self.style.SUCCESS)
