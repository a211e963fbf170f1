"""Whether an answer is what JSON:API 1.1 asks of it: by the schema beside this file, and by what a schema
can't say. `violations` names everything wrong, each in one sentence."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import jsonschema_rs
from jsonschema import Draft202012Validator

MEDIA_TYPE: Final = "application/vnd.api+json"
DOCUMENTATION: Final = frozenset({"/api/openapi.json", "/api/docs"})
"""What lies under /api and tells of it, in other formats; what is refused there is JSON:API again."""
SCHEMA: Final = Path(__file__).with_name("json_api_1_1.schema.json")


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. `sent` is the request's body; `headers` are the answer's, lower-case."""

    method: str
    path: str
    parameters: frozenset[str]
    sent: bytes
    status: int
    headers: Mapping[str, str]
    content: bytes


def in_process(response: Any) -> Exchange:
    """What Django's test client did. A body that nobody read counts as none."""
    request = response.wsgi_request
    return Exchange(
        method=request.method,
        path=request.path,
        parameters=frozenset(request.GET),
        sent=getattr(request, "_body", b""),
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        content=b"" if response.streaming else response.content,
    )


def over_http(response: httpx.Response) -> Exchange:
    """What httpx did."""
    address = response.request.url
    return Exchange(
        method=response.request.method,
        path=unquote(address.path),
        parameters=frozenset(parse_qs(address.query.decode(), keep_blank_values=True)),
        sent=response.request.content,
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        content=response.content,
    )


def is_json_api(exchange: Exchange) -> bool:
    """Whatever lies under /api, and whatever says that it is."""
    if exchange.path in DOCUMENTATION and exchange.status < 400:
        return False
    under_api = exchange.path == "/api" or exchange.path.startswith("/api/")
    return under_api or exchange.headers.get("content-type", "").startswith(MEDIA_TYPE)


def check(exchange: Exchange) -> None:
    """Fails the test that sees an answer under /api which breaks the specification."""
    if is_json_api(exchange):
        found = violations(exchange)
        assert not found, f"{exchange.method} {exchange.path}: {'; '.join(found)}"


def violations(exchange: Exchange) -> list[str]:
    found = [*_of_headers(exchange)]
    if exchange.method == "HEAD":
        return found
    if exchange.status == 204:
        return found if not exchange.content else [*found, "204 has no body"]
    try:
        document = json.loads(exchange.content, object_pairs_hook=_members)
    except ValueError as error:
        return [*found, f"the body is no JSON: {error}"]
    return found + (violations_of_document(document) or [*_of_exchange(exchange, document)])


def violations_of_document(document: Any) -> list[str]:
    if not quick_validator().is_valid(document):
        errors = [f"{error.json_path}: {error.message[:300]}" for error in validator().iter_errors(document)]
        return errors or ["the two validators do not agree"]
    return [*_of_fields(document), *_of_uniqueness(document)]


@cache
def quick_validator() -> jsonschema_rs.Draft202012Validator:
    """Says whether, hundreds of times faster; the other says what."""
    return jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_text()), validate_formats=True)


@cache
def validator() -> Draft202012Validator:
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("an object has the same member twice")
    return members


def _of_headers(exchange: Exchange) -> Iterator[str]:
    """Content negotiation, as far as an answer shows it."""
    vary = {name.strip().lower() for name in exchange.headers.get("vary", "").split(",")}
    if "accept" not in vary:
        yield "Vary does not name Accept"
    message = Message()
    message["Content-Type"] = exchange.headers.get("content-type", "")
    if message.get_content_type() != MEDIA_TYPE:
        yield f"the media type is {message.get_content_type()}"
    parameters = {name.lower() for name, _ in (message.get_params() or [])[1:]}
    if parameters - {"ext", "profile"}:
        yield f"the media type has the parameters {sorted(parameters)}"


def _resources(document: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Those of the primary data, and those included."""
    data = document.get("data")
    return (data if isinstance(data, list) else [data] if data else []), document.get("included", [])


def _of_fields(document: dict[str, Any]) -> Iterator[str]:
    """Attributes and relationships share one namespace."""
    primary, included = _resources(document)
    for each in (*primary, *included):
        for name in sorted(each.get("attributes", {}).keys() & each.get("relationships", {}).keys()):
            yield f"{_identity(each)} has {name} as attribute and as relationship"


def _of_uniqueness(document: dict[str, Any]) -> Iterator[str]:
    primary, included = _resources(document)
    counts = Counter(_identity(each) for each in (*primary, *included))
    return (f"{identity} is there {count} times" for identity, count in counts.items() if count > 1)


def _of_linkage(document: dict[str, Any]) -> Iterator[str]:
    """Full linkage: something leads to every included resource."""
    primary, included = _resources(document)
    waiting = [*primary]
    unreached = {_identity(each): each for each in included}
    while waiting:
        linked = {*_linked(waiting.pop())} & unreached.keys()
        waiting += [unreached.pop(identity) for identity in linked]
    return (f"nothing leads to {identity}" for identity in unreached)


def _identity(resource: dict[str, Any]) -> tuple[str, str]:
    return resource["type"], resource["id"]


def _linked(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for relationship in resource.get("relationships", {}).values():
        linkage = relationship.get("data") or []
        for identifier in linkage if isinstance(linkage, list) else [linkage]:
            yield _identity(identifier)


def _of_exchange(exchange: Exchange, document: dict[str, Any]) -> Iterator[str]:
    if (exchange.status >= 400) is not ("errors" in document):
        yield f"{exchange.status} and errors don't go together"
    if "errors" in document:
        yield from _of_errors(exchange, document["errors"])
        return
    if "data" not in document:
        return
    if ("include" in exchange.parameters) is not ("included" in document):
        yield "included is there exactly when it is asked for"
    if not any(name.startswith("fields[") for name in exchange.parameters):
        # Sparse fields may leave out the very relationship that led there.
        yield from _of_linkage(document)
    own = document.get("links", {}).get("self", "")
    if unquote(urlsplit(own).path) != unquote(exchange.path):
        yield f"links.self is {own}"
    if exchange.status == 201 and exchange.headers.get("location") != document["data"]["links"]["self"]:
        yield "Location is not the new resource's links.self"


def _of_errors(exchange: Exchange, errors: list[dict[str, Any]]) -> Iterator[str]:
    statuses = {error["status"] for error in errors if "status" in error}
    if statuses != {str(exchange.status)} and len(statuses) == 1:
        yield f"the errors say {statuses} and the answer {exchange.status}"
    for error in errors:
        source = error.get("source", {})
        if "pointer" in source and not _resolves(source["pointer"], exchange.sent):
            yield f"the pointer {source['pointer']!r} leads nowhere in the request"
        if "parameter" in source and source["parameter"] not in exchange.parameters:
            yield f"the request has no parameter {source['parameter']!r}"


def _resolves(pointer: str, sent: bytes) -> bool:
    try:
        at = json.loads(sent)
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            at = at[int(name)] if isinstance(at, list) else at[name]
    except (ValueError, KeyError, IndexError, TypeError):
        return False
    return True
