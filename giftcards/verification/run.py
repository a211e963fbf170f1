"""Going through the cards, a portion at a time."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef

from events.models import Event
from giftcards.models import GiftCard, LedgerEntry
from giftcards.verification.chain import lies_at_head, lies_in_chain
from giftcards.verification.events import lies_in_events
from giftcards.verification.lies import Lie, Row
from giftcards.verification.newer import newer_cards
from kernel.snapshot import one_moment

CARDS_AT_A_TIME: Final = 500

Portion = tuple[int, list[Lie]]


def verify_ledger(since: datetime | None = None) -> Iterator[Portion]:
    """Go through all cards of both modes in order of their keys, or those only that `newer_cards` finds;
    yields, for each portion, how many cards it had and the lies found among them. Writes nothing, and may run
    beside live traffic."""
    yield from _all_cards() if since is None else _newer_cards(since)
    if orphans := list(_lies_without_a_card(since)):
        yield 0, orphans


def _all_cards() -> Iterator[Portion]:
    after = UUID(int=0)
    while True:
        with one_moment():
            cards = list(GiftCard.objects.filter(id__gt=after).order_by("id").values()[:CARDS_AT_A_TIME])
            lies = list(_verify(cards)) if cards else []
        if not cards:
            return
        after = cards[-1]["id"]
        yield len(cards), lies


def _newer_cards(since: datetime) -> Iterator[Portion]:
    for ids in newer_cards(since, at_a_time=CARDS_AT_A_TIME):
        with one_moment():
            lies = list(_verify(list(GiftCard.objects.filter(id__in=ids).order_by("id").values())))
        yield len(ids), lies


def _verify(cards: Sequence[Row]) -> Iterator[Lie]:
    ids = [card["id"] for card in cards]
    entries = LedgerEntry.objects.filter(gift_card_id__in=ids).order_by("gift_card_id", "sequence").values()
    events = Event.objects.filter(subject_id__in=ids).order_by("subject_id", "sequence").values()
    entries_of = _grouped(entries.iterator(), "gift_card_id")
    events_of = _grouped(events.iterator(), "subject_id")
    for card in cards:
        own_entries = entries_of.get(card["id"], [])
        yield from lies_in_chain(card, own_entries)
        yield from lies_at_head(card, own_entries)
        yield from lies_in_events(card, own_entries, events_of.get(card["id"], []))


def _grouped(rows: Iterable[Row], key: str) -> dict[UUID, list[Row]]:
    return {owner: list(group) for owner, group in groupby(rows, key=itemgetter(key))}


def _lies_without_a_card(since: datetime | None) -> Iterator[Lie]:
    a_card = GiftCard.objects.filter(id=OuterRef("gift_card_id"))
    orphans = LedgerEntry.objects.filter(~Exists(a_card)).order_by("gift_card_id", "sequence")
    if since is not None:
        orphans = orphans.filter(created_at__gte=since)
    for card_id, sequence in orphans.values_list("gift_card_id", "sequence"):
        yield Lie(card_id, "the entry is there, the card is not", sequence)
