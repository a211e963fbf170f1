"""Signing what leaves the house, so that it can be held against us.

The private key is derived from one of GIFTCARDS_CODE_KEYS, which are outside the database: whoever can write
to the database only can sign nothing. Its public half is for anybody.
"""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from django.conf import settings

from kernel.sealing import derived_key, version_in_use


@dataclass(frozen=True, slots=True)
class Signer:
    """The key of one purpose and version: nothing that it has signed for one counts for another."""

    version: int
    private: Ed25519PrivateKey

    @classmethod
    def of(cls, purpose: str, version: int) -> "Signer":
        return cls(version, Ed25519PrivateKey.from_private_bytes(derived_key(purpose, version)))

    @property
    def public_key(self) -> bytes:
        """As SubjectPublicKeyInfo in DER, which openssl reads."""
        return self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


def signer_in_use(purpose: str) -> Signer:
    return Signer.of(purpose, version_in_use())


def our_fingerprints(purpose: str) -> set[str]:
    """Of the public keys of every version that is configured."""
    return {fingerprint(Signer.of(purpose, version).public_key) for version in settings.GIFTCARDS_CODE_KEYS}


def fingerprint(public_key: bytes) -> str:
    return f"sha256:{hashlib.sha256(public_key).hexdigest()}"


def is_signed(message: bytes, signature: bytes, public_key: bytes) -> bool:
    try:
        key = load_der_public_key(public_key)
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
