import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from access.operations import rotate_api_key
from access.queries import keys_known_as
from kernel.caller import Actor
from kernel.refusals import Refusal


class Command(BaseCommand):
    help = "Makes the successor of an API key and prints it, alone and only this once, on standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", metavar="ID", help="the key's id or client id")
        parser.add_argument("--overlap-hours", type=float, default=24, help="how long the old key works on")
        parser.add_argument("--json", action="store_true", help="print id, client_id and key as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        old = list(keys_known_as(options["key"])[:2])
        if len(old) != 1:
            # Not repeated: it may be the key itself, pasted by mistake.
            raise CommandError("No API key has this id or client id, or an application has several.")
        overlap = timedelta(hours=options["overlap_hours"])
        try:
            new, key = rotate_api_key(
                api_key_id=old[0].pk, overlap=overlap, actor=Actor.system("rotate_api_key")
            )
        except Refusal as refusal:
            raise CommandError(f"{refusal}.") from refusal
        self.stderr.write(
            f"{old[0].client_id} works for {overlap} more; {new.client_id} is not shown again.",
            self.style.SUCCESS,
        )
        shown = {"id": str(new.pk), "client_id": new.client_id, "key": key.reveal()}
        self.stdout.write(json.dumps(shown) if options["json"] else key.reveal())
