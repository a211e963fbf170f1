"""The other leaf of the door to the ledger: the first entries of many new cards, posted with them.

What `giftcards.operations.posting` asks of a locked card is true of a card that nobody has seen yet: it has
no entry, and its balance is what it is issued with. See docs/adr/0033-batches.md.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from giftcards.chain import GENESIS, HASH_VERSION, as_part, netstring
from giftcards.codes import SealedCode
from giftcards.models import GiftCard, Kind, LedgerEntry
from giftcards.models.ledger import HASHED_COLUMNS
from giftcards.operations.occasion import Occasion
from giftcards.operations.sealing import SEALED_COLUMNS
from kernel.caller import Caller
from kernel.copying import NewRows, in_copy
from kernel.keys import uuid7

_OWN: Final = ("id", "gift_card_id", "hash")
"""What no two first entries of a batch have in common."""


@dataclass(frozen=True, slots=True)
class NewCards:
    """Cards as `like` is, except for their keys and codes, and the issue of each: to be inserted in this
    order, in one transaction."""

    cards: NewRows
    entries: NewRows


def first_entries(
    like: GiftCard,
    sealed: Iterable[tuple[UUID, SealedCode]],
    *,
    caller: Caller,
    occasion: Occasion,
    at: datetime,
) -> NewCards:
    """`like` is in the status that the cards are to have; it is not saved. The balance of each is its face
    value."""
    common = _entry_of(like, caller, occasion, at)
    cards = NewRows(GiftCard, _card_of(like, at), ("id", "ledger_hash", *SEALED_COLUMNS))
    entries = NewRows(LedgerEntry, common | {"hash_version": HASH_VERSION}, _OWN)
    hash_of = _hashing(common)
    for card_id, code in sealed:
        entry_key, card_key = str(uuid7()), str(card_id)
        head = in_copy(hash_of(entry_key, card_key))
        cards.add(card_key, head, *_columns_of(code))
        entries.add(entry_key, card_key, head)
    return NewCards(cards, entries)


def _columns_of(code: SealedCode) -> tuple[str, ...]:
    """In the order of `SEALED_COLUMNS`."""
    given = (code.digest, code.prefix_digest, code.ciphertext, code.key_version, code.last_four)
    return tuple(map(in_copy, given))


def _card_of(like: GiftCard, at: datetime) -> dict[str, Any]:
    own = {"id", "ledger_hash", *SEALED_COLUMNS}
    columns = [field.attname for field in GiftCard._meta.concrete_fields if field.attname not in own]
    posted = {"ledger_sequence": 1, "created_at": at, "updated_at": at}
    return {column: getattr(like, column) for column in columns} | posted


def _entry_of(like: GiftCard, caller: Caller, occasion: Occasion, at: datetime) -> dict[str, Any]:
    given = {
        "mode": like.mode,
        "sequence": 1,
        "kind": Kind.ISSUE.value,
        "currency_code": like.currency_code,
        "amount_cents": like.initial_balance_cents,
        "balance_cents": like.initial_balance_cents,
        "actor_kind": caller.actor.kind.value,
        "actor_id": caller.actor.id,
        "actor_name": caller.actor.name,
        "reason": occasion.reason,
        "reference": occasion.reference,
        "order_number": occasion.order_number,
        "created_at": at,
    }
    return {column: given.get(column) for column in HASHED_COLUMNS if column not in _OWN}


def _hashing(common: dict[str, Any]) -> Callable[[str, str], bytes]:
    """As `giftcards.chain.chain_hash`, with what is the same of all entries encoded once."""
    encoded = {column: netstring(as_part(value)) for column, value in common.items()}
    begin = hashlib.sha256(GENESIS)
    id_at, card_at = HASHED_COLUMNS.index("id"), HASHED_COLUMNS.index("gift_card_id")
    before = b"".join(encoded[column] for column in HASHED_COLUMNS[:id_at])
    between = b"".join(encoded[column] for column in HASHED_COLUMNS[id_at + 1 : card_at])
    after = b"".join(encoded[column] for column in HASHED_COLUMNS[card_at + 1 :])

    def hash_of(entry_key: str, card_key: str) -> bytes:
        digest = begin.copy()
        digest.update(before + netstring(entry_key) + between + netstring(card_key) + after)
        return digest.digest()

    return hash_of
