"""How a request that reads is answered: which rows, by the compiled plan, a page of them where they are many.

Every row comes from a `Selection`, and so from within the caller's reach.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.functional import cached_property
from rest_framework.request import Request

from api.columns import columns_named
from api.cursors import CursorPage, Position, write_cursor
from api.declaration import Declaration
from api.dispatching import WITHOUT_RESOURCES, DispatchedViewSet
from api.documents import answer, document, link_to, root_of
from api.errors import Rejection, error
from api.fields import uuid_or_none
from api.filtering import specials
from api.keyset import find_page
from api.paging import Page, known_count, page_meta, page_numbers
from api.planning import plan_for
from api.plans import Reading, Resources, identifier
from api.selecting import Rows, Selection
from kernel.refusals import NotFound


class ReadingViewSet(DispatchedViewSet):
    """The verbs that read, and what answers those that write, too."""

    def list(self, request: Request) -> HttpResponse:
        return self._page(Selection(self.declaration))

    def retrieve(self, request: Request, pk: str) -> HttpResponse:
        return self._resource(self.key)

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

    @cached_property
    def key(self) -> UUID:
        key = uuid_or_none(self.kwargs["pk"])
        return key or self._not_found()

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
        page = self.query.page
        asked = cast(Selection, self.filter_queryset(cast(Any, rows)))
        if isinstance(page, CursorPage):
            return self._page_by_cursor(asked, page, linkage_only=linkage_only)
        return self._page_by_number(asked, page, linkage_only=linkage_only)

    def _page_by_number(self, rows: Selection, page: Page, *, linkage_only: bool) -> HttpResponse:
        caller, (_, end) = self.credential.caller, page.window
        there = replace(rows, order=self.query.order, window=page.window)
        # Counted before: a statement with an OFFSET is planned each time, and so would be the question about
        # the key, which goes along with the first statement.
        count = rows.count(caller, as_far_as=end) if page.number > 1 else None
        if self.query.predicates or page.number > 1:
            there = there.fetch_keys(caller)
        data, included = self._read_list(there, linkage_only=linkage_only)
        if count is None:
            # A row that went away since its key was found is still one of the page.
            on_page = len(there.keys) if there.column == "pk" else len(data)
            count = known_count(page, on_page) or rows.count(caller, as_far_as=end)
        links = {
            relation: None
            if number is None
            else link_to(self.request, {"page[number]": number, "page[size]": page.size})
            for relation, number in page_numbers(page, count).items()
        }
        return self._answer(
            data, included, meta=page_meta(page, count), links=self._relationship_links() | links
        )

    def _page_by_cursor(self, rows: Selection, page: CursorPage, *, linkage_only: bool) -> HttpResponse:
        order, resource_type = self.query.order, self.target.type
        found = find_page(rows, order, page, self.credential.caller)
        there = Selection(self.target, "pk", tuple(found.keys))
        data, included = self._read_list(there, linkage_only=linkage_only)
        cursors = {str(each[-1]): write_cursor(each, order, resource_type) for each in found.positions}
        for item in data:
            item["meta"] = {**item.get("meta", {}), "page": {"cursor": cursors[item["id"]]}}

        def link(parameter: str, position: Position | None) -> str | None:
            if position is None:
                return None
            cursor = cursors.get(str(position[-1])) or write_cursor(position, order, resource_type)
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
