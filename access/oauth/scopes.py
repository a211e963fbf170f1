"""What of its key a token is asked for. It narrows, and never widens.

| scope | meaning |
|---|---|
| none, `market:all` | every market that the key reaches |
| `market:id:<id>`, `market:code:<code>` | this market; several add up |
| `gift_cards:read` and our other scopes | of what the key may do, only what is named |

They are separated by spaces; Commerce Layer's command line separates them by commas.
"""

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from access.models import ApiKeyMarket
from access.queries import Credential
from access.scopes import unknown_scopes
from kernel.refusals import Invalid

EVERY_MARKET: Final = "market:all"
BY_ID: Final = "market:id:"
BY_CODE: Final = "market:code:"
LONGEST: Final = 2000
"""Characters. A token goes along in the header of every request."""


@dataclass(frozen=True, slots=True)
class Grant:
    """`scope` is what was asked for, word by word; None means all that the key has."""

    scope: str
    scopes: frozenset[str] | None
    market_ids: frozenset[UUID] | None


def grant(wanted: str, credential: Credential) -> Grant:
    """Raises Invalid about "scope" for what there is not, or what the key does not have."""
    if len(wanted) > LONGEST or not wanted.isprintable():
        raise Invalid("scope", "unreadable", f"must be printable and have at most {LONGEST} characters")
    words = {word for word in re.split(r"[ ,]+", wanted) if word}
    markets = {word for word in words if word == EVERY_MARKET or word.startswith((BY_ID, BY_CODE))}
    scopes = words - markets
    beyond = [*unknown_scopes(sorted(scopes)), *sorted(scopes - credential.scopes)]
    if beyond:
        raise _not_granted(beyond)
    return Grant(
        scope=wanted if words else EVERY_MARKET,
        scopes=frozenset(scopes) or None,
        market_ids=None if EVERY_MARKET in markets or not markets else _within_reach(markets, credential),
    )


def _within_reach(named: Collection[str], credential: Credential) -> frozenset[UUID]:
    # Markets lie above this package: they are reached through the foreign key.
    model: Any = ApiKeyMarket.market.field.related_model
    codes = [word.removeprefix(BY_CODE) for word in named if word.startswith(BY_CODE)]
    ids = [key for word in named if word.startswith(BY_ID) for key in _keys(word.removeprefix(BY_ID))]
    visible = model.objects.visible_to(credential.caller)
    found = dict(visible.filter(Q(code__in=codes) | Q(pk__in=ids)).values_list("pk", "code"))
    known = {f"{BY_ID}{key}" for key in found} | {f"{BY_CODE}{code}" for code in found.values()}
    if unknown := sorted(word for word in named if _in_small_letters(word) not in known):
        raise _not_granted(unknown)
    return frozenset(found)


def _keys(text: str) -> list[UUID]:
    with suppress(ValueError):
        return [UUID(text)]
    return []


def _in_small_letters(word: str) -> str:
    """An id as it is written here; a code stays as it is."""
    return word.lower() if word.startswith(BY_ID) else word


def _not_granted(words: Collection[str]) -> Invalid:
    # One answer for what there is not and what this key has not.
    named = ", ".join(dict.fromkeys(words))
    return Invalid("scope", "not_granted", f"can't include {named}")
