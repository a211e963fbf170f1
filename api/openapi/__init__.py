"""The OpenAPI 3.1 document, made of what serves: the router's routes and the serializers' declarations.

    openapi_document(router.routes, About(title="Books", version="1", ...))

Nothing is written down twice: a route, an attribute or a filter that is added is in the document, and one
that nobody can describe stops the making of it. The order is that of the routes and declarations.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.declaration import Declaration, declaration_of
from api.documents import API_ROOT
from api.openapi import answers, queries, resources
from api.openapi.annotations import Schema
from api.openapi.operations import paths_of
from api.routers import Route

VERSION: Final = "3.1.0"


@dataclass(frozen=True, slots=True)
class About:
    """What the routes don't say. `scopes` are those of access tokens, each with what it is for."""

    title: str
    version: str
    description: str
    token_address: str
    scopes: Mapping[str, str] = field(default_factory=dict)


def openapi_document(routes: list[Route], about: About) -> dict[str, Any]:
    paths = paths_of(routes)
    components = {
        "schemas": _schemas(routes),
        "parameters": _parameters(routes),
        "responses": answers.problems(),
        "headers": dict(answers.HEADERS),
    }
    return {
        "openapi": VERSION,
        "info": {"title": about.title, "version": about.version, "description": about.description},
        "servers": [{"url": API_ROOT}],
        "tags": list(_tags(routes)),
        "paths": paths,
        "components": {**_used(components, paths), "securitySchemes": _security_schemes(about)},
        "security": [{"access_token": []}],
    }


def _used(components: Schema, paths: Schema) -> Schema:
    """Those that a path leads to."""
    found: set[str] = set()
    waiting: list[Any] = [paths]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            address = each.get("$ref")
            if isinstance(address, str) and address not in found:
                found.add(address)
                kind, name = address.split("/")[-2:]
                waiting.append(components[kind][name])
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return {
        kind: {name: each for name, each in named.items() if f"#/components/{kind}/{name}" in found}
        for kind, named in components.items()
    }


def _tags(routes: list[Route]) -> Iterable[Schema]:
    for declaration in _declarations(routes):
        yield {"name": declaration.type} | ({"description": declaration.about} if declaration.about else {})


def _declarations(routes: list[Route]) -> list[Declaration]:
    """Of every routed type, each once."""
    return list(dict.fromkeys(declaration_of(route.viewset.serializer_class) for route in routes))


def _reachable(routes: list[Route]) -> list[Declaration]:
    """And of those that relationships lead to."""
    found = (each for one in _declarations(routes) for each in one.family.values())
    return list(dict.fromkeys(found))


def _schemas(routes: list[Route]) -> dict[str, Schema]:
    without_address = {
        declaration_of(route.viewset.serializer_class) for route in routes if not route.has_addresses
    }
    schemas = {"error": answers.ERROR, "errors": answers.ERRORS}
    for declaration in _reachable(routes):
        has_address = declaration not in without_address
        schemas |= dict(resources.schemas_of(declaration, has_address=has_address))
    for route in routes:
        declaration = declaration_of(route.viewset.serializer_class)
        for action in ("create", "update"):
            if action in route.actions.values():
                name, schema = resources.request_schemas_of(declaration, creating=action == "create")
                schemas[name] = schema
    return schemas


def _parameters(routes: list[Route]) -> dict[str, Schema]:
    parameters = dict(queries.SHARED)
    for declaration in _reachable(routes):
        parameters |= dict(queries.parameters_of(declaration))
    return parameters


def _security_schemes(about: About) -> Schema:
    return {
        "access_token": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, or a token that was got for one by client credentials.",
        },
        "client_credentials": {
            "type": "oauth2",
            "description": "`client_id` is the API key's public id, `client_secret` the key itself.",
            "flows": {"clientCredentials": {"tokenUrl": about.token_address, "scopes": dict(about.scopes)}},
        },
    }
