from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from giftcards.code_keys import require_the_keys_of_this_database
from giftcards.models import GiftCard
from giftcards.verification import verify_ledger


class Command(BaseCommand):
    help = (
        "Recomputes every card's ledger, hash chain and events; exit status 1 and the card's name on a lie."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="name every lie instead of stopping at the first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        require_the_keys_of_this_database()
        cards = lies = 0
        with tqdm(
            total=GiftCard.objects.count(), unit=" cards", file=self.stderr, leave=False, disable=None
        ) as progress:
            for portion, found in verify_ledger():
                progress.update(portion)
                cards += portion
                for lie in found:
                    lies += 1
                    if not options["all"]:
                        raise CommandError(str(lie))
                    self.stderr.write(str(lie))
        if lies:
            raise CommandError(f"{lies} lies in the ledger.")
        self.stdout.write(f"The ledger is true: {cards} gift cards verified.")
