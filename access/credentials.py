"""What an API key looks like, and what is kept of it.

    gck_test_<43 characters: 256 random bits><6 characters: CRC-32 of all that stands before>

The prefix says at a glance what was leaked and from which mode. With the checksum, scanners of repositories
and logs recognise a key without asking us, and a mistyped one is refused without asking the database.
"""

import hashlib
import re
import secrets
import zlib
from dataclasses import dataclass
from typing import Final

from kernel.modes import Mode
from kernel.secret import Secret

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE: Final = len(ALPHABET)
KEY_PREFIX: Final = "gck"
CLIENT_PREFIX: Final = "gcc"
SECRET_BITS: Final = 256
SECRET_LENGTH: Final = 43  # 62**43 > 2**256
CLIENT_BITS: Final = 128
CLIENT_LENGTH: Final = 22  # 62**22 > 2**128
CHECKSUM_LENGTH: Final = 6  # 62**6 > 2**32
KEY: Final = re.compile(
    rf"(?P<body>{KEY_PREFIX}_(?:{'|'.join(Mode.values)})_[0-9A-Za-z]{{{SECRET_LENGTH}}})"
    rf"(?P<checksum>[0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)


@dataclass(frozen=True, slots=True)
class NewCredentials:
    client_id: str
    key: Secret

    @property
    def last_four(self) -> str:
        """The checksum's end: it helps a person to recognise a key, and nobody to guess one."""
        return self.key.reveal()[-4:]


def new_credentials(mode: Mode) -> NewCredentials:
    body = f"{KEY_PREFIX}_{mode.value}_{_base62(secrets.randbits(SECRET_BITS), SECRET_LENGTH)}"
    client = f"{CLIENT_PREFIX}_{mode.value}_{_base62(secrets.randbits(CLIENT_BITS), CLIENT_LENGTH)}"
    return NewCredentials(client_id=client, key=Secret(body + checksum(body)))


def is_well_formed(text: str) -> bool:
    match = KEY.fullmatch(text)
    return match is not None and checksum(match["body"]) == match["checksum"]


def digest(key: Secret) -> bytes:
    """What is stored, and looked up.

    A fast hash without salt is right here, unlike for passwords: nobody can try 2**256 keys, however fast,
    and two keys are never equal. A slow one would only make every request slow.
    """
    return hashlib.sha256(key.reveal().encode()).digest()


def checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    text = ""
    for _ in range(length):
        text = ALPHABET[number % BASE] + text
        number //= BASE
    return text
