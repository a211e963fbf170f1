"""Content negotiation as JSON:API 1.1 has it: its media type may carry `ext` and `profile`, and nothing else.

| request header | answer |
|---|---|
| Content-Type: the media type with a foreign parameter (charset …) or any `ext` | 415 |
| Content-Type: the media type with unknown profiles, or none where there is no body | processed |
| Content-Type: another media type on a body | 415 |
| Accept: absent, `*/*`, `application/*`, or one clean instance among others | processed |
| Accept: the media type with a profile that is spoken here | processed by it, if it is about this request |
| Accept: instances of the media type, none clean; or only other media types | 406 |
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from django.http import HttpRequest
from django.utils.http import parse_header_parameters

from api.errors import Rejection, error

MEDIA_TYPE: Final = "application/vnd.api+json"
WILDCARDS: Final = frozenset({"*/*", "application/*"})
WELL_KNOWN: Final = frozenset({None, "*/*", MEDIA_TYPE})
"""What nearly every client sends as `Accept`: any answer will do, and no profile is wished for."""
WITH_BODY: Final = frozenset({"POST", "PATCH", "PUT"})
MEDIA_RANGES: Final = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*"?)+')
SUPPORTED_EXTENSIONS: Final[frozenset[str]] = frozenset()


def negotiate(request: HttpRequest) -> None:
    """Raises Rejection (406, 415)."""
    accept, content_type = request.META.get("HTTP_ACCEPT"), request.META.get("CONTENT_TYPE")
    if accept not in WELL_KNOWN:
        _check_accept(accept or "*/*")
    if content_type != MEDIA_TYPE:
        _check_content_type(request, content_type)


def _check_content_type(request: HttpRequest, header: str | None) -> None:
    media_type, parameters = _parsed(header) if header else ("", {})
    if media_type == MEDIA_TYPE:
        if not _is_clean(parameters):
            _refuse_content_type(f"{MEDIA_TYPE} may only carry the parameter profile.")
    elif request.method in WITH_BODY or _has_body(request):
        _refuse_content_type(f"The request's body must be {MEDIA_TYPE}.")


def _check_accept(header: str) -> None:
    ranges = list(_media_ranges(header))
    instances = [parameters for media_type, parameters in ranges if media_type == MEDIA_TYPE]
    acceptable = any(_is_clean(parameters) and _is_wanted(parameters) for parameters in instances)
    if not instances:
        acceptable = any(
            media_type in WILDCARDS and _is_wanted(parameters) for media_type, parameters in ranges
        )
    if not acceptable:
        detail = f"This service answers {MEDIA_TYPE} without parameters."
        raise Rejection(error("NOT_ACCEPTABLE", detail, header="Accept"))


def profiles_wanted(header: str | None) -> frozenset[str]:
    """The profiles that the Accept header would like applied. Those not known here are passed over."""
    if header in WELL_KNOWN:
        return frozenset()
    wanted = [
        parameters["profile"].split()
        for media_type, parameters in _media_ranges(header or "")
        if media_type == MEDIA_TYPE and "profile" in parameters and _is_clean(parameters)
    ]
    return frozenset(profile for profiles in wanted for profile in profiles)


def _refuse_content_type(detail: str) -> NoReturn:
    raise Rejection(error("UNSUPPORTED_MEDIA_TYPE", detail, header="Content-Type"))


def _has_body(request: HttpRequest) -> bool:
    return (
        request.META.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in request.META
    )


def _media_ranges(header: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for part in MEDIA_RANGES.findall(header):
        if part.strip():
            yield _parsed(part)


def _parsed(media_range: str) -> tuple[str, dict[str, str]]:
    try:
        media_type, parameters = parse_header_parameters(media_range)
    except ValueError:
        return "", {}
    return media_type.strip().lower(), {name.lower(): str(value) for name, value in parameters.items()}


def _is_clean(parameters: Mapping[str, Any]) -> bool:
    """No foreign parameter, and no extension that is not spoken here; `q` is a weight, no parameter."""
    extensions = set(parameters.get("ext", "").split())
    return parameters.keys() <= {"ext", "profile", "q"} and extensions <= SUPPORTED_EXTENSIONS


def _is_wanted(parameters: Mapping[str, str]) -> bool:
    return re.fullmatch(r"0(\.0*)?", parameters.get("q", "1").strip()) is None
