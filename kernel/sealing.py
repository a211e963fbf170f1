"""Sealing and digesting with keys that serve one purpose each, derived from `settings.GIFTCARDS_CODE_KEYS`
({version: 32 bytes}), which lie outside the database. The highest version is the one in use; the others still
open what they have sealed.

A purpose is a name that never changes and that nothing else goes by.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_LENGTH: Final = 12


class Unreadable(Exception):
    """The key of that version is not configured, or the text was changed, or it belongs somewhere else."""


@dataclass(frozen=True, slots=True)
class Sealed:
    ciphertext: bytes
    key_version: int


def version_in_use() -> int:
    return max(settings.GIFTCARDS_CODE_KEYS)


def derived_key(purpose: str, version: int) -> bytes:
    """32 bytes, from which neither the master key nor another purpose's follows. Raises Unreadable."""
    master = settings.GIFTCARDS_CODE_KEYS.get(version)
    if master is None:
        raise Unreadable(f"There is no key number {version}.")
    return hmac.digest(master, purpose.encode(), hashlib.sha256)


def keyed_digest(purpose: str, message: bytes, *, key_version: int) -> bytes:
    """Tells equal messages from others, and those who lack the key nothing. Raises Unreadable."""
    return hmac.digest(derived_key(purpose, key_version), message, hashlib.sha256)


def seal(purpose: str, plain: bytes, *, belongs_to: bytes) -> Sealed:
    """With the key in use; opens only as what `belongs_to` the same thing."""
    version, nonce = version_in_use(), os.urandom(NONCE_LENGTH)
    return Sealed(nonce + AESGCM(derived_key(purpose, version)).encrypt(nonce, plain, belongs_to), version)


def unseal(purpose: str, sealed: Sealed, *, belongs_to: bytes) -> bytes:
    """Raises Unreadable."""
    key = AESGCM(derived_key(purpose, sealed.key_version))
    nonce, ciphertext = sealed.ciphertext[:NONCE_LENGTH], sealed.ciphertext[NONCE_LENGTH:]
    try:
        return key.decrypt(nonce, ciphertext, belongs_to)
    except (InvalidTag, ValueError) as cause:  # ValueError: too short to hold a nonce
        raise Unreadable("It was changed, or it belongs somewhere else.") from cause
