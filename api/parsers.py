"""Request documents: bytes to a checked structure, before any attribute is looked at.

Whatever is not a JSON:API document is 400 (404, 403 and 409 where the specification says so), with a pointer
into the document; nothing in here knows which attributes a resource has.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn
from uuid import UUID

import orjson

from api.errors import Rejection, error, pointer
from api.fields import uuid_or_none

ONE_IDENTIFIER: Final = "must be null or a resource identifier with type and id."
MANY_IDENTIFIERS: Final = "must be a list of resource identifiers with type and id."


@dataclass(frozen=True, slots=True)
class Identifier:
    type: str
    id: str


Linkage = Identifier | tuple[Identifier, ...] | None


@dataclass(frozen=True, slots=True)
class ResourceBody:
    """The primary data of a POST or PATCH. `relationships` are those that came with `data`."""

    attributes: Mapping[str, Any]
    relationships: Mapping[str, Linkage]


def parse_json(body: bytes) -> Any:
    """JSON and nothing looser: no NaN, no half surrogate pairs, no bad UTF-8, and no key twice in one object
    (which of two amounts would count?). Raises Rejection (400)."""
    try:
        orjson.loads(body)
        return DECODER.decode(body.decode())
    except (ValueError, RecursionError) as cause:
        raise Rejection(error("BAD_REQUEST", "The request's body is not valid JSON.")) from cause


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Rejection(error("BAD_REQUEST", "The request's body has an object with the same member twice."))
    return members


DECODER: Final = json.JSONDecoder(object_pairs_hook=_object)


def read_body(document: Any, *, resource_type: str, pk: UUID | None) -> ResourceBody:
    """The resource object of a request to create (`pk` None) or update this one."""
    data = _primary_data(document)
    if not isinstance(data, dict):
        _refuse("INVALID_RESOURCE", "The primary data must be a resource object.", "/data")
    _check_type(data, resource_type)
    _check_id(data, pk)
    return ResourceBody(
        attributes=_member(data, "attributes"),
        relationships={
            name: read_linkage(relationship["data"], pointer("data", "relationships", name, "data"))
            for name, relationship in _relationships(data).items()
            if "data" in relationship
        },
    )


def read_relationship_body(document: Any) -> Linkage:
    """The linkage of a request to a relationship endpoint."""
    return read_linkage(_primary_data(document), "/data")


def read_linkage(data: Any, at: str) -> Linkage:
    if data is None:
        return None
    if isinstance(data, list):
        return tuple(_identifier(item, f"{at}/{index}", MANY_IDENTIFIERS) for index, item in enumerate(data))
    return _identifier(data, at, ONE_IDENTIFIER)


def _primary_data(document: Any) -> Any:
    if not isinstance(document, dict) or not document:
        raise Rejection(error("BAD_REQUEST", "The request's body must be a JSON:API document."))
    if "data" not in document:
        _refuse("PARAM_MISSING", "The document has no primary data.", "")
    return document["data"]


def _check_type(data: Mapping[str, Any], resource_type: str) -> None:
    if "type" not in data:
        _refuse("PARAM_MISSING", "The resource object has no type.", "/data")
    if not isinstance(data["type"], str):
        _refuse("INVALID_RESOURCE", "The resource object's type must be a string.", "/data/type")
    if data["type"] != resource_type:
        _refuse("TYPE_MISMATCH", f"This address is for resources of the type {resource_type}.", "/data/type")


def _check_id(data: Mapping[str, Any], pk: UUID | None) -> None:
    if pk is None:
        if "id" in data:
            raise Rejection(
                error("PARAM_NOT_ALLOWED", "Ids are given by the service.", status=403, pointer="/data/id")
            )
        return
    if "id" not in data:
        _refuse("PARAM_MISSING", "The resource object has no id.", "/data")
    if not isinstance(data["id"], str):
        _refuse("INVALID_RESOURCE", "The resource object's id must be a string.", "/data/id")
    if uuid_or_none(data["id"]) != pk:
        _refuse(
            "KEY_NOT_INCLUDED_IN_URL", "The resource object's id is not the id in the address.", "/data/id"
        )


def _member(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name, {})
    if not isinstance(value, dict):
        _refuse("INVALID_RESOURCE", f"{name} must be an object.", pointer("data", name))
    return value


def _relationships(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    relationships = _member(data, "relationships")
    for name, relationship in relationships.items():
        if not isinstance(relationship, dict):
            _refuse(
                "INVALID_RESOURCE",
                "A relationship must be an object.",
                pointer("data", "relationships", name),
            )
    return relationships


def _identifier(data: Any, at: str, expected: str) -> Identifier:
    if not isinstance(data, dict):
        _refuse("INVALID_RESOURCE", f"The relationship's data {expected}", at)
    for member in ("type", "id"):
        if member not in data:
            _refuse("INVALID_RESOURCE", f"A resource identifier has no {member}.", at)
        if not isinstance(data[member], str):
            _refuse(
                "INVALID_RESOURCE", f"A resource identifier's {member} must be a string.", f"{at}/{member}"
            )
    return Identifier(data["type"], data["id"])


def _refuse(code: str, detail: str, at: str) -> NoReturn:
    raise Rejection(error(code, detail, pointer=at))
