from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from giftcards import codes
from giftcards.code_keys import require_the_keys_of_this_database
from giftcards.operations.resealing import codes_to_reseal, reseal_codes, retire_older_keys


class Command(BaseCommand):
    help = (
        "Seals every code under the newest of GIFTCARDS_CODE_KEYS, so that no code needs the older ones. "
        "May run beside live traffic, and be begun again after an interruption."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        require_the_keys_of_this_database()
        resealed, unreadable = self._reseal()
        key = codes.current_version()
        self.stdout.write(f"{resealed} codes sealed anew under key {key}.")
        for card_id in unreadable:
            self.stderr.write(f"The code of gift card {card_id} can't be opened.")
        left = codes_to_reseal()
        if left:
            raise CommandError(
                f"{left} codes are still under an older key, which must stay. "
                + ("Compare them with a backup." if unreadable else "Run this again.")
            )
        self._say_what_may_go(retire_older_keys(), key)

    def _reseal(self) -> tuple[int, list[UUID]]:
        resealed, unreadable = 0, list[UUID]()
        with tqdm(
            total=codes_to_reseal(), unit=" codes", file=self.stderr, leave=False, disable=None
        ) as progress:
            for portion in reseal_codes():
                progress.update(portion.resealed)
                resealed += portion.resealed
                unreadable += portion.unreadable
        return resealed, unreadable

    def _say_what_may_go(self, retired: list[int], key: int) -> None:
        if not retired:
            self.stdout.write(
                f"No older key is in use. To rotate, first add a key with a number above {key}."
            )
            return
        numbers = " and ".join(str(number) for number in retired)
        self.stdout.write(
            f"No code is sealed under key {numbers} any more. Answers kept for repeated requests, tokens of "
            "people and the key that signs access tokens may still need it: run rotate_signing_key, wait a "
            "day, then take it out of GIFTCARDS_CODE_KEYS and restart every process. Keep it with the "
            "backups that were made until then: they need it."
        )
