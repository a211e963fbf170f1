"""The answers of the routes: which statuses each kind of route can give, and what they carry."""

from collections.abc import Iterable, Mapping
from typing import Final

from api.errors import STATUS_AND_TITLE
from api.idempotency import REPLAYED
from api.negotiation import MEDIA_TYPE
from api.openapi.annotations import Schema
from api.openapi.resources import JSON_API, ref
from api.rate_limits import HEADERS as LIMITS

ALWAYS: Final = (400, 401, 403, 406, 415, 429, 500, 503)
"""A body where none is expected is 415, too."""
ONE: Final = (404,)
WRITE: Final = (404, 409, 413, 422)
DELETE: Final = (404, 409, 423)

WORDS: Final[Mapping[int, str]] = {
    400: "The request can't be understood: its query, its document, or an attribute that it may not set.",
    401: "The access token is missing, malformed, unknown, expired or revoked.",
    403: "The access token may not do this, or the request names an id that is the service's to give.",
    404: "There is no such resource within the reach of the access token.",
    406: "`Accept` asks for something else than JSON:API without extensions.",
    409: "It contradicts the address, what another request has just done, or what was sent with the same "
    "`Idempotency-Key`.",
    413: "The body is too large.",
    415: "`Content-Type` is something else than JSON:API without extensions.",
    422: "The values are refused, each with the attribute or relationship that it is about; nothing changed.",
    423: "Others depend on the resource, so it can't be deleted.",
    429: "Too many requests.",
    500: "Something went wrong on the service's side.",
    503: "The service is too busy, or has lost its database. If it says when to try again, nothing changed.",
}
HEADERS: Final[Mapping[str, Schema]] = {
    "Location": {
        "description": "Where the new resource is read.",
        "schema": {"type": "string", "format": "uri"},
        "required": True,
    },
    REPLAYED: {
        "description": "There when the answer is that of an earlier request with the same key.",
        "schema": {"const": "true"},
    },
    "Retry-After": {
        "description": "Seconds after which it is worth while to try again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string"}},
    **{
        name: {"description": f"{about} Not there where nothing is limited.", "schema": {"type": "integer"}}
        for name, about in zip(
            LIMITS,
            (
                "How many requests may be made in an interval.",
                "The interval's seconds.",
                "How many of them are left, at least.",
            ),
            strict=True,
        )
    },
}
HEADERS_OF: Final[Mapping[int, tuple[str, ...]]] = {
    401: ("WWW-Authenticate",),
    409: ("Retry-After",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
ERROR: Final[Schema] = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "description": "Of a refused value, the sentence to show."},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": sorted(STATUS_AND_TITLE)},
        "status": {"type": "string", "pattern": "^[45][0-9]{2}$"},
        "source": {
            "type": "object",
            "description": "What of the request it is about.",
            "properties": {
                "pointer": {"type": "string"},
                "parameter": {"type": "string"},
                "header": {"type": "string"},
            },
        },
        "meta": {
            "type": "object",
            "description": "Of a refused value: the symbol of the refusal, the value and the limit.",
            "properties": {
                "error": {"type": "string"},
                "value": {},
                "count": {"type": ["integer", "number"]},
                "attribute": {"type": "string"},
                "message": {"type": "string"},
            },
        },
        "links": {"type": "object", "properties": {"type": {"type": "string", "format": "uri"}}},
    },
    "required": ["title", "detail", "code", "status"],
}
ERRORS: Final[Schema] = {
    "type": "object",
    "properties": {
        "jsonapi": JSON_API,
        "errors": {"type": "array", "minItems": 1, "items": ref("schemas", "error")},
    },
    "required": ["jsonapi", "errors"],
}


def problems() -> dict[str, Schema]:
    """The components that every route's errors are taken from."""
    return {f"problem_{status}": _problem(status) for status in WORDS}


def _problem(status: int) -> Schema:
    codes = [f"`{code}`" for code, (usual, _) in sorted(STATUS_AND_TITLE.items()) if usual == status]
    about = f"{WORDS[status]} Codes: {', '.join(codes)}."
    return answer(about, ref("schemas", "errors"), HEADERS_OF.get(status, ()))


def responses(successes: Mapping[int, Schema], problems: Iterable[int]) -> dict[str, Schema]:
    refused = {status: ref("responses", f"problem_{status}") for status in {*ALWAYS, *problems}}
    answers = {**successes, **refused}
    return {str(status): answers[status] for status in sorted(answers)}


def answer(about: str, schema: Schema | None = None, headers: Iterable[str] = ()) -> Schema:
    """Without a schema there is no content."""
    named = {name: ref("headers", name) for name in (*headers, *LIMITS)}
    content = {} if schema is None else {"content": {MEDIA_TYPE: {"schema": schema}}}
    return {"description": about, "headers": named, **content}
