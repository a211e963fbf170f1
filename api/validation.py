"""Values for an operation: a request's attributes and relationships, as the serializer declares them.

Everything wrong with the attributes is reported at once, one error each: names that may not be set (400)
before values that may not be had (422). Relationships are looked up within the caller's reach last, so a
request that is refused anyway costs no query.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from rest_framework.exceptions import ValidationError

from api.columns import Columns, columns_named
from api.declaration import AnyField, Declaration, Relationship
from api.errors import ErrorObject, Rejection, brief, error, pointer, validation_error
from api.fields import SENTENCES, InvalidValue, uuid_or_none
from api.parsers import Identifier, Linkage, ResourceBody
from api.selecting import Selection
from kernel.caller import Caller
from kernel.refusals import Invalid, NotFound


def attribute_values(declaration: Declaration, body: ResourceBody, *, creating: bool) -> dict[str, Any]:
    """The checked attributes by name; raises Rejection with every problem found."""
    forbidden = list(_not_allowed(declaration, body, creating=creating))
    if forbidden:
        raise Rejection(*forbidden)
    values: dict[str, Any] = {}
    problems: list[ErrorObject] = []
    for name, value in body.attributes.items():
        if name in declaration.relationships:
            continue
        refusal = _read(name, value, declaration.fields[name], values)
        if refusal:
            problems.append(_problem(declaration, body, refusal))
    if creating:
        problems += [_problem(declaration, body, refusal) for refusal in _missing(declaration, body)]
    if problems:
        raise Rejection(*problems)
    return values


def relationship_values(declaration: Declaration, body: ResourceBody, caller: Caller) -> dict[str, Any]:
    """The named resources themselves, by relationship: an instance or None, or a list."""
    values = {}
    for name, relationship in declaration.relationships.items():
        if name in body.attributes:
            nothing: Linkage = () if relationship.many else None
            values[name] = related(relationship, nothing, caller, pointer("data", "attributes", name))
        if name in body.relationships:
            at = pointer("data", "relationships", name, "data")
            values[name] = related(relationship, body.relationships[name], caller, at)
    return values


def related(
    relationship: Relationship, linkage: Linkage, caller: Caller, at: str, *, must_exist: bool = True
) -> Any:
    """What a linkage names; a resource of another mode or market is as absent as one that never was.

    With `must_exist` what is absent is refused, without it is left out.
    """
    if relationship.many != isinstance(linkage, tuple):
        expected = "a list" if relationship.many else "null or one resource identifier"
        raise Rejection(error("INVALID_RESOURCE", f"{relationship.name} must be {expected}.", pointer=at))
    if isinstance(linkage, tuple):
        places = {f"{at}/{index}": each for index, each in enumerate(linkage)}
        return _find(relationship, places, caller, must_exist=must_exist)
    if linkage is not None:
        return _find(relationship, {at: linkage}, caller)[0]
    if not relationship.nullable:
        refusal = Invalid(relationship.name, "required", SENTENCES["required"])
        raise Rejection(
            validation_error(
                refusal, about=relationship.name, value=None, pointer=at.removesuffix("/data") or at
            )
        )
    return None


def place_of(declaration: Declaration, body: ResourceBody | None, name: str) -> str | None:
    """A pointer that resolves: to the attribute or relationship if it was sent, else to the primary data. Of
    `lines/0/quantity`, to the quantity, or else to the nearest that holds where it is missing."""
    if body is None:
        return None
    attribute, *inside = name.split("/")
    if attribute in body.attributes:
        return pointer("data", "attributes", attribute, *_sent(body.attributes[attribute], inside))
    if name in body.relationships:
        return pointer("data", "relationships", name)
    return "/data"


def _sent(value: Any, steps: Sequence[str]) -> Iterator[str]:
    """As many of the steps as lead to something in the value."""
    for step in steps:
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, ValueError, TypeError):
            return
        yield step


def _not_allowed(declaration: Declaration, body: ResourceBody, *, creating: bool) -> Iterator[ErrorObject]:
    """A misspelt attribute must not look like a success, so each name that may not be set is refused."""
    for name, value in body.attributes.items():
        is_misplaced = name in declaration.relationships and value not in (None, [])
        if is_misplaced or not declaration.writable(name, creating=creating):
            yield _param_not_allowed("attributes", name)
    for name in body.relationships:
        if name not in declaration.relationships or not declaration.writable(name, creating=creating):
            yield _param_not_allowed("relationships", name)


def _param_not_allowed(member: str, name: str) -> ErrorObject:
    at = pointer("data", member, name)
    return error("PARAM_NOT_ALLOWED", f"{brief(name)} is not allowed.", pointer=at)


def _read(name: str, value: Any, field: AnyField, values: dict[str, Any]) -> Invalid | None:
    try:
        values[name] = field.run_validation(value)
    except InvalidValue as invalid:
        about = "/".join(map(str, (name, *invalid.at)))
        told = invalid.value if invalid.at else value
        return Invalid(about, invalid.symbol, invalid.message, value=told, count=invalid.count)
    except ValidationError:
        return Invalid(name, "invalid", SENTENCES["invalid"], value=value)
    return None


def _missing(declaration: Declaration, body: ResourceBody) -> Iterator[Invalid]:
    """What POST must have and has not: an attribute "can't be blank", a relationship "must exist"."""
    for name, symbol in _required(declaration).items():
        if name not in body.attributes and (symbol == "blank" or name not in body.relationships):
            yield Invalid(name, symbol, SENTENCES[symbol])


@cache
def _required(declaration: Declaration) -> Mapping[str, str]:
    """By name, what is said where it is missing."""
    attributes = {
        name: "blank"
        for name, field in declaration.fields.items()
        if field.required and declaration.writable(name, creating=True)
    }
    relationships = declaration.relationships.items()
    return attributes | {name: "required" for name, each in relationships if each.required}


def _problem(declaration: Declaration, body: ResourceBody, refusal: Invalid) -> ErrorObject:
    value = None if refusal.about in declaration.sensitive else refusal.value
    at = place_of(declaration, body, refusal.about)
    return validation_error(refusal, about=refusal.about, value=value, pointer=at)


def _find(
    relationship: Relationship,
    identifiers: Mapping[str, Identifier],
    caller: Caller,
    *,
    must_exist: bool = True,
) -> list[Any]:
    """The named resources, each once and all by one query; `identifiers` by their place in the request."""
    target = relationship.target
    for at, each in identifiers.items():
        if each.type != target.type:
            detail = f"{relationship.name} must be of the type {target.type}."
            raise Rejection(error("TYPE_MISMATCH", detail, pointer=f"{at}/type"))
    keys = {at: uuid_or_none(each.id) for at, each in identifiers.items()}
    found = _rows(target, tuple({key for key in keys.values() if key is not None}), caller)
    missing = [at for at, key in keys.items() if must_exist and key not in found]
    if missing:
        raise Rejection(
            *(
                error(
                    "RECORD_NOT_FOUND",
                    str(NotFound(target.type, identifiers[at].id)),
                    pointer=at,
                )
                for at in missing
            )
        )
    return list(found.values())


def _rows(target: Declaration, keys: tuple[UUID, ...], caller: Caller) -> dict[UUID, Any]:
    """By a statement that is compiled once: the ORM would take longer over it than PostgreSQL."""
    columns, names = _whole_row(target)
    found = Selection(target, "pk", keys).fetch(columns, caller)
    rows = (target.model.from_db(DEFAULT_DB_ALIAS, names, row) for row in found)
    return {row.pk: row for row in rows}


@cache
def _whole_row(target: Declaration) -> tuple[Columns, Sequence[str]]:
    fields = target.model._meta.concrete_fields
    columns = columns_named(*("pk" if field.primary_key else field.attname for field in fields))
    return columns, [field.attname for field in fields]
