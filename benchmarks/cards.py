"""The cards that are measured with: everything about card `n` (1, 2, 3 …) follows from `n`, so that whoever
asks for one needs no list of them."""

import hashlib
from collections.abc import Iterator
from typing import Final
from uuid import UUID

KEY_START: Final = "01930000-0000-7000-8000-"
"""What their keys begin with. Decimal digits follow, which pgbench can make at random."""

FIRST_NUMBER: Final = 100_000_000_000
"""Added to each number in a key, for twelve digits: pgbench knows no leading zeros."""

DEBITS: Final = 4
"""That each has behind it, after its issue."""

LISTED: Final = 500
"""The first so many are those that lists show: none of them is spent, so that their logs stay as they are."""

CURRENCIES: Final = ("USD", "EUR", "GBP", "CHF")
"""Of the markets, one each; card `n` is in number `n % 4`."""

CARDS_PER_RECIPIENT: Final = 4
FACE_VALUE: Final = 10_000_000
"""Minor units, at least: enough for every debit that a run can post."""


def key_of(number: int) -> str:
    return f"{KEY_START}{FIRST_NUMBER + number}"


def code_of(number: int) -> str:
    """As random as it looks, in the format that markets have by default."""
    return str(UUID(bytes=hashlib.md5(b"card %d" % number, usedforsecurity=False).digest()))


def portions(cards: int, size: int) -> Iterator[range]:
    for start in range(1, cards + 1, size):
        yield range(start, min(start + size, cards + 1))


def first_spent(cards: int) -> int:
    """Even numbers from here on are spent; where there are few cards, lists show such ones too."""
    return 2 + (LISTED if cards >= 2 * LISTED else 0)
