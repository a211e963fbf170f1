"""What the service is told from outside: the environment and, for secrets, private files."""

import base64
import binascii
import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

CODE_KEY_BYTES = 32
INVALID_ADDRESS = "DATABASE_URL is not a valid address."


def flag(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0.")


def whole_number(name: str, default: int, *, at_least: int = 1, at_most: int | None = None) -> int:
    value = os.environ.get(name, "").strip() or str(default)
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) >= at_least):
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {at_least}.")
    if at_most is not None and int(value) > at_most:
        raise ImproperlyConfigured(f"{name} must be at most {at_most}.")
    return int(value)


def secret(name: str, data_folder: Path) -> str:
    """The environment wins, so that a container needs no file; else the file that `./dev` made."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    file = data_folder / "secrets" / name.lower()
    try:
        value = file.read_text(encoding="utf-8").strip()
    except OSError:
        value = ""
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set, and there is no readable {file}; ./dev run makes one."
        )
    return value


def database_url(text: str) -> str:
    """The address as it is, if it can be one: a library that can't read it repeats it, password and all.

    A `/` or an `@` in a password must be written `%2F` or `%40`, else a part of it would be taken for a port,
    a host or a database, which messages name."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 (raises what is no number)
        conninfo_to_dict(text)
    except (ValueError, ProgrammingError):
        raise ImproperlyConfigured(INVALID_ADDRESS) from None
    if parts.fragment or text.count("@") != ("@" in parts.netloc):
        raise ImproperlyConfigured(INVALID_ADDRESS)
    return text


def code_keys(text: str) -> dict[int, bytes]:
    """`1:<base64url of 32 bytes>[,2:…]` as {number: key}. The message never repeats what it was given."""
    keys: dict[int, bytes] = {}
    for entry in text.split(","):
        number, separator, encoded = entry.strip().partition(":")
        try:
            key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        well_formed = separator and number.isascii() and number.isdigit() and len(key) == CODE_KEY_BYTES
        if not well_formed or int(number) in keys:
            raise ImproperlyConfigured(
                "GIFTCARDS_CODE_KEYS must be NUMBER:KEY[,NUMBER:KEY…], each KEY 32 bytes in base64url and "
                "each NUMBER used once."
            )
        keys[int(number)] = key
    return keys
