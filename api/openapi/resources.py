"""The component schemas of one resource type: how it is read, and what requests to write it hold.

An answer's schema leaves room for attributes that come later, as JSON:API asks of its readers; a request's
has none, because the service refuses what it does not know.
"""

from collections.abc import Iterator
from typing import Any, Final

from api.declaration import Declaration, Relationship
from api.openapi.annotations import Schema, nullable
from api.openapi.values import UUID, accepted, shown

CLEARED: Final[Schema] = {"enum": [None, []], "description": "Empties the relationship of this name."}
ADDRESS: Final[Schema] = {"type": "string", "format": "uri"}
NULLABLE_ADDRESS: Final = nullable(ADDRESS)
RESOURCE_META: Final[Schema] = {
    "type": "object",
    "properties": {
        "mode": {"type": "string", "enum": ["test", "live"]},
        "organization_id": UUID,
        "page": {
            "type": "object",
            "description": "Where it stands in a list that is read by cursors.",
            "properties": {"cursor": {"type": "string"}},
        },
    },
    "required": ["mode", "organization_id"],
}
JSON_API: Final[Schema] = {
    "type": "object",
    "properties": {
        "version": {"const": "1.1"},
        "profile": {"type": "array", "items": ADDRESS},
    },
    "required": ["version"],
}
LIST_META: Final[Schema] = {
    "type": "object",
    "description": "The counts are there when a list is read by page numbers, and not by cursors.",
    "properties": {
        "record_count": {"type": "integer", "minimum": 0},
        "page_count": {"type": "integer", "minimum": 1},
        "record_count_is_exact": {
            "const": False,
            "description": "There are at least so many records and pages, and more perhaps.",
        },
        "page": {"type": "object", "properties": {"rangeTruncated": {"const": True}}},
    },
}


def ref(kind: str, name: str) -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}


def schema_ref(declaration: Declaration, suffix: str = "") -> Schema:
    return ref("schemas", name_of(declaration, suffix))


def name_of(declaration: Declaration, suffix: str = "") -> str:
    return f"{declaration.type}_{suffix}" if suffix else declaration.type


# Reading.


def schemas_of(declaration: Declaration, *, has_address: bool) -> Iterator[tuple[str, Schema]]:
    """By name. `has_address`: it can be read again at an address of its own."""
    yield name_of(declaration), _resource(declaration, has_address=has_address)
    yield name_of(declaration, "attributes"), _attributes(declaration)
    if declaration.relationships:
        yield name_of(declaration, "relationships"), _relationships(declaration, has_address=has_address)
    yield name_of(declaration, "identifier"), _identifier(declaration)
    yield name_of(declaration, "document"), document(schema_ref(declaration), declaration)
    yield name_of(declaration, "list"), _list(schema_ref(declaration), declaration)
    yield name_of(declaration, "or_null_document"), document(nullable(schema_ref(declaration)), declaration)
    linkage = schema_ref(declaration, "identifier")
    yield name_of(declaration, "linkage"), document(nullable(linkage))
    yield name_of(declaration, "linkage_list"), _list(linkage)


def _resource(declaration: Declaration, *, has_address: bool) -> Schema:
    members: Schema = {
        "type": {"const": declaration.type},
        "id": UUID,
        "attributes": schema_ref(declaration, "attributes"),
        "meta": RESOURCE_META,
    }
    if declaration.relationships:
        members["relationships"] = schema_ref(declaration, "relationships")
    if has_address:
        members["links"] = _object({"self": ADDRESS}, every=True)
    about = {"description": declaration.about} if declaration.about else {}
    return _object(members, every=True) | about


def _attributes(declaration: Declaration) -> Schema:
    properties = {
        name: _described(shown(declaration, name), field) for name, field in declaration.readable.items()
    }
    whole = "All of them, unless the request chooses some by `fields`."
    return {"type": "object", "description": whole, "properties": properties}


def _described(schema: Schema, field: Any) -> Schema:
    return schema | ({"description": str(field.help_text)} if field.help_text else {})


def _relationships(declaration: Declaration, *, has_address: bool) -> Schema:
    links = _object(
        {"self": ADDRESS, "related": ADDRESS} if has_address else {"related": ADDRESS}, every=True
    )
    properties = {
        name: {
            "type": "object",
            "properties": {"links": links, "data": _shown_linkage(each)},
            "required": ["links"],
        }
        for name, each in declaration.relationships.items()
    }
    told = "Each has `data` when it is included, or chosen by `fields`."
    return {"type": "object", "description": told, "properties": properties}


