"""Recomputing the whole ledger: a balance is believed only when its entries, chain and events all agree.

Checked for every card:
1. its entries are numbered 1…n without gaps, and its row stands at the last of them;
2. each balance is the one before plus the amount, the first entry is the issue of the face value;
3. each hash follows from the entry's content and its predecessor, and the row carries the last one;
4. card, entries and events agree on mode, card and entries on currency;
5. its events are numbered without gaps, move only as the state machine allows, tell each entry once with its
   amount and balance, and end in the card's status;
6. no entry is left behind without its card.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from events.models import Event
from giftcards.chain import GENESIS, HASH_VERSION, chain_hash
from giftcards.models import GiftCard, Kind, LedgerEntry, Status
from giftcards.models.gift_card import legal_moves
from giftcards.models.ledger import hashed_parts

CARDS_AT_A_TIME: Final = 500

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lie:
    """Something that cannot have come about by operations; `sequence` is the entry's or the event's
    number."""

    card_id: UUID
    text: str
    sequence: int | None = None

    def __str__(self) -> str:
        at = f", number {self.sequence}" if self.sequence is not None else ""
        return f"Gift card {self.card_id}{at}: {self.text}."


def verify_ledger() -> Iterator[tuple[int, list[Lie]]]:
    """Go through all cards of both modes in order of their keys; yields, for each portion, how many cards it
    had and the lies found among them. Writes nothing, and may run beside live traffic."""
    after = UUID(int=0)
    while True:
        with _snapshot():
            cards = list(GiftCard.objects.filter(id__gt=after).order_by("id").values()[:CARDS_AT_A_TIME])
            if not cards:
                break
            lies = list(_verify(cards))
        after = cards[-1]["id"]
        yield len(cards), lies
    if orphans := list(_lies_without_a_card()):
        yield 0, orphans


@contextmanager
def _snapshot() -> Iterator[None]:
    """One moment for a portion's cards, entries and events, so that a posting in between is no lie."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _verify(cards: Sequence[Row]) -> Iterator[Lie]:
    ids = [card["id"] for card in cards]
    entries = LedgerEntry.objects.filter(gift_card_id__in=ids).order_by("gift_card_id", "sequence").values()
    events = Event.objects.filter(subject_id__in=ids).order_by("subject_id", "sequence").values()
    entries_of = _grouped(entries.iterator(), "gift_card_id")
    events_of = _grouped(events.iterator(), "subject_id")
    for card in cards:
        own_entries = entries_of.get(card["id"], [])
        yield from _lies_in_chain(card, own_entries)
        yield from _lies_at_head(card, own_entries)
        yield from _lies_in_events(card, own_entries, events_of.get(card["id"], []))


def _grouped(rows: Iterable[Row], key: str) -> dict[UUID, list[Row]]:
    return {owner: list(group) for owner, group in groupby(rows, key=itemgetter(key))}


def _lies_in_chain(card: Row, entries: Sequence[Row]) -> Iterator[Lie]:
    balance, previous = 0, GENESIS
    for expected, entry in enumerate(entries, start=1):
        number = entry["sequence"]

        def lie(text: str, number: int = number) -> Lie:
            return Lie(card["id"], text, number)

        if number != expected:
            yield lie(f"expected entry {expected} here")
        if (entry["kind"] == Kind.ISSUE) != (expected == 1):
            yield lie("a card is issued by its first entry, and by that one only")
        balance += entry["amount_cents"]
        if entry["balance_cents"] != balance:
            yield lie(f"the balance after it is {balance}, not {entry['balance_cents']}")
        if (entry["mode"], entry["currency_code"]) != (card["mode"], card["currency_code"]):
            yield lie("its mode or currency is not the card's")
        if entry["hash_version"] != HASH_VERSION:
            yield lie(f"hash version {entry['hash_version']} is unknown")
        elif chain_hash(previous, hashed_parts(entry)) != bytes(entry["hash"]):
            yield lie("its hash does not follow from its content and the entry before it")
        previous = bytes(entry["hash"])


def _lies_at_head(card: Row, entries: Sequence[Row]) -> Iterator[Lie]:
    if card["ledger_sequence"] != len(entries):
        yield Lie(card["id"], f"its row stands at entry {card['ledger_sequence']} of {len(entries)}")
    if (card["status"] == Status.DRAFT) != (not entries):
        yield Lie(card["id"], f"it is {card['status']} with {len(entries)} entries")
    if not entries:
        return
    total = sum(entry["amount_cents"] for entry in entries)
    if card["balance_cents"] != total:
        yield Lie(card["id"], f"its balance is {card['balance_cents']}, its entries sum up to {total}")
    if card["initial_balance_cents"] != entries[0]["amount_cents"]:
        yield Lie(card["id"], "its face value is not what was issued")
    if card["ledger_hash"] is None or bytes(card["ledger_hash"]) != bytes(entries[-1]["hash"]):
        yield Lie(card["id"], "its row carries another hash than its last entry")


def _lies_without_a_card() -> Iterator[Lie]:
    a_card = GiftCard.objects.filter(id=OuterRef("gift_card_id"))
    orphans = LedgerEntry.objects.filter(~Exists(a_card)).order_by("gift_card_id", "sequence")
    for card_id, sequence in orphans.values_list("gift_card_id", "sequence"):
        yield Lie(card_id, "the entry is there, the card is not", sequence)


def _lies_in_events(card: Row, entries: Sequence[Row], events: Sequence[Row]) -> Iterator[Lie]:
    moves = legal_moves()
    status = Status.DRAFT.value
    for expected, event in enumerate(events, start=1):
        number, after = event["sequence"], event["data"].get("status")
        if number != expected:
            yield Lie(card["id"], f"expected event {expected} here", number)
        if event["mode"] != card["mode"]:
            yield Lie(card["id"], "the event's mode is not the card's", number)
        if after != status and (status, after) not in moves:
            yield Lie(card["id"], f"{event['topic']} cannot take it from {status} to {after}", number)
        status = after
    if status != card["status"]:
        yield Lie(card["id"], f"its status is {card['status']}, its events end in {status}")
    told = [
        (
            event["data"]["entry_sequence"],
            event["data"].get("amount_cents"),
            event["data"].get("balance_cents"),
        )
        for event in events
        if "entry_sequence" in event["data"]
    ]
    if told != [(entry["sequence"], entry["amount_cents"], entry["balance_cents"]) for entry in entries]:
        yield Lie(card["id"], "its events do not tell each of its entries once, in order")
