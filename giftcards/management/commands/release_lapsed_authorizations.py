from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from psycopg.errors import LockNotAvailable
from tqdm import tqdm

from giftcards.operations import release_lapsed_authorizations
from giftcards.queries import cards_with_lapsed_authorizations
from kernel.caller import Actor, Caller
from kernel.modes import Mode
from kernel.refusals import NotFound


class Command(BaseCommand):
    help = (
        "Writes down which authorizations have lapsed. Nothing waits for it: they hold nothing by the clock "
        "already. May run beside live traffic and beside itself, as often as you like, or never."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        actor = Actor.system("release_lapsed_authorizations")
        cards = cards_with_lapsed_authorizations()
        released, busy = 0, 0
        for card_id, mode in tqdm(cards, unit=" cards", file=self.stderr, leave=False, disable=None):
            try:
                released += release_lapsed_authorizations(caller=Caller(Mode(mode), actor), card_id=card_id)
            except NotFound:
                continue  # wiped in the meantime
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                busy += 1
        self.stdout.write(f"{released} authorizations have lapsed and are written down as expired.")
        if busy:
            raise CommandError(
                f"{busy} cards were in use all the while and are left as they were. Run this again."
            )
