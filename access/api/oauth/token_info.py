"""What `GET /oauth/tokeninfo` says, in the shape that Commerce Layer's dashboard reads it."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from django.urls import get_resolver

from access.models import Application
from access.queries import Credential
from access.scopes import EVERY_SCOPE, Scope
from api.declaration import declaration_of
from api.dispatching import VERBS
from api.views import ResourceViewSet
from kernel.modes import Mode

ACTIONS: Final = {"create": "create", "read": "read", "update": "update", "delete": "destroy"}
WRITE_CARDS: Final = (Scope.ISSUE, Scope.SPEND, Scope.RECHARGE, Scope.ADJUST)
"""One of them is needed to update what asks for another scope with each trigger."""


def token_info(credential: Credential) -> dict[str, Any]:
    application = Application.objects.get(pk=credential.application_id)
    market_ids = credential.caller.market_ids
    return {
        "token": {
            "test": credential.caller.mode is Mode.TEST,
            "market_ids": sorted(map(str, market_ids or ())),
            "stock_location_ids": [],
        },
        "role": {"id": str(credential.api_key_id), "kind": _kind(credential), "name": application.name},
        "application": {
            "id": str(application.pk),
            "client_id": credential.client_id,
            "kind": application.kind,
            "name": application.name,
            "public": False,
            "confidential": True,
            "core": False,
        },
        "permissions": permissions(credential.scopes),
        "owner": None,
        "accessible_apps": [],
    }


def permissions(scopes: frozenset[str]) -> dict[str, Any]:
    """What may be done to each resource, by what its view asks for."""
    allowed: dict[str, Any] = {}
    for resource_type, needed in sorted(_needed().items()):
        actions = [ACTIONS[verb] for verb in ACTIONS if not scopes.isdisjoint(needed.get(verb, ()))]
        allowed[resource_type] = {"actions": actions}
    return allowed


@cache
def _needed() -> dict[str, dict[str, frozenset[str]]]:
    """The scopes of which a verb needs one, by resource and verb. Those who ask for none are for all."""
    needed: dict[str, dict[str, frozenset[str]]] = {}
    for view, verbs in _routed():
        for verb in verbs:
            declared = view.scopes.get(verb, WRITE_CARDS)
            one_of = (
                EVERY_SCOPE if declared is None else (declared,) if isinstance(declared, str) else declared
            )
            resource = needed.setdefault(declaration_of(view.serializer_class).type, {})
            resource[verb] = frozenset(one_of)
    return needed


def _routed() -> Iterator[tuple[type[ResourceViewSet], set[str]]]:
    patterns: list[Any] = get_resolver().url_patterns
    for pattern in patterns:
        for route in getattr(pattern, "url_patterns", ()):
            view = getattr(getattr(route, "callback", None), "cls", None)
            if isinstance(view, type) and issubclass(view, ResourceViewSet):
                actions = route.callback.actions.values()
                yield view, {VERBS[action] for action in actions if "relationship" not in str(route.pattern)}


def _kind(credential: Credential) -> str:
    if credential.scopes.issuperset(EVERY_SCOPE):
        return "admin"
    return "read_only" if credential.scopes <= {Scope.READ, Scope.REVEAL_CODES} else "custom"
