"""The keys that sign access tokens: one that signs, and beside it, while they change, the one that follows or
the one that went before. All that count are published, so that anybody can verify a token.

    made ──────────▶ signs ──────────▶ another signs ──────────▶ counts no more
          10 minutes        until the                 2 hours and
                            next rotation             a little

Private halves are sealed (kernel.sealing), so that a copy of the database signs nothing.
"""

import hashlib
import json
import logging
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, cast

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from django.db import connection, transaction
from django.db.models.functions import Now
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode

from access.models import SigningKey
from kernel.clock import database_now
from kernel.refusals import OPERATION, Invalid
from kernel.sealing import Sealed, Unreadable, seal, unseal

BITS: Final = 2048
PURPOSE: Final = "signing key of access tokens"
LOCK: Final = "access.signing_keys"
ALGORITHM: Final = "RS512"
TOKENS_LIVE: Final = timedelta(hours=2)
PUBLISHED_AHEAD: Final = timedelta(minutes=10)
"""Longer than anybody keeps what is published: see KEPT_FOR."""
KEPT_FOR: Final = timedelta(minutes=5)
MARGIN: Final = timedelta(minutes=5)
"""For a token that is being signed while its key is relieved."""

log = logging.getLogger(__name__)


def key_in_use() -> tuple[str, rsa.RSAPrivateKey]:
    """The id and the private half of the key that signs now; made if there is none that can be opened."""
    row = _in_use()
    private = None if row is None else _opened(row)
    if row is None or private is None:
        with transaction.atomic():
            _lock()
            row = _in_use()
            private = None if row is None else _opened(row)
            if row is None or private is None:
                row, private = _made(signs_from=database_now())
    return row.kid, private


def rotate_signing_key(*, withdraw_others: bool = False) -> SigningKey:
    """A new key, published at once, which signs ten minutes from now; the others count until the last of
    their tokens has expired. `withdraw_others`: it signs at once, and they and their tokens count no more.

    Raises Invalid while a key that was made before does not sign yet.
    """
    with transaction.atomic():
        _lock()
        now = database_now()
        SigningKey.objects.filter(verified_until__lte=now).delete()
        others = list(SigningKey.objects.order_by("signs_from"))
        if others and others[-1].signs_from > now and not withdraw_others:
            moment = others[-1].signs_from.isoformat(timespec="seconds")
            raise Invalid(OPERATION, "rotating", f"is not possible before {moment}, when the next key signs")
        signs_from = now + PUBLISHED_AHEAD if others and not withdraw_others else now
        until = now if withdraw_others else signs_from + TOKENS_LIVE + MARGIN
        SigningKey.objects.filter(verified_until=None).update(verified_until=until)
        if withdraw_others:
            SigningKey.objects.update(verified_until=now)
        made, _ = _made(signs_from=signs_from)
    log.info("Signing key %s signs access tokens from %s on.", made.kid, made.signs_from)
    return made


def published_keys() -> list[dict[str, Any]]:
    """The public halves as JSON Web Keys (RFC 7517), the oldest first; there is always one."""
    key_in_use()
    rows = SigningKey.objects.published().order_by("signs_from")
    return [{**_public_jwk(_public(row)), "kid": row.kid, "use": "sig", "alg": ALGORITHM} for row in rows]


def public_key(kid: str) -> rsa.RSAPublicKey | None:
    """To verify with, whether it still counts or not: that is asked together with everything else."""
    try:
        return _remembered(kid)
    except SigningKey.DoesNotExist:
        return None


@lru_cache(maxsize=16)
def _remembered(kid: str) -> rsa.RSAPublicKey:
    # Its id is made of it: another key never goes by the same.
    return _public(SigningKey.objects.get(kid=kid))


def _in_use() -> SigningKey | None:
    signing = SigningKey.objects.published().filter(signs_from__lte=Now())
    return signing.order_by("-signs_from").first()


def _made(*, signs_from: datetime) -> tuple[SigningKey, rsa.RSAPrivateKey]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    kid = thumbprint(private.public_key())
    plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    sealed = seal(PURPOSE, plain, belongs_to=kid.encode())
    row = SigningKey.objects.create(
        kid=kid,
        public_key=private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        private_ciphertext=sealed.ciphertext,
        key_version=sealed.key_version,
        signs_from=signs_from,
    )
    return row, private


def _opened(row: SigningKey) -> rsa.RSAPrivateKey | None:
    """None if it was sealed under one of GIFTCARDS_CODE_KEYS that is gone: then another takes its place."""
    try:
        return _unsealed(row.kid, bytes(row.private_ciphertext), row.key_version)
    except Unreadable:
        log.warning("Signing key %s can't be opened; another one takes its place.", row.kid)
        return None


@lru_cache(maxsize=4)
def _unsealed(kid: str, ciphertext: bytes, key_version: int) -> rsa.RSAPrivateKey:
    plain = unseal(PURPOSE, Sealed(ciphertext, key_version), belongs_to=kid.encode())
    return cast(rsa.RSAPrivateKey, load_der_private_key(plain, password=None))


def _public(row: SigningKey) -> rsa.RSAPublicKey:
    return cast(rsa.RSAPublicKey, load_der_public_key(bytes(row.public_key)))


def _public_jwk(public: rsa.RSAPublicKey) -> dict[str, Any]:
    jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
    return {name: jwk[name] for name in ("kty", "n", "e")}


def thumbprint(public: rsa.RSAPublicKey) -> str:
    canonical = json.dumps(_public_jwk(public), sort_keys=True, separators=(",", ":"))
    return base64url_encode(hashlib.sha256(canonical.encode()).digest()).decode()


def _lock() -> None:
    """Until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
