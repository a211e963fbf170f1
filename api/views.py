"""The views of a resource: read the request, call exactly one hook, read the answer by the compiled plan.

A resource app derives from `ResourceViewSet`, names its serializer and scopes, and overrides the hooks that
it has; `api.routers` leaves out the verbs of the others. Names in addresses are looked up among the
serializer's declared relationships only: toolkits that look them up on the instance would *call* what they
find, `delete` included.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, NoReturn, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.functional import cached_property
from rest_framework.request import Request

from api.columns import columns_named
from api.compiled import plan_for
from api.cursors import CursorPage, Position, find, written
from api.declaration import Declaration, Relationship
from api.dispatching import WITHOUT_RESOURCES, DispatchedViewSet
from api.documents import answer, document, link_to, root_of
from api.errors import Rejection, error
from api.fields import uuid_or_none
from api.filtering import specials
from api.idempotency import Written, once, reading_back
from api.negotiation import MEDIA_TYPE
from api.paging import known_count, page_meta, page_numbers
from api.parsers import read_body, read_relationship_body
from api.plans import Reading, Resources, identifier
from api.selecting import Rows, Selection
from api.validation import attribute_values, related, relationship_values
from kernel.caller import Caller
from kernel.refusals import NotFound


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


class ResourceViewSet(DispatchedViewSet):
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

    # The verbs.

    def list(self, request: Request) -> HttpResponse:
        return self._page(Selection(self.declaration))

    def retrieve(self, request: Request, pk: str) -> HttpResponse:
        return self._resource(self.key)

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

    def retrieve_related(self, request: Request, pk: str, relationship: str) -> HttpResponse:
        """`GET /{type}/{id}/{relationship}`: the resources themselves, by pages where they may be many."""
        if self.relationship.many:
            return self._page(self._related_rows())
        key = self._related_key()
        resources, included = self._read(Selection(self.target, "pk", (key,))) if key else ([], [])
        return self._answer(resources[0] if resources else None, included)

    def retrieve_relationship(self, request: Request, pk: str, relationship: str) -> HttpResponse:
        """`GET /{type}/{id}/relationships/{relationship}`: the linkage alone."""
        if self.relationship.many:
            return self._page(self._related_rows(), linkage_only=True)
        key = self._related_key()
        return self._answer(
            identifier(self.target.type, key) if key else None, links=self._relationship_links()
        )

    @once_per_key
    def update_relationship(self, request: Request, pk: str, relationship: str) -> HttpResponse:
        """`PATCH` of the same address: an update of the resource with this one value."""
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
        """What has the address at which the resource of a write can be read: this one, unless told."""
        return self.declaration.type

    @cached_property
    def key(self) -> UUID:
        key = uuid_or_none(self.kwargs["pk"])
        return key or self._not_found()

    def _values(self, *, pk: UUID | None) -> dict[str, Any]:
        """The checked values of a request to create (`pk` None) or update."""
        self.body = read_body(self.request.data, resource_type=self.declaration.type, pk=pk)
        values = attribute_values(self.declaration, self.body, creating=pk is None)
        named = {**self.body.attributes, **self.body.relationships, **values}
        self._authorize(self.required_scope(self.request, named))
        return values | relationship_values(self.declaration, self.body, self.credential.caller)

    # Reading: rows within the caller's reach, by the compiled plan.

    def _related_key(self) -> UUID | None:
        columns = columns_named(self.relationship.key_column)
        found = Selection(self.declaration, "pk", (self.key,)).fetch(columns, self.credential.caller)
        key = cast(UUID | None, found[0][0]) if found else self._not_found()
        is_beyond = key and self.relationship.guarded and not self._exists(self.target, key)
        return None if is_beyond else key

    def _related_rows(self) -> Selection:
        if not self._exists(self.declaration, self.key):
            self._not_found()
        named = self.relationship
        return Selection(self.target, named.way_back, (self.key,), repeating=named.repeating)

    def _exists(self, declaration: Declaration, key: UUID) -> bool:
        return bool(Selection(declaration, "pk", (key,)).fetch(columns_named("pk"), self.credential.caller))

    def _read(self, rows: Rows | QuerySet[Any]) -> tuple[Resources, Resources]:
        plan = plan_for(self.target, self.query.include, self.query.fields)
        return plan.read(rows, Reading(self.credential, root_of(self.request)))

    def _resource(self, key: UUID, *, status: int = 200) -> HttpResponse:
        resources, included = self._read(Selection(self.target, "pk", (key,)))
        return self._answer(resources[0] if resources else self._not_found(), included, status=status)

    def _page(self, rows: Selection, *, linkage_only: bool = False) -> HttpResponse:
        caller, page = self.credential.caller, self.query.page
        asked = cast(Selection, self.filter_queryset(cast(Any, rows)))
        if isinstance(page, CursorPage):
            return self._page_by_cursor(asked, page, linkage_only=linkage_only)
        there = replace(asked, order=self.query.order, window=(page.rows.start, page.rows.stop))
        # Counted before: a statement that is told where to begin is planned each time, and what is asked of
        # the key together with the first one would be, too.
        counted = asked.count(caller, as_far_as=page.rows.stop) if page.number > 1 else None
        if self.query.predicates or page.number > 1:
            there = there.fetch_keys(caller)
        data, included = self._read_list(there, linkage_only=linkage_only)
        on_page = len(there.keys) if there.column == "pk" else len(data)
        found = counted or known_count(page, on_page) or asked.count(caller, as_far_as=page.rows.stop)
        links = {
            relation: None
            if number is None
            else link_to(self.request, {"page[number]": number, "page[size]": page.size})
            for relation, number in page_numbers(page, found).items()
        }
        return self._answer(
            data, included, meta=page_meta(page, found), links=self._relationship_links() | links
        )

    def _page_by_cursor(self, rows: Selection, page: CursorPage, *, linkage_only: bool) -> HttpResponse:
        order, resource_type = self.query.order, self.target.type
        found = find(rows, order, page, self.credential.caller)
        there = Selection(self.target, "pk", tuple(found.keys))
        data, included = self._read_list(there, linkage_only=linkage_only)
        cursors = {str(each[-1]): written(each, order, resource_type) for each in found.positions}
        for item in data:
            item["meta"] = {**item.get("meta", {}), "page": {"cursor": cursors[item["id"]]}}

        def link(parameter: str, position: Position | None) -> str | None:
            if position is None:
                return None
            cursor = cursors.get(str(position[-1])) or written(position, order, resource_type)
            sides = {"page[after]": None, "page[before]": None, parameter: cursor, "page[size]": page.size}
            return link_to(self.request, sides)

        links = {"prev": link("page[before]", found.before), "next": link("page[after]", found.after)}
        meta = {"page": {"rangeTruncated": True}} if found.truncated else None
        return self._answer(data, included, meta=meta, links=self._relationship_links() | links)

    def _read_list(self, rows: Selection, *, linkage_only: bool) -> tuple[Resources, Resources]:
        data, included = self._linkage(rows) if linkage_only else self._read(rows)
        for special, matcher, text in specials(self.query.predicates, self.target):
            special.note(matcher, text, self.request, self.credential, found=bool(data))
        return data, included

    def _linkage(self, rows: Selection) -> tuple[Resources, Resources]:
        keys = rows.fetch(columns_named("pk"), self.credential.caller)
        return [{**identifier(self.target.type, key)} for (key,) in keys], []

    def _relationship_links(self) -> dict[str, str | None]:
        """What a relationship's own document has beside `self`; nothing for any other."""
        if self.action not in WITHOUT_RESOURCES:
            return {}
        address = f"{root_of(self.request)}/{self.declaration.type}/{self.key}"
        return {"related": f"{address}/{self.relationship.name}"}

    def _answer(
        self,
        data: Any,
        included: Resources | None = None,
        *,
        status: int = 200,
        meta: Mapping[str, Any] | None = None,
        links: Mapping[str, str | None] | None = None,
    ) -> HttpResponse:
        shown = included if self.query.include_asked else None
        members = document(self.request, data, included=shown, meta=meta, links=links)
        return answer(members, status=status, profiles=self.profiles)

    def _not_found(self) -> NoReturn:
        detail = str(NotFound(self.declaration.type, self.kwargs.get("pk")))
        raise Rejection(error("RECORD_NOT_FOUND", detail))
