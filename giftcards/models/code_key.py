"""Which keys have sealed the codes of this database."""

from django.db import models


class CodeKeyFingerprint(models.Model):
    """Tells that a service was started with other keys, and nothing else about them. Written by
    `giftcards.code_keys` only, when a key seals its first code."""

    version = models.PositiveSmallIntegerField(primary_key=True)
    fingerprint = models.BinaryField()

    def __str__(self) -> str:
        return f"Key {self.version}"
