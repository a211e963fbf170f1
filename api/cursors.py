"""JSON:API's Cursor Pagination profile: its names, and cursors as clients have them.

A cursor is the place of one row in the order: the values of the order's columns, the key last. `api.keyset`
finds the page that begins or ends there.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

import orjson
from django.conf import settings
from django.core.signing import BadSignature, Signer, b64_decode, b64_encode
from django.utils.crypto import salted_hmac
from django.utils.encoding import force_bytes

from api.shapes import Order

PROFILE: Final = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"
MAX_SIZE_EXCEEDED: Final = f"{PROFILE}max-size-exceeded"
UNSUPPORTED_SORT: Final = f"{PROFILE}unsupported-sort"

Position: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CursorPage:
    """What is asked for: so many rows, between two places or from an end."""

    size: int
    after: Position | None = None
    before: Position | None = None


def write_cursor(position: Position, order: Order, resource_type: str) -> str:
    """A cursor's text. It is signed, so nobody can send us values of his own making, and good for this type
    in this order only."""
    plain = b64_encode(orjson.dumps(position)).decode()
    return _signer(order, resource_type, settings.SECRET_KEY).sign(plain)


def read_cursor(text: str, order: Order, resource_type: str) -> Position | None:
    """None for what is no cursor of this order."""
    try:
        plain = _signer(order, resource_type, settings.SECRET_KEY).unsign(text)
    except BadSignature:
        return None
    return tuple(orjson.loads(b64_decode(plain.encode())))


@lru_cache(maxsize=256)
def _signer(order: Order, resource_type: str, key: str) -> Signer:
    return CursorSigner(key, salt=f"api.cursors {resource_type} {','.join(order)}")


class CursorSigner(Signer):
    """Django's own, for many texts: it derives its key from the secret one and the salt once."""

    def __init__(self, key: str, salt: str) -> None:
        super().__init__(key=key, sep=".", salt=salt)
        self._begun = salted_hmac(f"{salt}signer", b"", secret=key, algorithm=self.algorithm)

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        if key is not None and key != self.key:
            return super().signature(value, key)
        mac = self._begun.copy()
        mac.update(force_bytes(value))
        return b64_encode(mac.digest()).decode()
