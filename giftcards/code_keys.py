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

_remembered: Final[set[bytes]] = set()


def remember_key(version: int) -> None:
    """To be called in the transaction that stores what the key seals, before anything else in there is
    locked. Raises WrongCodeKeys, also if a newer key has sealed codes already."""
    fingerprint = codes.fingerprints()[version]
    _lock(exclusive=fingerprint not in _remembered and version not in _stored())
    stored = _stored()
    if version not in stored:
        mine = CodeKeyFingerprint(version=version, fingerprint=fingerprint)
        CodeKeyFingerprint.objects.bulk_create([mine], ignore_conflicts=True)
        stored = _stored()
    _require(version, stored[version])
    newest = max(stored)
    if newest > version:
        raise WrongCodeKeys(newest, "is missing")
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


def _lock(*, exclusive: bool) -> None:
    """Until the transaction ends. Whoever seals shares it; a key that is new has it alone."""
    function = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [LOCK])


def _require(version: int, fingerprint: bytes) -> None:
    ours = codes.fingerprints().get(version)
    if ours is None:
        raise WrongCodeKeys(version, "is missing")
    if ours != fingerprint:
        raise WrongCodeKeys(version, "is another one")
