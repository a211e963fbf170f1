"""Whether GIFTCARDS_CODE_KEYS are those that sealed the codes of this database.

With another key under the same number the service would look well and be wrong: no code would be found or
shown, and one that is taken could be given again. So a key leaves its fingerprint in the database together
with the first code that it seals, and is compared with it from then on.
"""

from typing import Final

from django.db import transaction

from giftcards import codes
from giftcards.codes import WrongCodeKeys
from giftcards.models import CodeKeyFingerprint

_remembered: Final[set[bytes]] = set()


def remember_key(version: int) -> None:
    """To be called in the transaction that stores what the key has sealed. Asks the database until a
    transaction that did so was committed. Raises WrongCodeKeys."""
    fingerprint = codes.fingerprints()[version]
    if fingerprint in _remembered:
        return
    mine = CodeKeyFingerprint(version=version, fingerprint=fingerprint)
    CodeKeyFingerprint.objects.bulk_create([mine], ignore_conflicts=True)
    _require(version, CodeKeyFingerprint.objects.get(version=version).fingerprint)
    transaction.on_commit(lambda: _remembered.add(fingerprint))


def require_the_keys_of_this_database() -> None:
    """Raises WrongCodeKeys if a key that has sealed codes is missing or is another one."""
    for version, fingerprint in CodeKeyFingerprint.objects.order_by("version").values_list():
        _require(version, fingerprint)


def _require(version: int, fingerprint: bytes | memoryview) -> None:
    ours = codes.fingerprints().get(version)
    if ours is None:
        raise WrongCodeKeys(version, "is missing")
    if ours != bytes(fingerprint):
        raise WrongCodeKeys(version, "is another one")
