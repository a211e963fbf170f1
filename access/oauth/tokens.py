"""Access tokens: JSON Web Tokens (RFC 7519), signed with RS512.

A signature says that we made the token, once and for all, so it is verified once in each process. Whether the
token still counts is asked of the database with every request, in the same question as its key: the key is
not revoked, the signing key not withdrawn, the token not revoked, and the database's clock not past its end.
"""

import hashlib
import json
import random
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import Any, Final
from uuid import UUID

import jwt
from jwt.types import Options

from access.models import SigningKey
from access.oauth.issuer import Issuer
from access.oauth.scopes import Grant
from access.oauth.signing_keys import ALGORITHM, TOKENS_LIVE, key_in_use, public_key
from access.queries import Credential, credential_where
from access.scopes import EVERY_SCOPE
from kernel.clock import database_now
from kernel.modes import Mode
from kernel.secret import Secret

TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
KID: Final = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST: Final = 8192
REMEMBERED: Final = 2048
SIGNATURE_ONLY: Final[Options] = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}
"""The times are the database's to judge: this host's clock may be wrong. The rest is as we have signed it."""

_random: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class AccessToken:
    text: Secret
    scope: str
    created_at: int
    expires_in: int
    """Seconds; `created_at` since 1970."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token with a good signature says. `digest` is of what was signed, not of how its signature is
    spelled: base64 has several spellings for the same bytes, and none of a revoked token must count."""

    digest: bytes
    kid: str
    client_id: str
    application_id: UUID
    mode: Mode
    expires_at: datetime
    scopes: frozenset[str] | None
    market_ids: frozenset[UUID] | None


def issue_token(*, credential: Credential, grant: Grant, issuer: Issuer) -> AccessToken:
    """A token that stands for the credential's key within the grant, for two hours."""
    kid, private = key_in_use()
    now = int(database_now().timestamp())
    lifetime = int(TOKENS_LIVE.total_seconds())
    claims = {
        "organization": {
            "id": str(credential.organization_id),
            "slug": issuer.slug,
            "enterprise": False,
            "region": "self-hosted",
        },
        "application": {
            "id": str(credential.application_id),
            "client_id": credential.client_id,
            "kind": "integration",
            "public": False,
            "confidential": True,
        },
        **_of_markets(grant),
        "scope": grant.scope,
        "exp": now + lifetime,
        "test": credential.caller.mode is Mode.TEST,
        "rand": _random.random(),
        "iat": now,
        "iss": issuer.iss,
    }
    text = jwt.encode(claims, private, ALGORITHM, headers={"kid": kid}, json_encoder=PlainBase64)
    return AccessToken(Secret(text), grant.scope, created_at=now, expires_in=lifetime)


def credential_of_token(token: Secret, *, ask_later: bool = False) -> Credential | None:
    """What the token stands for: its key within what was granted. None whatever is wrong with either.
    `ask_later` as for the key itself."""
    claims = claims_of(token)
    if claims is None:
        return None
    condition, published_for = _still_counts()
    values = (claims.client_id, claims.expires_at, claims.digest, *published_for, claims.kid)
    credential = credential_where(condition, *values, ask_later=ask_later)
    return None if credential is None else credential.within(claims.scopes, claims.market_ids)


@cache
def _still_counts() -> tuple[str, tuple[Any, ...]]:
    """Of a client id, an end, a digest, and the id of a signing key after its own parameters."""
    published, parameters = SigningKey.objects.published().values("pk").query.sql_with_params()
    condition = (
        '"access_apikey"."client_id" = %s AND %s > statement_timestamp()'
        ' AND NOT EXISTS (SELECT FROM "access_revokedtoken" WHERE "digest" = %s)'
        f' AND EXISTS ({published} AND "access_signingkey"."kid" = %s)'
    )
    return condition, parameters


def claims_of(token: Secret) -> Claims | None:
    """None unless it is one of our tokens; whether it still counts is not asked."""
    text = token.reveal()
    if len(text) > LONGEST or not TOKEN.fullmatch(text):
        return None
    return _verified.claims_of(text)


class PlainBase64(json.JSONEncoder):
    """JSON whose base64url is also plain base64, for clients that decode it so: no `-` and no `_`. These
    stand for the six bits 62 and 63, which end a byte of ASCII only in the characters escaped here."""

    ESCAPED: Final = {ord(character): f"\\u{ord(character):04x}" for character in "?>~\x7f"}

    def encode(self, o: Any) -> str:
        return super().encode(o).translate(self.ESCAPED)


class VerifiedTokens:
    """The last tokens whose signature this process has verified, by their digest."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._claims: OrderedDict[bytes, Claims] = OrderedDict()

    def claims_of(self, text: str) -> Claims | None:
        digest = hashlib.sha256(text.encode()).digest()
        with self._lock:
            if (known := self._claims.get(digest)) is not None:
                self._claims.move_to_end(digest)
                return known
        claims = _verify(text)
        if claims is not None:
            with self._lock:
                self._claims[digest] = claims
                if len(self._claims) > self._size:
                    self._claims.popitem(last=False)
        return claims


_verified: Final = VerifiedTokens(REMEMBERED)


def _verify(text: str) -> Claims | None:
    try:
        kid = str(jwt.get_unverified_header(text).get("kid"))
        key = public_key(kid) if KID.fullmatch(kid) else None
        if key is None:
            return None
        said = jwt.decode(text, key, algorithms=[ALGORITHM], options=SIGNATURE_ONLY)
    except (jwt.PyJWTError, ValueError, RecursionError):  # the latter from JSON that was made to be hard
        return None
    return _read(said, kid, hashlib.sha256(text.rpartition(".")[0].encode()).digest())


def _read(said: Mapping[str, Any], kid: str, digest: bytes) -> Claims:
    """Only of what we have signed: it has the claims that we give."""
    named = frozenset(word for word in re.split(r"[ ,]+", said["scope"]) if word in EVERY_SCOPE)
    market_ids = said.get("market", {}).get("id")
    return Claims(
        digest=digest,
        kid=kid,
        client_id=said["application"]["client_id"],
        application_id=UUID(said["application"]["id"]),
        mode=Mode.TEST if said["test"] else Mode.LIVE,
        expires_at=datetime.fromtimestamp(said["exp"], tz=UTC),
        scopes=named or None,
        market_ids=None if market_ids is None else frozenset(map(UUID, market_ids)),
    )


def _of_markets(grant: Grant) -> dict[str, Any]:
    """The claim `market` as the vendor has it, in a token that names markets. Their ids are told once and for
    all: a code may be given to another market later."""
    if grant.market_ids is None:
        return {}
    return {
        "market": {
            "id": sorted(map(str, grant.market_ids)),
            "stock_location_ids": [],
            "geocoder_id": None,
            "allows_external_prices": False,
        }
    }
