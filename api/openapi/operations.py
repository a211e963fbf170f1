"""The paths: each routed address with its methods. What the router writes once for all relationships stands
here once for each, because each leads to resources of another type."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from api.declaration import Declaration, Relationship, declaration_of
from api.dispatching import LINKAGE_WRITES, VERBS
from api.idempotency import REPLAYED
from api.negotiation import MEDIA_TYPE
from api.openapi.annotations import Schema
from api.openapi.answers import DELETE, ONE, WRITE, answer, responses
from api.openapi.queries import PAGING
from api.openapi.resources import linkage_request, ref, schema_ref
from api.routers import Route
from api.views import ResourceViewSet


@dataclass(frozen=True, slots=True)
class Place:
    """One method of one address."""

    route: Route
    action: str
    relationship: Relationship | None = None

    @property
    def viewset(self) -> type[ResourceViewSet]:
        return self.route.viewset

    @property
    def declaration(self) -> Declaration:
        return declaration_of(self.viewset.serializer_class)

    @property
    def target(self) -> Declaration:
        """What is answered."""
        return self.relationship.target if self.relationship else self.declaration

    @property
    def has_id(self) -> bool:
        return "<str:pk>" in self.route.pattern

    @property
    def creates(self) -> bool:
        """Whether what is created has an address afterwards."""
        return self.route.has_addresses

    @property
    def words(self) -> str:
        return self.declaration.type.replace("_", " ")

    @property
    def to(self) -> str:
        return self.relationship.name if self.relationship else ""


def paths_of(routes: list[Route]) -> dict[str, Schema]:
    paths: dict[str, Schema] = {}
    for route in routes:
        for address, relationship in _addresses(route):
            operations: Schema = {
                method: _operation(Place(route, action, relationship))
                for method, action in route.actions.items()
                if _is_open(route, action, relationship)
            }
            if "{id}" in address:
                operations["parameters"] = [ref("parameters", "id")]
            paths[address] = operations
    return paths


def _addresses(route: Route) -> Iterator[tuple[str, Relationship | None]]:
    address = "/" + route.pattern.replace("<str:pk>", "{id}")
    if "<str:relationship>" not in address:
        yield address, None
        return
    for name, each in declaration_of(route.viewset.serializer_class).relationships.items():
        yield address.replace("<str:relationship>", name), each


def _is_open(route: Route, action: str, relationship: Relationship | None) -> bool:
    """Writing to a relationship that is read only is routed, and answered 403 whoever asks."""
    if relationship is None or action not in LINKAGE_WRITES:
        return True
    declaration = declaration_of(route.viewset.serializer_class)
    fits = relationship.many or action == "update_relationship"
    return fits and declaration.writable(relationship.name, creating=False)


def _operation(place: Place) -> Schema:
    kind = KINDS[place.action]
    operation: Schema = {
        "tags": [place.declaration.type],
        "operationId": "_".join(filter(None, (place.declaration.type, kind.word, place.to))),
        "summary": kind.summary.format(words=place.words, to=place.to.replace("_", " ")),
        "description": _needed_scope(place),
    }
    parameters = [ref("parameters", name) for name in kind.parameters(place)]
    if parameters:
        operation["parameters"] = parameters
    body = kind.body(place)
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {MEDIA_TYPE: {"schema": body}}}
    operation["responses"] = kind.responses(place)
    operation["security"] = _security(place)
    return operation


# Who may.


def _scope(place: Place) -> str | None:
    return place.viewset.scopes.get(VERBS[place.action])


def _needed_scope(place: Place) -> str:
    verb, scope = VERBS[place.action], _scope(place)
    if verb in place.viewset.scopes:
        return f"Scope: `{scope}`." if scope else "Every access token may ask."
    return "Scope: it depends on what is written."


def _security(place: Place) -> list[Schema]:
    scope = _scope(place)
    return [{"access_token": []}, {"client_credentials": [str(scope)] if scope else []}]


# What they take and give, by kind.


def _no_parameters(place: Place) -> list[str]:
    return []


def _of_resources(place: Place) -> list[str]:
    """`include`, and `fields` of whatever the answer may hold."""
    target = place.target
    includes = [f"{target.type}_include"] if any(r.includable for r in target.relationships.values()) else []
    return [*includes, *(f"{name}_fields" for name in sorted(_readable_types(target)))]


def _readable_types(declaration: Declaration) -> set[str]:
    """The type itself, and those that can be included with it."""
    found: set[str] = set()
    waiting = [declaration]
    while waiting:
        each = waiting.pop()
        if each.type not in found:
            found.add(each.type)
            waiting += [way.target for way in each.relationships.values() if way.includable]
    return found


def _of_lists(place: Place) -> list[str]:
    return [f"{place.target.type}_sort", f"{place.target.type}_filter", *PAGING]


def _of_a_list(place: Place) -> list[str]:
    return [*_of_resources(place), *_of_lists(place)]


def _of_a_write(place: Place) -> list[str]:
    return [*_of_resources(place), "idempotency_key"]


def _of_a_related_read(place: Place) -> list[str]:
    return _of_a_list(place) if _is_many(place) else _of_resources(place)


def _of_linkage(place: Place) -> list[str]:
    return _of_lists(place) if _is_many(place) else []


def _key_only(place: Place) -> list[str]:
    return ["idempotency_key"]


def _is_many(place: Place) -> bool:
    return place.relationship is not None and place.relationship.many


def _no_body(place: Place) -> Schema | None:
    return None


def _linkage_body(place: Place) -> Schema | None:
    if place.relationship is None:
        return None
    return linkage_request(place.relationship, removing=place.action == "remove_from_relationship")


def _list_answers(place: Place) -> Schema:
    return responses({200: answer("A page of them.", schema_ref(place.target, "list"))}, ())


def _one_answers(place: Place) -> Schema:
    found = answer("The resource.", schema_ref(place.target, "document"))
    return responses({200: found}, ONE if place.has_id else ())


def _create_answers(place: Place) -> Schema:
    document = schema_ref(place.target, "document")
    if not place.creates:
        return responses({200: answer("What was asked for.", document, [REPLAYED])}, WRITE)
    return responses({201: answer("The new resource.", document, ["Location", REPLAYED])}, WRITE)


def _update_answers(place: Place) -> Schema:
    changed = answer("The resource as it is now.", schema_ref(place.target, "document"), [REPLAYED])
    return responses({200: changed}, WRITE)


def _delete_answers(place: Place) -> Schema:
    return responses({204: answer("It is gone.")}, DELETE)


def _related_answers(place: Place) -> Schema:
    document = schema_ref(place.target, "list" if _is_many(place) else "or_null_document")
    return responses({200: answer("What the relationship leads to.", document)}, ONE)


def _linkage_answers(place: Place) -> Schema:
    document = schema_ref(place.target, "linkage_list" if _is_many(place) else "linkage")
    written = place.action in LINKAGE_WRITES
    headers = [REPLAYED] if written and place.action != "remove_from_relationship" else []
    return responses({200: answer("The linkage as it is now.", document, headers)}, WRITE if written else ONE)


Names: TypeAlias = Callable[[Place], list[str]]
Body: TypeAlias = Callable[[Place], Schema | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """What the operations of one action have in common. `word` is what their `operationId` calls it."""

    word: str
    summary: str
    responses: Callable[[Place], Any]
    parameters: Names = _no_parameters
    body: Body = _no_body


def _written(suffix: str) -> Body:
    return lambda place: schema_ref(place.declaration, suffix)


KINDS: Final[Mapping[str, Kind]] = {
    "list": Kind("list", "List {words}", _list_answers, _of_a_list),
    "create": Kind("create", "Create: {words}", _create_answers, _of_a_write, _written("create")),
    "retrieve": Kind("retrieve", "Retrieve: {words}", _one_answers, _of_resources),
    "update": Kind("update", "Update: {words}", _update_answers, _of_a_write, _written("update")),
    "destroy": Kind("delete", "Delete: {words}", _delete_answers),
    "retrieve_related": Kind(
        "retrieve", "Retrieve the {to} of {words}", _related_answers, _of_a_related_read
    ),
    "retrieve_relationship": Kind(
        "linkage_of", "Retrieve the linkage to the {to} of {words}", _linkage_answers, _of_linkage
    ),
    "update_relationship": Kind(
        "replace", "Replace the {to} of {words}", _linkage_answers, _key_only, _linkage_body
    ),
    "add_to_relationship": Kind(
        "add_to", "Add to the {to} of {words}", _linkage_answers, _key_only, _linkage_body
    ),
    "remove_from_relationship": Kind(
        "remove_from", "Remove from the {to} of {words}", _linkage_answers, _no_parameters, _linkage_body
    ),
}
