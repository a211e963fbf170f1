"""Gift card codes: money for whoever knows one, so the database never holds one in the clear.

A code is stored as
- a keyed digest of the whole code, for look-up and uniqueness: the same for every spelling of it
  (`giftcards.code_format`),
- a keyed digest of its first 8 characters, for support staff's search (only for codes longer than 12
  characters, so that those 8 never are most of the secret),
- an AES-GCM ciphertext bound to its card, for those who may see it, letter by letter as it was given,
- its last four characters, unless they would be most of it: shorter ones than we give out have come from
  elsewhere.

The keys come from `settings.GIFTCARDS_CODE_KEYS` ({version: 32 bytes}), outside the database; the highest
version is the one in use. See docs/adr/0005-codes-at-rest.md.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from giftcards.code_format import canonical, possible_prefixes, prefix
from kernel.secret import Secret

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 40
SUFFIX_LENGTH: Final = 4
SHORTEST_WITH_PREFIX: Final = 13
NONCE_LENGTH: Final = 12


class WrongCodeKeys(ImproperlyConfigured):
    """The operator's to mend, so no refusal of ours."""

    def __init__(self, version: int, what: str) -> None:
        super().__init__(f"GIFTCARDS_CODE_KEYS are not the keys of this database: number {version} {what}.")


@dataclass(frozen=True, slots=True)
class SealedCode:
    """What of a code goes into the database."""

    digest: bytes
    prefix_digest: bytes | None
    ciphertext: bytes
    last_four: str
    key_version: int


@dataclass(frozen=True, slots=True)
class CodeKey:
    """One version's three keys, derived so that none of them serves two purposes, and what the database may
    know it by."""

    version: int
    lookup: bytes = field(repr=False)
    prefix: bytes = field(repr=False)
    cipher: AESGCM = field(repr=False)
    fingerprint: bytes = field(repr=False)

    @classmethod
    def derive(cls, version: int, master: bytes) -> "CodeKey":
        def derived(purpose: bytes) -> bytes:
            return hmac.digest(master, b"gift card code " + purpose, hashlib.sha256)

        return cls(
            version,
            lookup=derived(b"look-up"),
            prefix=derived(b"prefix"),
            cipher=AESGCM(derived(b"encryption")),
            fingerprint=derived(b"fingerprint"),
        )

    def digest(self, text: str) -> bytes:
        """The same for every spelling of a code."""
        return self.digest_of(canonical(text))

    def digest_of(self, spelling: str) -> bytes:
        """Of a code in its canonical spelling."""
        return hmac.digest(self.lookup, spelling.encode(), hashlib.sha256)

    def prefix_digest(self, beginning: str) -> bytes:
        return hmac.digest(self.prefix, beginning.encode(), hashlib.sha256)


def seal(code: Secret, *, card_id: UUID) -> SealedCode:
    key = _current_key()
    text = code.reveal()
    spelling = canonical(text)
    nonce = os.urandom(NONCE_LENGTH)
    return SealedCode(
        digest=key.digest_of(spelling),
        prefix_digest=key.prefix_digest(prefix(spelling)) if len(text) >= SHORTEST_WITH_PREFIX else None,
        ciphertext=nonce + key.cipher.encrypt(nonce, text.encode(), card_id.bytes),
        last_four=text[-SUFFIX_LENGTH:] if len(text) >= MIN_LENGTH else "",
        key_version=key.version,
    )


def unseal(ciphertext: bytes, *, key_version: int, card_id: UUID | str) -> Secret:
    """The code again. Raises cryptography.exceptions.InvalidTag if the row was tampered with or belongs to
    another card, KeyError if the key of that version is not configured."""
    key = _derived(key_version, settings.GIFTCARDS_CODE_KEYS[key_version])
    sealed = bytes(ciphertext)
    plain = key.cipher.decrypt(sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:], _bytes_of(card_id))
    return Secret(plain.decode())


def _bytes_of(card_id: UUID | str) -> bytes:
    """As `UUID.bytes`; of a key as text it needs no UUID, which takes longer than opening the code."""
    return bytes.fromhex(str(card_id).replace("-", ""))


def digests(text: str) -> list[bytes]:
    """Look-up digests of a whole code under every key, so that cards are found while keys rotate."""
    return [key.digest(text) for key in _keys().values()]


def prefix_digests(text: str) -> list[bytes]:
    """Of whatever a code's first 8 characters may be that begins with `text`, under every key; none if
    `text` is not 8 characters in any spelling."""
    return [key.prefix_digest(each) for key in _keys().values() for each in possible_prefixes(text)]


def fingerprints() -> dict[int, bytes]:
    """Of every version: tells keys apart, and nothing that they seal or digest follows from it."""
    return {version: key.fingerprint for version, key in _keys().items()}


def current_version() -> int:
    """Of the key that seals."""
    return _current_key().version


def mask(last_four: str) -> str:
    return f"****{last_four}"


def _keys() -> Mapping[int, CodeKey]:
    masters = settings.GIFTCARDS_CODE_KEYS.items()
    return {version: _derived(version, master) for version, master in masters}


def _current_key() -> CodeKey:
    keys = _keys()
    return keys[max(keys)]


@lru_cache(maxsize=16)
def _derived(version: int, master: bytes) -> CodeKey:
    return CodeKey.derive(version, master)
