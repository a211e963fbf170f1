"""Codes on the wire: shown to those who may see them, searched for without being stored in the clear."""

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache, reduce
from operator import or_
from typing import Any, ClassVar, Final

from cryptography.exceptions import InvalidTag
from django.db.models import Q
from django.http import HttpRequest

from access.scopes import Scope
from api.bind_parameters import BindParameter
from api.credential import Credential
from api.matchers import AttributeFilter, Operand
from giftcards import codes
from giftcards.api.code_tries import Asker, admit, count_failure
from giftcards.code_format import possible_suffixes
from giftcards.models import GiftCard
from kernel.caller import Caller

logger = logging.getLogger(__name__)


def readable_code(
    card_id: str, ciphertext: bytes, key_version: int, last_four: str, *, credential: Credential
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
def _report_unreadable(card_id: str, key_version: int) -> None:
    """Once for each card, however often it is listed."""
    logger.error(
        "The code of gift card %s can't be opened: its ciphertext was changed, or key number %s is not the "
        "one that sealed it.",
        card_id,
        key_version,
    )


COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "eq": ("code_digest",),
    "in": ("code_digest",),
    "start": ("code_prefix_digest",),
    "end": ("code_last_four",),
    "cont": ("code_digest", "code_prefix_digest", "code_last_four"),
}
"""What each matcher looks into."""


class CodeFilter(AttributeFilter):
    """`eq` and `in` by the whole code, `start` by its first 8 characters, `end` by its last 4; `cont` matches
    any of these (contract §6), but no whole code that is shorter than ours: other things are typed there as
    well, and none of that shall count as a guess. What a digest cannot answer is refused rather than answered
    wrongly."""

    matchers: ClassVar[frozenset[str]] = frozenset(COLUMNS)

    def read(self, matcher: str, text: str) -> Operand:
        if matcher == "eq":
            return Operand((codes.digests(text),))
        if matcher == "in":
            return Operand(([digest for each in text.split(",") for digest in codes.digests(each)],))
        # Of a whole code there are no endings: it must not stand in a statement, which the database may log.
        starts, ends = codes.prefix_digests(text), list(possible_suffixes(text))
        if matcher == "cont":
            whole = codes.digests(text) if len(text) >= codes.MIN_LENGTH else []
            return Operand((whole, starts, ends))
        wanted = starts if matcher == "start" else ends
        if not wanted:
            raise ValueError
        return Operand((wanted,))

    def admit(self, matcher: str, text: str, request: HttpRequest, credential: Credential) -> None:
        """Counted like look-ups: what a search finds or not tells as much. Whoever is shown codes learns
        nothing by guessing them."""
        tried = _tried(matcher, text, credential)
        if tried:
            admit(Asker.of(request, credential), codes=tried)

    def note(
        self, matcher: str, text: str, request: HttpRequest, credential: Credential, *, found: bool
    ) -> None:
        missing = _tried(matcher, text, credential)
        if missing and matcher == "in":
            # One that exists would hide all the others, and so would rows that are found otherwise.
            missing -= _existing(text, credential.caller)
        elif found:
            missing = 0
        if missing:
            count_failure(Asker.of(request, credential), codes=missing)

    def build(self, matcher: str, parameters: Sequence[BindParameter], form: Any, *, prefix: str) -> Q:
        columns = zip(COLUMNS[matcher], parameters, strict=True)
        return reduce(or_, (Q(**{f"{prefix}{column}__among": those}) for column, those in columns))


def _tried(matcher: str, text: str, credential: Credential) -> int:
    """How many codes are guessed at: whole ones of any length, since those that were imported may be short,
    and first eight characters. The last four are shown to everybody."""
    if matcher == "end" or Scope.REVEAL_CODES in credential.scopes:
        return 0
    if matcher == "cont":
        return int(len(text) >= codes.MIN_LENGTH)
    return len(_apart(text)) if matcher == "in" else 1


def _apart(text: str) -> set[tuple[bytes, ...]]:
    """The digests of each of several codes."""
    return {tuple(codes.digests(each)) for each in text.split(",")}


def _existing(text: str, caller: Caller) -> int:
    digests = [digest for each in _apart(text) for digest in each]
    return GiftCard.objects.visible_to(caller).filter(code_digest__in=digests).count()
