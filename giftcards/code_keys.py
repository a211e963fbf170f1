"""Whether GIFTCARDS_CODE_KEYS are those that sealed the codes of this database.

With another key under the same number the service would look well and be wrong: no code would be found or
shown, and one that is taken could be given again. So a key leaves its fingerprint in the database together
with the first code that it seals, and is compared with it from then on.

While keys rotate, processes that know the new key run beside some that don't. Those would not see that a code
is taken by a card under the new key, and would give it again. So the first code under a key waits until all
that are being sealed under older keys are committed, and from then on no older key seals anything.
"""

from typing import Final

from django.db import connection, transaction

from giftcards import codes
from giftcards.codes import WrongCodeKeys
from giftcards.models import CodeKeyFingerprint

LOCK: Final = "giftcards.code_keys"
# A function, because this statement by itself would see what was stored before it waited.
UNDER_LOCK: Final = "SELECT version, fingerprint FROM giftcards_code_keys_under_lock(%s, %s)"

_remembered: Final[set[bytes]] = set()


def remember_key(version: int) -> None:
    """To be called in the transaction that stores what the key seals, before anything else in there is
    locked. Raises WrongCodeKeys, also if a newer key has sealed codes already."""
    fingerprint = codes.fingerprints()[version]
    is_known = fingerprint in _remembered
    stored = _stored_under_lock(exclusive=not is_known and version not in _stored())
    if version not in stored:
        mine = CodeKeyFingerprint(version=version, fingerprint=fingerprint)
        CodeKeyFingerprint.objects.bulk_create([mine], ignore_conflicts=True)
        stored = _stored()
    _require(version, stored[version])
    newest = max(stored)
    if newest > version:
        raise WrongCodeKeys(newest, "is missing")
    if not is_known:
        transaction.on_commit(lambda: _remembered.add(fingerprint))


def forget_older_keys(version: int) -> list[int]:
    """Their fingerprints, so that the service starts without them. To be called when no code is left under
    any of them; returns their numbers."""
    older = CodeKeyFingerprint.objects.filter(version__lt=version)
    numbers = sorted(older.values_list("version", flat=True))
    older.delete()
    return numbers


def require_the_keys_of_this_database() -> None:
    """Raises WrongCodeKeys if a key that has sealed codes is missing or is another one."""
    for version, fingerprint in sorted(_stored().items()):
        _require(version, fingerprint)


def _stored() -> dict[int, bytes]:
    return {version: bytes(kept) for version, kept in CodeKeyFingerprint.objects.values_list()}


def _stored_under_lock(*, exclusive: bool) -> dict[int, bytes]:
    """What is stored once the lock is ours, until the transaction ends. Whoever seals shares it; a key that
    is new has it alone."""
    with connection.cursor() as cursor:
        cursor.execute(UNDER_LOCK, [LOCK, exclusive])
        return {version: bytes(kept) for version, kept in cursor.fetchall()}


def _require(version: int, fingerprint: bytes) -> None:
    ours = codes.fingerprints().get(version)
    if ours is None:
        raise WrongCodeKeys(version, "is missing")
    if ours != fingerprint:
        raise WrongCodeKeys(version, "is another one")
