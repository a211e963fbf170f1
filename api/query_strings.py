"""Query strings as clients send them again and again, about other things: what they say is read once."""

from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

LONGEST_KEPT: Final = 2048
PARTS: Final = "giftcards.query_string_parts"
"""In `request.META`, once they are known: the parameters of one that is not kept for others."""

Part: TypeAlias = tuple[str, str]
"""A parameter's name, and how it is written."""


def query_string(request: HttpRequest) -> str:
    return str(request.META.get("QUERY_STRING", ""))


def is_worth_keeping(text: str) -> bool:
    """Filters are not: they differ each time, and may hold a code, which stays in no memory. Nobody encodes
    letters (%6…, %7…), unless he wants to hide that they are a filter's."""
    return len(text) <= LONGEST_KEPT and "filter" not in text and "%6" not in text and "%7" not in text


def parameters_of(request: HttpRequest) -> QueryDict:
    text = query_string(request)
    return _parameters(text) if is_worth_keeping(text) else request.GET


def encoded(request: HttpRequest, *, without: frozenset[str] = frozenset()) -> str:
    """The same parameters, but for these, with their brackets encoded, as in any URI."""
    text = query_string(request)
    if is_worth_keeping(text):
        return _encoded(text, without)
    if PARTS not in request.META:
        request.META[PARTS] = _parts(text)
    return _written(request.META[PARTS], without)


@lru_cache(maxsize=512)
def _parameters(text: str) -> QueryDict:
    return QueryDict(text.encode("iso-8859-1"))


@lru_cache(maxsize=512)
def _encoded(text: str, without: frozenset[str]) -> str:
    return _written(_parts(text), without)


def _written(parts: list[Part], without: frozenset[str]) -> str:
    return "&".join(written for key, written in parts if key not in without)


def _parts(text: str) -> list[Part]:
    return [_known_part(each) if is_worth_keeping(each) else _part(each) for each in text.split("&") if each]


@lru_cache(maxsize=1024)
def _known_part(text: str) -> Part:
    return _part(text)


def _part(text: str) -> Part:
    ((key, value),) = QueryDict(text.encode("iso-8859-1")).items()
    return key, urlencode({key: value})
