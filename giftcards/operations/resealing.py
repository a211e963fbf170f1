"""Sealing codes anew after a new key was added, beside live traffic, so that the old key can be retired.

First the new key is remembered, which waits for whoever still seals under an older one; from then on nobody
does. So one walk over the cards, in the order of their ids, meets every card that needs it. Each portion is a
transaction of its own and what is done stays done: a walk that was killed is simply begun again.

Of a card only what `seal_into` writes is changed, and no event is recorded: the code stays the same, and so
does everything that anybody is shown, `updated_at` included.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.db import OperationalError, transaction
from django.db.models import QuerySet
from psycopg.errors import LockNotAvailable

from giftcards import codes
from giftcards.code_keys import forget_older_keys, remember_key
from giftcards.models import GiftCard
from giftcards.operations.sealing import SEALED_COLUMNS, seal_into

PORTION: Final = 100
"""Cards that are locked together. It takes some milliseconds, for which a debit of one of them waits."""


@dataclass(frozen=True, slots=True)
class Portion:
    """`unreadable`: cards whose code can't be opened, because the row was changed or its key is missing."""

    resealed: int
    unreadable: tuple[UUID, ...] = ()


def codes_to_reseal() -> int:
    """How many are sealed under an older key than the newest."""
    return _older().count()


def reseal_codes() -> Iterator[Portion]:
    """Seal every code under the newest key. A card that is locked all the while is left for the next time.

    Raises WrongCodeKeys.
    """
    with transaction.atomic():
        remember_key(codes.current_version())
    busy: list[UUID] = []
    for card_ids in _portions():
        portion, passed_over = _reseal(card_ids, skip_locked=True)
        busy += passed_over
        yield portion
    for card_id in busy:
        yield _reseal_patiently(card_id)


def retire_older_keys() -> list[int]:
    """The numbers of the keys that the service can do without from now on; none while a code is left under
    any of them."""
    version = codes.current_version()
    with transaction.atomic():
        remember_key(version)
        return [] if _older().exists() else forget_older_keys(version)


def _older() -> QuerySet[GiftCard]:
    return GiftCard.objects.filter(code_key_version__lt=codes.current_version()).order_by("id")


def _portions() -> Iterator[Sequence[UUID]]:
    rest = _older().values_list("id", flat=True)
    card_ids = list(rest[:PORTION])
    while card_ids:
        yield card_ids
        card_ids = list(rest.filter(id__gt=card_ids[-1])[:PORTION])


def _reseal(card_ids: Sequence[UUID], *, skip_locked: bool) -> tuple[Portion, list[UUID]]:
    """Also returns the cards that somebody else had locked."""
    with transaction.atomic():
        remember_key(codes.current_version())
        cards = list(_older().filter(id__in=card_ids).select_for_update(skip_locked=skip_locked))
        opened = [card for card in cards if _reseal_one(card)]
        GiftCard.objects.bulk_update(opened, SEALED_COLUMNS)
    readable, locked = {card.id for card in opened}, {card.id for card in cards}
    unreadable = tuple(card.id for card in cards if card.id not in readable)
    return Portion(len(opened), unreadable), [each for each in card_ids if each not in locked]


def _reseal_one(card: GiftCard) -> bool:
    try:
        seal_into(card, card.code())
    except (InvalidTag, KeyError):
        return False
    return True


def _reseal_patiently(card_id: UUID) -> Portion:
    """Waits for the lock, alone: cards that nobody uses must not be locked meanwhile."""
    try:
        portion, _ = _reseal([card_id], skip_locked=False)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return Portion(0)
    return portion
