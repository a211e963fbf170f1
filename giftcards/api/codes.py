"""Codes on the wire: shown to those who may see them, searched for without being stored in the clear."""

import logging
from functools import lru_cache
from typing import ClassVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.db.models import Q

from access.scopes import Scope
from api.credential import Credential
from api.matchers import AttributeFilter
from giftcards import codes
from giftcards.code_format import possible_prefixes, possible_suffixes
from kernel.caller import Caller

logger = logging.getLogger(__name__)


def readable_code(
    card_id: UUID, ciphertext: bytes, key_version: int, last_four: str, *, credential: Credential
) -> str:
    """The mask is also shown of a code that can't be opened: one such card must not hide all the others."""
    if Scope.REVEAL_CODES not in credential.scopes:
        return codes.mask(last_four)
    try:
        return codes.unseal(ciphertext, key_version=key_version, card_id=card_id).reveal()
    except (InvalidTag, KeyError):
        _report_unreadable(card_id, key_version)
        return codes.mask(last_four)


@lru_cache(maxsize=1000)
def _report_unreadable(card_id: UUID, key_version: int) -> None:
    """Once for each card, however often it is listed."""
    logger.error(
        "The code of gift card %s can't be opened: its ciphertext was changed, or key number %s is not the "
        "one that sealed it.",
        card_id,
        key_version,
    )


class CodeFilter(AttributeFilter):
    """`eq` and `in` by the whole code, `start` by its first 8 characters, `end` by its last 4; `cont` matches
    any of these (contract §6). What a digest cannot answer is refused rather than answered wrongly."""

    matchers: ClassVar[frozenset[str]] = frozenset({"eq", "in", "start", "end", "cont"})

    def build(self, matcher: str, value: str, *, prefix: str, caller: Caller) -> Q:
        if matcher == "eq":
            return _whole(prefix, value)
        if matcher == "in":
            return Q(
                **{f"{prefix}code_digest__in": [d for each in value.split(",") for d in codes.digests(each)]}
            )
        if matcher == "start":
            if not possible_prefixes(value):
                raise ValueError
            return _start(prefix, value)
        if matcher == "end":
            if not possible_suffixes(value):
                raise ValueError
            return _end(prefix, value)
        return _whole(prefix, value) | _start(prefix, value) | _end(prefix, value)


def _whole(prefix: str, value: str) -> Q:
    return Q(**{f"{prefix}code_digest__in": codes.digests(value)})


def _start(prefix: str, value: str) -> Q:
    return Q(**{f"{prefix}code_prefix_digest__in": codes.prefix_digests(value)})


def _end(prefix: str, value: str) -> Q:
    # Nothing for a whole code, which must not stand in a statement: the database may log it.
    return Q(**{f"{prefix}code_last_four__in": possible_suffixes(value)})
