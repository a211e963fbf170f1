"""What the documentation page shows: of each resource its routes, and its attributes and relationships in the
manner of a reference table. Made of the same things as the document."""

from collections.abc import Iterator
from typing import Any, Final

from api.declaration import Declaration, declaration_of
from api.openapi.annotations import Schema
from api.openapi.values import accepted, shown
from api.routers import Route

USES: Final = ("create", "update", "read", "filter", "sort")


def sections_of(routes: list[Route], document: Schema) -> list[dict[str, Any]]:
    actions: dict[Declaration, set[str]] = {}
    for route in routes:
        of_type = actions.setdefault(declaration_of(route.viewset.serializer_class), set())
        of_type.update(route.actions.values())
    return [
        {
            "type": declaration.type,
            "about": declaration.about,
            "routes": list(_routes(declaration, document)),
            "attributes": [_attribute(declaration, name, does) for name in declaration.fields],
            "relationships": [_relationship(declaration, name, does) for name in declaration.relationships],
        }
        for declaration, does in actions.items()
    ]


def _routes(declaration: Declaration, document: Schema) -> Iterator[dict[str, str]]:
    server = document["servers"][0]["url"]
    for address, operations in document["paths"].items():
        for method, operation in operations.items():
            if method != "parameters" and operation["tags"] == [declaration.type]:
                yield {
                    "method": method.upper(),
                    "address": server + address,
                    "summary": operation["summary"],
                    "about": operation["description"],
                }


def _attribute(declaration: Declaration, name: str, actions: set[str]) -> dict[str, Any]:
    field = declaration.fields[name]
    readable = name in declaration.readable
    lists = "list" in actions
    uses = {
        "create": _created(declaration, name, actions, required=field.required),
        "update": _mark(declaration.writable(name, creating=False) and "update" in actions),
        "read": _mark(readable),
        "filter": _mark(name in declaration.filterable and lists),
        "sort": _mark(name in declaration.sortable and lists),
    }
    schema = shown(declaration, name) if readable else accepted(field)
    about = str(field.help_text or "")
    return {"name": name, "kind": _words(schema), "uses": [uses[use] for use in USES], "about": about}


def _relationship(declaration: Declaration, name: str, actions: set[str]) -> dict[str, Any]:
    each = declaration.relationships[name]
    return {
        "name": name,
        "target": each.target.type,
        "many": each.many,
        "create": _created(declaration, name, actions, required=each.required),
        "update": _mark(declaration.writable(name, creating=False) and "update" in actions),
        "include": _mark(each.includable),
    }


def _created(declaration: Declaration, name: str, actions: set[str], *, required: bool) -> str:
    if "create" not in actions or not declaration.writable(name, creating=True):
        return ""
    return "required" if required else "yes"


def _mark(holds: bool) -> str:  # noqa: FBT001 (the mark of a truth)
    return "yes" if holds else ""


def _words(schema: Schema) -> str:
    """A schema in a few words. What stands beside another type as a string is the command line's spelling."""
    if "anyOf" in schema:
        return _words(schema["anyOf"][0])
    if "enum" in schema:
        values = [value for value in schema["enum"] if isinstance(value, str) and "type" in schema]
        return " | ".join(values) or "boolean"
    types = schema.get("type", "any")
    kind = " or ".join(types) if isinstance(types, list) else str(types)
    return kind.replace("string", schema.get("format", "string"))
