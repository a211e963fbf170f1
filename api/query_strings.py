"""Query strings as clients send them again and again, about other things: what they say is read once."""

from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

LONGEST_KEPT: Final = 2048


def query_string(request: HttpRequest) -> str:
    return str(request.META.get("QUERY_STRING", ""))


def is_worth_keeping(text: str) -> bool:
    """Filters are not: they differ each time, and may hold a code, which stays in no memory."""
    return len(text) <= LONGEST_KEPT and "filter" not in text


def parameters_of(request: HttpRequest) -> QueryDict:
    text = query_string(request)
    return _parameters(text) if is_worth_keeping(text) else request.GET


def encoded(request: HttpRequest, *, without: frozenset[str] = frozenset()) -> str:
    """The same parameters, but for these, with their brackets encoded, as in any URI."""
    text = query_string(request)
    return _encoded(text, without) if is_worth_keeping(text) else _written(request.GET, without)


@lru_cache(maxsize=512)
def _parameters(text: str) -> QueryDict:
    return QueryDict(text.encode("iso-8859-1"))


@lru_cache(maxsize=512)
def _encoded(text: str, without: frozenset[str]) -> str:
    return _written(_parameters(text), without)


def _written(parameters: QueryDict, without: frozenset[str]) -> str:
    kept = (each for each in parameters.lists() if each[0] not in without)
    return urlencode([(key, value) for key, values in kept for value in values])
