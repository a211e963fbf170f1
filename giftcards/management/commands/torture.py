import re
import secrets
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from giftcards.torture.attack import Attack, CannotAttack
from giftcards.torture.log import Log, NoLog, read_log
from giftcards.torture.reading import Reader, Unreadable
from giftcards.torture.run import Result, attack, check, optional_resources
from giftcards.torture.scenarios import SCENARIOS
from giftcards.torture.wire import Target

KEY: Final = re.compile(r"gck_(?P<mode>[a-z]+)_[0-9A-Za-z]+")
SHOWN: Final = 5
"""Sentences per scenario; the log has what they were made of."""
ROUNDS: Final = 3


class Command(BaseCommand):
    help = (
        "Attacks a deployment in test mode over HTTP, from any machine: parallel debits, swallowed answers, "
        "repeated requests, verbs against each other. Then compares what it answered with what it holds. "
        "Exit status 0 only if no cent was lost, doubled or invented. Its cards stay; their references begin "
        "with torture-."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", help="the deployment's address, such as https://gifts.example")
        parser.add_argument(
            "--key", required=True, help="a test key with all scopes but codes:reveal and admin"
        )
        parser.add_argument(
            "--connections", type=_at_least_one, default=16, help="at the same time (default: 16)"
        )
        parser.add_argument("--rounds", type=_at_least_one, help=f"of each scenario (default: {ROUNDS})")
        parser.add_argument("--seconds", type=float, help="for each scenario, instead of --rounds or at most")
        parser.add_argument(
            "--scenario", action="append", choices=[*SCENARIOS], help="one of them only; may be repeated"
        )
        parser.add_argument("--seed", type=int, help="of the random choices (default: another one each time)")
        parser.add_argument(
            "--patience",
            type=float,
            default=60,
            metavar="SECONDS",
            help="for how long a request is repeated that finds no answer (default: 60)",
        )
        parser.add_argument("--log", type=Path, metavar="FILE", help="new; what was sent and answered")
        parser.add_argument(
            "--check", type=Path, metavar="LOG", help="attack nothing; check an old log again"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _refuse_other_keys(options["key"])
        try:
            if options["check"] is not None:
                self._check(options)
            else:
                self._attack(options)
        except (NoLog, Unreadable, CannotAttack) as error:
            raise CommandError(str(error)) from error
        except FileExistsError as error:
            raise CommandError(f"{error.filename} exists: a log is never written over.") from error

    def _check(self, options: dict[str, Any]) -> None:
        evidence = read_log(options["check"])
        target = Target(_address(options["url"] or evidence.url), options["key"])
        with Reader(target, options["patience"]) as reader:
            _refuse_other_modes(reader)
            self._report(check(evidence, reader))

    def _attack(self, options: dict[str, Any]) -> None:
        if options["url"] is None:
            raise CommandError("Give --url, the address of the deployment.")
        target = Target(_address(options["url"]), options["key"])
        stop = threading.Event()
        with Reader(target, options["patience"], stop) as reader:
            _refuse_other_modes(reader)
            has = optional_resources(reader)
        run = f"torture-{secrets.token_hex(4)}"
        path = options["log"] or Path(f"{run}.jsonl")
        seed = secrets.randbelow(10**9) if options["seed"] is None else options["seed"]
        with (
            tqdm(unit=" requests", file=self.stderr, leave=False, disable=None) as progress,
            Log(path, run=run, url=target.url, seed=seed, told=progress.update) as log,
        ):
            self.stdout.write(f"Seed {seed}, log {path}")
            attacking = Attack(
                target=target,
                log=log,
                connections=options["connections"],
                patience=options["patience"],
                seed=seed,
                has=has,
                stop=stop,
            )
            rounds = options["rounds"] or (ROUNDS if options["seconds"] is None else 10**9)
            chosen = options["scenario"] or [*SCENARIOS]
            try:
                self._report(attack(attacking, chosen, rounds=rounds, seconds=options["seconds"]), progress)
            except KeyboardInterrupt:
                raise CommandError(f"Stopped. What was sent can be checked: --check {path}") from None

    def _report(self, results: Iterable[Result], progress: "tqdm[Any] | None" = None) -> None:
        seen = []
        for result in results:
            if progress is not None:
                progress.clear()
            self.stdout.write(f"{result.scenario:<15} {result.verdict:<11} {result.numbers}")
            for sentence in result.sentences[:SHOWN]:
                self.stdout.write(f"  {sentence}")
            if len(result.sentences) > SHOWN:
                self.stdout.write(f"  … and {len(result.sentences) - SHOWN} more like these.")
            seen.append(result)
        bad = [f"{result.scenario} {result.verdict}" for result in seen if not result.good]
        if bad:
            raise CommandError(f"{', '.join(bad)}.")
        self.stdout.write("Nothing was lost, doubled or invented.")


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("must be at least 1")
    return number


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise CommandError("--url must begin with http:// or https:// and name a host.")
    return url.rstrip("/").removesuffix("/api")


def _refuse_other_keys(key: str) -> None:
    named = KEY.fullmatch(key)
    if named is None:
        raise CommandError("--key is no API key of this service.")
    if named["mode"] != "test":
        raise CommandError(f"--key is a {named['mode']} key: only a deployment's test mode is attacked.")


def _refuse_other_modes(reader: Reader) -> None:
    """Before anything is written. The key's own word is not enough: it is the deployment that decides."""
    mode = reader.mode()
    if mode != "test":
        raise CommandError(f"The deployment takes the key for mode {mode}: only test mode is attacked.")
