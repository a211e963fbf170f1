"""What generated codes look like, and which spellings of a code are the same code.

| format | example | randomness |
|---|---|---|
| uuid | `5f0c3a52-9d1e-4c55-8f0a-2b7d6c1e9a43` | 122 bits |
| human | `K7QM-X2P9-04TD-HW3C-8ZR5` | 95 bits, and a check character |
| grouped_16 | `K7QM-X2P9-04TD-HW3N` | 80 bits, too short for a check character: as long as Medusa's |

People copy codes from paper and paste them from anywhere. All formats are read in capitals or not, with any
dashes and spaces or none; in one in groups O is read as 0, I and L as 1. What is none of them is somebody's
own code and compared letter by letter; one of 16 letters and digits cannot be told from ours, and is read as
freely. See docs/adr/0015-human-codes-and-look-ups.md.
"""

import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Final
from uuid import uuid4

from kernel.secret import Secret

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O, which are read as digits, and U. Each stands for the element of GF(32) at its place."""

VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
LOOK_ALIKES: Final = str.maketrans("OIL", "011")
HEXADECIMAL: Final = frozenset("0123456789abcdef")
GROUP_LENGTH: Final = 4
HUMAN_LENGTH: Final = 5 * GROUP_LENGTH
SHORT_LENGTH: Final = 4 * GROUP_LENGTH
UUID_LENGTH: Final = 32
PREFIX_LENGTH: Final = 8

LONGEST_SPELLING: Final = 128
"""Nobody puts more between the characters of a code; what is longer is not looked at."""

FIELD_POLYNOMIAL: Final = 0b100101
"""x⁵ + x² + 1, a primitive polynomial: the powers of x up to 30 all differ, so each place has its weight."""

BETWEEN: Final = frozenset({"Pd", "Zs", "Zl", "Zp", "Cf", "Cc"})
"""Unicode's categories of dashes, of spaces, and of what is not seen at all."""

MORE_DASHES: Final = frozenset("_\N{MINUS SIGN}\N{HYPHEN BULLET}\N{MODIFIER LETTER MINUS SIGN}")


def new_uuid() -> Secret:
    return Secret(str(uuid4()))


def new_human() -> Secret:
    """Random characters, and at the end the one that makes their weighted sum 0."""
    values = _random_values(HUMAN_LENGTH - 1)
    values.append(_times_x(_weighted_sum(values)))
    return _secret(values)


def new_grouped_16() -> Secret:
    """Random to the last character: one less, and there would be fewer than 80 bits."""
    return _secret(_random_values(SHORT_LENGTH))


def _random_values(how_many: int) -> list[int]:
    """Of a byte's 256 values as many mean each of our 32."""
    return [byte % len(ALPHABET) for byte in secrets.token_bytes(how_many)]


def _secret(values: Iterable[int]) -> Secret:
    return Secret(_in_groups("".join(ALPHABET[value] for value in values)))


MAKERS: Final[Mapping[str, Callable[[], Secret]]] = {
    "uuid": new_uuid,
    "human": new_human,
    "grouped_16": new_grouped_16,
}
"""By the market's `code_format`."""


_MADE_HERE: Final = re.compile(
    rf"[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|[{ALPHABET}]{{4}}(?:-[{ALPHABET}]{{4}}){{3}}"
)


def canonical(text: str) -> str:
    """The same for all spellings of a code, and for no two codes: what digests are made of."""
    if _MADE_HERE.fullmatch(text):  # most codes come as we have made them
        return text
    characters = _characters(text)
    if len(characters) == UUID_LENGTH and _is_hexadecimal(characters):
        return "-".join(_cut(characters.lower(), 8, 12, 16, 20))
    grouped = _without_look_alikes(characters)
    return _in_groups(grouped) if _is_grouped(grouped) else text


def prefix(spelling: str) -> str:
    """The first 8 characters of a code in its canonical spelling, as they are searched: without the hyphen of
    one in groups."""
    characters = _characters(spelling)
    return characters[:PREFIX_LENGTH] if _is_grouped(characters) else spelling[:PREFIX_LENGTH]


def possible_prefixes(text: str) -> frozenset[str]:
    """What `prefix` may say of a code that begins so; empty if `text` is not 8 characters of any code."""
    return _readings(text, PREFIX_LENGTH)


def possible_suffixes(text: str) -> frozenset[str]:
    """The last four characters of a code that ends so; empty if `text` is not four characters."""
    return _readings(text, GROUP_LENGTH)


def _readings(text: str, length: int) -> frozenset[str]:
    characters = _characters(text)
    readings = {text} if len(text) == length else set()
    if len(characters) == length:
        grouped = _without_look_alikes(characters)
        readings |= {grouped} if all(character in VALUES for character in grouped) else set()
        readings |= {characters.lower()} if _is_hexadecimal(characters) else set()
    return frozenset(readings)


def _characters(text: str) -> str:
    """Without what stands between them, and in one width; empty if that is not ASCII."""
    if len(text) > LONGEST_SPELLING:
        return ""
    if text.isascii():  # in one width already, like every code of ours
        return text.translate(_BETWEEN_IN_ASCII)
    plain = unicodedata.normalize("NFKC", text)
    characters = "".join(each for each in plain if not _stands_between(each))
    return characters if characters.isascii() else ""


def _stands_between(character: str) -> bool:
    return unicodedata.category(character) in BETWEEN or character in MORE_DASHES


_BETWEEN_IN_ASCII: Final = {place: None for place in range(128) if _stands_between(chr(place))}


def _is_hexadecimal(characters: str) -> bool:
    return HEXADECIMAL.issuperset(characters.lower())


def _without_look_alikes(characters: str) -> str:
    return characters.upper().translate(LOOK_ALIKES)


def _is_grouped(characters: str) -> bool:
    if any(each not in VALUES for each in characters):
        return False
    if len(characters) == HUMAN_LENGTH:
        return _weighted_sum(VALUES[each] for each in characters) == 0
    return len(characters) == SHORT_LENGTH


def _weighted_sum(values: Iterable[int]) -> int:
    """Σ valueᵢ · xⁿ⁻ⁱ in GF(32). One wrong value changes it, because no weight is 0; two values exchanged
    change it, because no two weights are equal."""
    return reduce(lambda total, value: _times_x(total) ^ value, values, 0)


def _times_x(value: int) -> int:
    shifted = value << 1
    return shifted ^ FIELD_POLYNOMIAL if shifted >= len(ALPHABET) else shifted


def _in_groups(characters: str) -> str:
    return "-".join(_cut(characters, *range(GROUP_LENGTH, len(characters), GROUP_LENGTH)))


def _cut(text: str, *places: int) -> list[str]:
    return [text[begin:end] for begin, end in zip((0, *places), (*places, len(text)), strict=True)]
