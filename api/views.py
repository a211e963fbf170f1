"""The views of a resource. Those that write read the body, call exactly one hook, and answer with what can be
read then (`api.reading`).

A resource app derives from `ResourceViewSet`, names its serializer and scopes, and overrides the hooks that
it has; `api.routers` leaves out the verbs of the others. Names in addresses are looked up among the
serializer's declared relationships only: toolkits that look them up on the instance would *call* what they
find, `delete` included.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from api.declaration import Relationship
from api.documents import root_of
from api.errors import Rejection, error
from api.idempotency import Written, once, reading_back
from api.negotiation import MEDIA_TYPE
from api.parsers import read_body, read_relationship_body
from api.reading import ReadingViewSet
from api.validation import attribute_values, related, relationship_values
from kernel.caller import Caller


def once_per_key(verb: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A POST or PATCH of a ResourceViewSet, with one effect for each `Idempotency-Key`. Whoever overrides one
    says so again."""

    @wraps(verb)
    def wrapped(self: "ResourceViewSet", request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        def write() -> Written:
            response = verb(self, request, *args, **kwargs)
            return Written(response, self.readable_type, self.created or self.key)

        return once(request, self.credential, write)

    return wrapped


class ResourceViewSet(ReadingViewSet):
    """Base of every resource's views.

    `scopes` names the scope for "read", "create", "update" and "delete"; None lets every credential in. Where
    it depends on what is written, leave that verb out and override `required_scope`.
    """

    created: UUID | None = None

    # What a resource app overrides: one operation call each.

    def create_resource(self, caller: Caller, values: dict[str, Any]) -> UUID:
        """Create from values by name (a relationship's is the instance or None) and return the new key."""
        raise NotImplementedError

    def update_resource(self, caller: Caller, pk: UUID, values: dict[str, Any]) -> None:
        """Change what `values` has, all or nothing; raises NotFound for a key beyond the caller's reach."""
        raise NotImplementedError

    def delete_resource(self, caller: Caller, pk: UUID) -> None:
        """Raises NotFound, and InUse while others depend on it."""
        raise NotImplementedError

    def change_members(
        self, caller: Caller, pk: UUID, relationship: str, *, added: Sequence[Any], removed: Sequence[Any]
    ) -> None:
        """Add to a to-many relationship or remove from it; what is there already, or isn't, is no error."""
        raise NotImplementedError

    # The verbs that write.

    @once_per_key
    def create(self, request: Request) -> HttpResponse:
        self.created = key = self.create_resource(self.credential.caller, self._values(pk=None))
        with reading_back():
            response = self._resource(key, status=201)
        response["Location"] = f"{root_of(request)}/{self.declaration.type}/{key}"
        return response

    @once_per_key
    def update(self, request: Request, pk: str) -> HttpResponse:
        self.update_resource(self.credential.caller, self.key, self._values(pk=self.key))
        with reading_back():
            return self._resource(self.key)

    def destroy(self, request: Request, pk: str) -> HttpResponse:
        self.delete_resource(self.credential.caller, self.key)
        return HttpResponse(status=204, content_type=MEDIA_TYPE)

    @once_per_key
    def update_relationship(self, request: Request, pk: str, relationship: str) -> HttpResponse:
        """`PATCH /{type}/{id}/relationships/{relationship}`: an update with this one value."""
        named = self._writable_relationship()
        value = related(named, read_relationship_body(request.data), self.credential.caller, "/data")
        self.update_resource(self.credential.caller, self.key, {named.name: value})
        with reading_back():
            return self.retrieve_relationship(request, pk, relationship)

    @once_per_key
    def add_to_relationship(self, request: Request, pk: str, relationship: str) -> HttpResponse:
        """`POST` to the same address, of a to-many relationship: these members too."""
        named = self._writable_relationship()
        added = related(named, read_relationship_body(request.data), self.credential.caller, "/data")
        self.change_members(self.credential.caller, self.key, named.name, added=added, removed=[])
        with reading_back():
            return self.retrieve_relationship(request, pk, relationship)

    def remove_from_relationship(self, request: Request, pk: str, relationship: str) -> HttpResponse:
        """`DELETE` of the same address: not these any more. What does not exist is no member already."""
        named = self._writable_relationship()
        linkage = read_relationship_body(request.data)
        removed = related(named, linkage, self.credential.caller, "/data", must_exist=False)
        self.change_members(self.credential.caller, self.key, named.name, added=[], removed=removed)
        with reading_back():
            return self.retrieve_relationship(request, pk, relationship)

    def _writable_relationship(self) -> Relationship:
        named = self.relationship
        if not self.declaration.writable(named.name, creating=False):
            raise Rejection(error("PARAM_NOT_ALLOWED", f"{named.name} can't be changed.", status=403))
        self._authorize(self.required_scope(self.request, {}))
        return named

    # What the address and the body say.

    @property
    def readable_type(self) -> str:
        """Of the address at which the resource of a write can be read: this type, unless overridden."""
        return self.declaration.type

    def _values(self, *, pk: UUID | None) -> dict[str, Any]:
        """The checked values of a request to create (`pk` None) or update."""
        self.body = read_body(self.request.data, resource_type=self.declaration.type, pk=pk)
        values = attribute_values(self.declaration, self.body, creating=pk is None)
        named = {**self.body.attributes, **self.body.relationships, **values}
        self._authorize(self.required_scope(self.request, named))
        return values | relationship_values(self.declaration, self.body, self.credential.caller)
