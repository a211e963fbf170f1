import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from giftcards.code_keys import require_the_keys_of_this_database
from giftcards.demo import DemoCredentials, is_pristine, seed_demo


class Command(BaseCommand):
    help = "Fills an empty database with a small demo, once; leaves any other database alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--credentials",
            type=Path,
            required=True,
            metavar="FILE",
            help="where the admin's password and the two API keys are written, readable by the owner only",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        require_the_keys_of_this_database()
        if not is_pristine():
            return
        # The file first: a demo whose keys nobody has seen would be of no use.
        with transaction.atomic():
            _write(options["credentials"], seed_demo())


def _write(file: Path, credentials: DemoCredentials) -> None:
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(
            {
                "admin_email": credentials.admin_email,
                "admin_password": credentials.admin_password.reveal(),
                "test_key": credentials.test_key.reveal(),
                "live_key": credentials.live_key.reveal(),
            },
            opened,
            indent=2,
        )
