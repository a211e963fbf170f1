"""Whether an answer is one that the OpenAPI document tells of: its status is among those of the operation,
and its body what the schema says, without an attribute or relationship that the schema does not know."""

from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

import jsonschema_rs
import orjson
from django.conf import settings
from django.urls import Resolver404, ResolverMatch, resolve

from api.openapi import About, openapi_document

NOTHING_TO_SAY = About(title="Tests", version="1", description="", token_address="/oauth/token")


@dataclass(frozen=True)
class Description:
    document: dict[str, Any]
    validators: dict[str, jsonschema_rs.Draft202012Validator] = field(default_factory=dict)

    def operation(self, method: str, match: ResolverMatch) -> dict[str, Any] | None:
        """None for what the document leaves out: unrouted methods, relationships that nothing declares."""
        address = match.route.removeprefix("api/").replace("<str:pk>", "{id}")
        address = "/" + address.replace("<str:relationship>", match.kwargs.get("relationship", ""))
        operation: dict[str, Any] | None = self.document["paths"].get(address, {}).get(method.lower())
        return operation

    def validator(self, schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
        name = orjson.dumps(schema).decode()
        if name not in self.validators:
            whole = {**schema, "components": self.document["components"]}
            self.validators[name] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self.validators[name]


@cache
def description_of(urlconf: str) -> Description:
    """Closed: an attribute that an answer has and the document has not is a mistake here."""
    document = openapi_document(import_module(urlconf).router.routes, NOTHING_TO_SAY)
    for name, schema in document["components"]["schemas"].items():
        if name.endswith(("_attributes", "_relationships")):
            schema["additionalProperties"] = False
    return Description(document)


def check(response: Any) -> None:
    """Fails the test that sees an answer, of Django's test client, which the document does not tell of."""
    method, path = response.wsgi_request.method, response.wsgi_request.path_info
    urlconf = settings.ROOT_URLCONF
    try:
        match = resolve(path, urlconf=urlconf)
    except Resolver404:
        return
    if not hasattr(match.func, "cls") or not hasattr(import_module(urlconf), "router"):
        return
    description = description_of(urlconf)
    operation = description.operation(method, match)
    if operation is None:
        return
    found = violations(description, operation, response)
    assert not found, f"{method} {path}: {'; '.join(found)}"


def violations(description: Description, operation: dict[str, Any], response: Any) -> list[str]:
    answer = operation["responses"].get(str(response.status_code))
    if answer is None:
        return [f"the document does not tell of {response.status_code}"]
    if "$ref" in answer:
        answer = description.document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    if "content" not in answer:
        return []
    (content,) = answer["content"].values()
    errors = description.validator(content["schema"]).iter_errors(orjson.loads(response.content))
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}" for error in errors]
