"""Who calls: at /admin an API key, a token that was got with one, or a person of the back office; at /store
anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed

from access.api.authentication import SCHEME, credential_in
from access.models import User
from access.operations import the_organization
from access.person_tokens import person_of_token
from access.publishable import reach_of_publishable_key
from access.scopes import Scope
from api import rate_limits
from api.credential import Credential
from kernel.caller import Actor, Caller
from kernel.modes import Mode
from kernel.secret import Secret
from medusa.answers import Refused, Unauthorized

API_TOKEN: Final = "x-medusa-access-token"  # noqa: S105 (a header)
PUBLISHABLE_KEY: Final = "x-publishable-api-key"

PERMISSIONS: Final[Mapping[Scope, frozenset[str]]] = {
    Scope.READ: frozenset({"giftcards.view_giftcard"}),
    Scope.ISSUE: frozenset({"giftcards.issue_gift_card", "giftcards.operate_gift_card"}),
    Scope.SPEND: frozenset({"giftcards.spend_gift_card"}),
    Scope.RECHARGE: frozenset({"giftcards.recharge_gift_card"}),
    Scope.ADJUST: frozenset({"giftcards.spend_gift_card", "giftcards.recharge_gift_card"}),
    Scope.REVEAL_CODES: frozenset({"giftcards.reveal_code"}),
}
"""What a person must be allowed in the back office to do here what a key does with the scope. An adjustment
moves a balance either way."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the back office, in live mode; the wire's Credential."""

    user: User
    scopes: frozenset[str]

    @classmethod
    def of(cls, user: User) -> "Person":
        may = user.get_all_permissions()
        return cls(user, frozenset(scope for scope, needed in PERMISSIONS.items() if needed <= may))

    @property
    def caller(self) -> Caller:
        return Caller(Mode.LIVE, self.user.actor)

    @property
    def organization_id(self) -> UUID:
        return the_organization().pk

    @property
    def application_id(self) -> UUID:
        """Idempotency keys are a program's own; this person's are the person's."""
        return self.user.pk


def admitted(request: HttpRequest, *scopes: str) -> Credential:
    """Who calls an address under /admin. Raises Unauthorized, Refused for a scope that is missing, and what
    `rate_limits.admit` raises."""
    credential = _credential(request)
    rate_limits.admit(request, credential)
    require(credential, *scopes)
    return credential


def require(credential: Credential, *scopes: str) -> None:
    missing = [scope for scope in scopes if scope not in credential.scopes]
    if missing:
        raise Refused(403, "not_allowed", f"This needs the permission {' and '.join(missing)}")


def sees_orders(credential: Credential) -> bool:
    """Whoever reads cards by a key; a person only with the permission for it."""
    return not isinstance(credential, Person) or credential.user.has_perm("giftcards.view_order")


def shopper(request: HttpRequest) -> Caller:
    """Anybody, in live mode; with a publishable key in its mode and markets, and with nothing else of it.
    Raises Unauthorized for a key that is not known or does not count any more."""
    client_id = request.headers.get(PUBLISHABLE_KEY)
    store = Actor.system("store")
    if client_id is None:
        return Caller(Mode.LIVE, store)
    reach = reach_of_publishable_key(client_id)
    if reach is None:
        raise Unauthorized
    return Caller(reach.mode, store, reach.market_ids)


def _credential(request: HttpRequest) -> Credential:
    """Clients may send both headers; one that counts is enough."""
    scheme, _, bearer = request.headers.get("Authorization", "").strip().partition(" ")
    given = (bearer if scheme.lower() == SCHEME.lower() else "", request.headers.get(API_TOKEN, ""))
    for text in (each.strip() for each in given):
        credential = _credential_of(text) if text else None
        if credential is not None:
            return credential
    raise Unauthorized


def _credential_of(text: str) -> Credential | None:
    person = person_of_token(Secret(text))
    if person is not None:
        return Person.of(person)
    try:
        return credential_in(f"{SCHEME} {text}")
    except AuthenticationFailed:
        return None
