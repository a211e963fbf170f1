"""A card's entries: numbered, adding up, chained by their hashes, and ending where the card's row stands."""

from collections.abc import Iterator, Sequence

from giftcards.chain import GENESIS, HASH_VERSION, chain_hash
from giftcards.models import Kind, Status
from giftcards.models.ledger import hashed_parts
from giftcards.verification.lies import Lie, Row


def lies_in_chain(card: Row, entries: Sequence[Row]) -> Iterator[Lie]:
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


def lies_at_head(card: Row, entries: Sequence[Row]) -> Iterator[Lie]:
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
