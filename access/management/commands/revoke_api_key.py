from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from access.operations import revoke_api_keys_known_as
from kernel.caller import Actor
from kernel.refusals import NotFound


class Command(BaseCommand):
    help = "Revokes an API key, or all keys of an application, at once and for ever."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "key", metavar="ID|NAME", help="the key's id or client id, or the application's name"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            revoked = revoke_api_keys_known_as(
                identifier=options["key"], actor=Actor.system("revoke_api_key")
            )
        except NotFound:
            # Not repeated: it may be the key itself, pasted by mistake.
            raise CommandError("No API key has this id or client id, and no application this name.") from None
        for api_key in revoked:
            self.stderr.write(
                f"Revoked {api_key.application.name}: {api_key.mode} key {api_key.client_id}.",
                self.style.SUCCESS,
            )
        if not revoked:
            self.stderr.write("Already revoked.", self.style.SUCCESS)