def _shown_linkage(relationship: Relationship) -> Schema:
    identifier = schema_ref(relationship.target, "identifier")
    return {"type": "array", "items": identifier} if relationship.many else nullable(identifier)


def _identifier(declaration: Declaration) -> Schema:
    return _object({"type": {"const": declaration.type}, "id": UUID}, every=True)


def document(data: Schema, declaration: Declaration | None = None) -> Schema:
    """A top-level document; with a declaration, what is included with resources of its type."""
    links = {"type": "object", "properties": {"self": ADDRESS, "related": ADDRESS}, "required": ["self"]}
    members = {"jsonapi": JSON_API, "links": links, "data": data}
    included = _included(declaration) if declaration else None
    return _object(members, every=True, more={"included": included} if included else {})


def _list(item: Schema, declaration: Declaration | None = None) -> Schema:
    links = {
        "type": "object",
        "properties": {
            "self": ADDRESS,
            "related": ADDRESS,
            "first": ADDRESS,
            "last": NULLABLE_ADDRESS,
            "prev": NULLABLE_ADDRESS,
            "next": NULLABLE_ADDRESS,
        },
        "required": ["self"],
    }
    schema = document({"type": "array", "items": item}, declaration)
    return schema | {"properties": schema["properties"] | {"links": links, "meta": LIST_META}}


def _included(declaration: Declaration) -> Schema | None:
    types: dict[str, Declaration] = {}
    waiting = [declaration]
    while waiting:
        for each in waiting.pop().relationships.values():
            if each.includable and each.target.type not in types:
                types[each.target.type] = each.target
                waiting.append(each.target)
    if not types:
        return None
    items = {"anyOf": [schema_ref(types[name]) for name in sorted(types)]}
    about = "There when `include` is asked for, each resource once."
    return {"type": "array", "description": about, "items": items}


# Writing.


def request_schemas_of(declaration: Declaration, *, creating: bool) -> tuple[str, Schema]:
    """What a POST or PATCH of the resource holds. Members that are not the resource's are passed over."""
    members: Schema = {"type": {"const": declaration.type}}
    required = ["type"]
    if not creating:
        members["id"] = UUID | {"description": "The id in the address."}
        required.append("id")
    for member, make in (("attributes", _written_attributes), ("relationships", _written_relationships)):
        members[member] = make(declaration, creating=creating)
        if members[member].get("required"):
            required.append(member)
    data: Schema = {"type": "object", "properties": members, "required": required}
    if creating:
        data["not"] = {"required": ["id"]}
        data["description"] = "Without an `id`: the service gives it."
    suffix = "create" if creating else "update"
    return name_of(declaration, suffix), _object({"data": data}, every=True)


def _written_attributes(declaration: Declaration, *, creating: bool) -> Schema:
    fields = {
        name: field
        for name, field in declaration.fields.items()
        if declaration.writable(name, creating=creating)
    }
    properties = {name: _described(accepted(field), field) for name, field in fields.items()}
    for name, each in declaration.relationships.items():
        if declaration.writable(name, creating=creating) and (each.many or each.nullable):
            properties[name] = CLEARED
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [name for name, field in fields.items() if field.required] if creating else []
    return schema | ({"required": required} if required else {})


def _written_relationships(declaration: Declaration, *, creating: bool) -> Schema:
    """A relationship object without `data` is passed over, whatever its name: clients send back what they
    read."""
    properties, required = {}, []
    for name, each in declaration.relationships.items():
        if declaration.writable(name, creating=creating):
            needed = creating and each.required
            required += [name] * needed
            properties[name] = _object({"data": written_linkage(each)}, every=needed)
    ignored = {"type": "object", "not": {"required": ["data"]}}
    schema = {"type": "object", "properties": properties, "additionalProperties": ignored}
    return schema | ({"required": required} if required else {})


def written_linkage(relationship: Relationship) -> Schema:
    identifier = schema_ref(relationship.target, "identifier")
    if relationship.many:
        return {"type": "array", "items": identifier}
    return nullable(identifier) if relationship.nullable else identifier


def linkage_request(relationship: Relationship, *, removing: bool) -> Schema:
    """`removing`: an id that nothing has is no mistake there."""
    linkage = written_linkage(relationship)
    if removing:
        anyone = _object({"type": {"const": relationship.target.type}, "id": {"type": "string"}}, every=True)
        linkage = {"type": "array", "items": anyone}
    return _object({"data": linkage}, every=True)


def _object(members: Schema, *, every: bool, more: Schema | None = None) -> Schema:
    """An object with these members, `every` one of them always there, and those that may be `more`."""
    schema: Schema = {"type": "object", "properties": members | (more or {})}
    return schema | ({"required": list(members)} if every else {})
