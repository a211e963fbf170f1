"""Documents: the envelope around resources, its links, and the bytes of the answer.

Links are absolute and begin with the scheme and host of the request itself, never with a configured one
(contract §1); Django honours the proxy's forwarded ones where the settings say so.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse

from api.errors import Rejection
from api.negotiation import MEDIA_TYPE
from api.query_strings import encoded

API_ROOT: Final = "/api"
ROOT: Final = "giftcards.root"
"""In `request.META`, once it is known: what links begin with."""
JSON_API: Final = {"version": "1.1"}


def root_of(request: HttpRequest) -> str:
    """`https://host/api`; of one request it is asked for several times."""
    root: str | None = request.META.get(ROOT)
    if root is None:
        root = request.META[ROOT] = f"{request.scheme}://{request.get_host()}{API_ROOT}"
    return root


def link_to(request: HttpRequest, changes: Mapping[str, object] | None = None) -> str:
    """The request's own address, every parameter kept, changed or (None) left out, with brackets encoded as
    in any URI."""
    address = root_of(request).removesuffix(API_ROOT) + request.path
    parameters = encoded(request, without=frozenset(changes or ()))
    added = urlencode([(key, value) for key, value in (changes or {}).items() if value is not None])
    parameters = f"{parameters}&{added}" if parameters and added else parameters or added
    return f"{address}?{parameters}" if parameters else address


def document(
    request: HttpRequest,
    data: Any,
    *,
    included: list[dict[str, Any]] | None = None,
    meta: Mapping[str, Any] | None = None,
    links: Mapping[str, str | None] | None = None,
) -> dict[str, Any]:
    """A top-level document; `included` is there, if only empty, exactly when the client asked for it."""
    members: dict[str, Any] = {
        "jsonapi": JSON_API,
        "links": {"self": link_to(request), **(links or {})},
        "data": data,
    }
    if included is not None:
        members["included"] = included
    if meta is not None:
        members["meta"] = meta
    return members


def answer(document: Mapping[str, Any], *, status: int = 200, profiles: Sequence[str] = ()) -> HttpResponse:
    """`profiles` are those that the document follows; it says so, and so does its media type."""
    content_type = MEDIA_TYPE
    if profiles:
        document = {**document, "jsonapi": {**JSON_API, "profile": list(profiles)}}
        content_type = f'{MEDIA_TYPE};profile="{" ".join(profiles)}"'
    return HttpResponse(orjson.dumps(document), content_type=content_type, status=status)


def answer_errors(rejection: Rejection, *, profiles: Sequence[str] = ()) -> HttpResponse:
    errors = [error.as_json() for error in rejection.errors]
    document = {"jsonapi": JSON_API, "errors": errors}
    response = answer(document, status=rejection.status, profiles=profiles)
    for header, value in rejection.headers.items():
        response[header] = value
    return response


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """Of what may hold a number past 64 bits, which was written into metadata by other ways than a wire."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
