"""The hash chain of a card's ledger: each entry's hash covers its own content and its predecessor's hash.

The same formula stands in SQL (the function `giftcards_chain_hash`, used when posting) and here (used when
verifying), so that neither can lie alone. Version 1: SHA-256 over the previous hash followed by every part as
a netstring ("5:debit,"), a missing part as "-,".
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

HASH_VERSION: Final = 1
GENESIS: Final = bytes(32)
"""What the first entry of a card follows."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def chain_hash(previous: bytes, parts: Iterable[str | None]) -> bytes:
    digest = hashlib.sha256(previous)
    for part in parts:
        digest.update(netstring(part))
    return digest.digest()


def netstring(part: str | None) -> bytes:
    if part is None:
        return b"-,"
    encoded = part.encode()
    return b"%d:%b," % (len(encoded), encoded)


def as_part(value: object) -> str | None:
    """A column's value as the hash reads it: a time as microseconds since 1970, everything else as its
    text."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return str((value - _EPOCH) // timedelta(microseconds=1))
    return str(value)
