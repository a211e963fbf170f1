import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from access.operations import mint_api_key
from access.scopes import EVERY_SCOPE
from kernel.caller import Actor
from kernel.modes import Mode
from kernel.refusals import Refusal


class Command(BaseCommand):
    help = "Makes an API key and prints it, alone and only this once, on standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="the application's name; made if there is none")
        parser.add_argument("--mode", required=True, choices=Mode.values)
        parser.add_argument("--scopes", help=f"comma-separated, default all: {', '.join(EVERY_SCOPE)}")
        parser.add_argument(
            "--market",
            action="append",
            default=[],
            metavar="CODE",
            help="only in this market; may be repeated",
        )
        parser.add_argument("--json", action="store_true", help="print id, client_id and key as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        scopes = options["scopes"]
        try:
            api_key, key = mint_api_key(
                application_name=options["name"],
                mode=Mode(options["mode"]),
                scopes=None if scopes is None else [scope for scope in scopes.split(",") if scope],
                market_codes=options["market"],
                actor=Actor.system("create_api_key"),
            )
        except Refusal as refusal:
            raise CommandError(f"{refusal}.") from refusal
        self.stderr.write(
            f"{api_key.application.name}: {api_key.mode} key {api_key.client_id}. It is not shown again.",
            self.style.SUCCESS,
        )
        shown = {"id": str(api_key.pk), "client_id": api_key.client_id, "key": key.reveal()}
        self.stdout.write(json.dumps(shown) if options["json"] else key.reveal())
