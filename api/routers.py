"""Addresses of resources: `/{type}`, `/{type}/{id}`, related reads and relationship endpoints, no trailing
slash.

    router = ResourceRouter()
    router.register(MarketViewSet)
    router.register_singleton(OrganizationView)
    urlpatterns = [by_type("api/", router.urls)]

A verb whose hook a viewset does not override is not routed: it answers 405. Registering checks the
declaration, so a serializer that cannot be served stops the start.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast

from django.http import HttpResponse
from django.urls import ResolverMatch, URLPattern, URLResolver, path
from django.urls.resolvers import RoutePattern

from api.declaration import declaration_of
from api.singletons import SingletonView
from api.views import ResourceViewSet

ADDRESSES: Final[tuple[tuple[str, str, dict[str, str]], ...]] = (
    ("{type}", "list", {"get": "list", "post": "create"}),
    ("{type}/<str:pk>", "detail", {"get": "retrieve", "patch": "update", "delete": "destroy"}),
    (
        "{type}/<str:pk>/relationships/<str:relationship>",
        "relationship",
        {
            "get": "retrieve_relationship",
            "patch": "update_relationship",
            "post": "add_to_relationship",
            "delete": "remove_from_relationship",
        },
    ),
    ("{type}/<str:pk>/<str:relationship>", "related", {"get": "retrieve_related"}),
)
HOOKS: Final = {
    "create": "create_resource",
    "update": "update_resource",
    "update_relationship": "update_resource",
    "add_to_relationship": "change_members",
    "remove_from_relationship": "change_members",
    "destroy": "delete_resource",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One routed address: `actions` are the viewset's, by HTTP method. HEAD is GET without the body.

    `has_addresses`: what is answered can be read again at `/{type}/{id}`.
    """

    pattern: str
    viewset: type[ResourceViewSet]
    actions: Mapping[str, str]
    has_addresses: bool = True


class ResourceRouter:
    """`urls` serve, and `routes` say what is served: the OpenAPI document is made of them."""

    def __init__(self) -> None:
        self.urls: list[URLPattern] = []
        self.routes: list[Route] = []

    def register(self, viewset: type[ResourceViewSet]) -> None:
        resource_type = declaration_of(viewset.serializer_class).type
        for pattern, name, methods in ADDRESSES:
            actions: dict[str, Any] = {
                method: action for method, action in methods.items() if has(viewset, action)
            }
            self._add(Route(pattern.format(type=resource_type), viewset, actions), f"{resource_type}-{name}")

    def register_create_only(self, viewset: type[ResourceViewSet]) -> None:
        """What is asked by POST, and has no address afterwards."""
        resource_type = declaration_of(viewset.serializer_class).type
        route = Route(resource_type, viewset, {"post": "create"}, has_addresses=False)
        self._add(route, f"{resource_type}-list")

    def register_singleton(self, view: type[SingletonView]) -> None:
        declaration_of(view.serializer_class)
        self._add(Route(view.address, view, {"get": "retrieve"}), view.address)

    def _add(self, route: Route, name: str) -> None:
        view = cast(Callable[..., HttpResponse], route.viewset.as_view(dict(route.actions)))
        self.urls.append(path(route.pattern, view, name=name))
        self.routes.append(route)


class ResolverByType(URLResolver):
    """Django's, but of all types' addresses it tries only those of the one that an address begins with."""

    @cached_property
    def _of_type(self) -> Mapping[str, Sequence[URLPattern]]:
        found: dict[str, list[URLPattern]] = defaultdict(list)
        for pattern in cast(Sequence[URLPattern], self.url_patterns):
            found[first_segment(str(pattern.pattern))].append(pattern)
        return found

    def resolve(self, path: str) -> ResolverMatch:
        prefixed = self.pattern.match(path)
        rest = prefixed[0] if prefixed else ""
        for pattern in self._of_type.get(first_segment(rest), ()):
            if match := pattern.resolve(rest):
                return match
        return super().resolve(path)  # raises, and says what there is


def by_type(prefix: str, patterns: Sequence[URLPattern]) -> URLResolver:
    """In the place of `path(prefix, include(patterns))`; each address begins with a type, or with a name."""
    return ResolverByType(RoutePattern(prefix), patterns)


def first_segment(address: str) -> str:
    return address.partition("/")[0]


def has(viewset: type[ResourceViewSet], action: str) -> bool:
    hook = HOOKS.get(action)
    return hook is None or getattr(viewset, hook) is not getattr(ResourceViewSet, hook)
