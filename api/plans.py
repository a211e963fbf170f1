"""What a plan is, and how resources are read by it.

No model instance and no serializer is made per row (that is where a plain list spends 85 % of its time), and
neither is what is the same for all rows: links are written by filling one text in, and documents that are
stored as JSON go out as they are.

What a plan relies on: a row visible to a caller names only to-one targets that are visible to him too (the
database holds that modes agree, `visible_to` holds the markets). Where that is not so, the relationship is
declared as guarded, and asks `visible_to` of its target once for the page. To-many rows go through
`visible_to` of their own model.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from uuid import UUID

import orjson
from django.db.models import QuerySet

from api.computed import Load
from api.credential import Credential
from api.declaration import Declaration, Relationship
from api.selecting import Columns, Rows, Selection, columns_named, compiled
from kernel.statements import Row

Read: TypeAlias = Callable[[Row], Any]
Resource: TypeAlias = dict[str, Any]
Resources: TypeAlias = list[Resource]
Identifier: TypeAlias = dict[str, str]

ADDRESS: Final = "\0"
"""What stands in the text of links in the place of the resource's address, which never has it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One read: who reads, and the address that links begin with (`https://host/api`)."""

    credential: Credential
    root: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The keys of all rows that one node is built from, and what was loaded for them, each thing once."""

    keys: list[UUID]
    reading: Reading
    loaded: dict[Load, Mapping[UUID, Any]] = field(default_factory=dict)

    def load(self, load: Load) -> Mapping[UUID, Any]:
        if load not in self.loaded:
            self.loaded[load] = load(self.keys, self.reading.credential)
        return self.loaded[load]


Bind: TypeAlias = Callable[[Batch], Read]
"""Makes one attribute's function of a row, for the rows of one batch."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """Those of one node, in their order: each is first the value of its column, as it is; the `computed` ones
    then get theirs."""

    columns: Callable[[Row], dict[str, Any]]
    computed: tuple[tuple[str, Bind], ...]


@dataclass(frozen=True, slots=True)
class ToOne:
    """Linkage of a to-one relationship: its key stands in the row."""

    name: str
    type: str
    key: int
    guard: Declaration | None

    def written(self, row: Row, beyond: frozenset[UUID]) -> str:
        key = row[self.key]
        return "null" if key is None or key in beyond else _identifier(self.type, key)


@dataclass(frozen=True, slots=True)
class ToMany:
    """Linkage of a to-many relationship, and its resources where included: one query for the whole page."""

    name: str
    relationship: Relationship
    plan: "Plan"
    parent: int
    included: bool

    def written(self, rows: Iterable[Row]) -> str:
        target = self.plan.node
        return f"[{','.join(_identifier(target.type, row[target.key]) for row in rows)}]"


@dataclass(frozen=True, slots=True)
class Node:
    """One place in the include tree: how the resources there are built from the row. With a `guard`, only
    those that it lets the caller see.

    `relationships` is their JSON, with `ADDRESS` for the resource's own and `%(name)s` for each linkage.
    """

    type: str
    key: int
    guard: Declaration | None
    attributes: Attributes
    relationships: str
    to_one: tuple[ToOne, ...]
    to_many: tuple[ToMany, ...]
    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Plan:
    columns: Columns
    node: Node

    def read(self, rows: Rows | QuerySet[Any], reading: Reading) -> tuple[Resources, Resources]:
        """The resources of these rows in their order, and those included with them, each once."""
        if isinstance(rows, QuerySet):
            selected = compiled(rows.values_list(*self.columns.selected)).rows([])
        else:
            selected = rows.rows(self.columns, reading.credential.caller)
        seen: dict[tuple[str, UUID], Resource] = {}
        primary = _emit(self.node, selected, reading, seen)
        included = list(seen.values())[len(primary) :]
        return primary, included


def _emit(node: Node, rows: list[Row], reading: Reading, seen: dict[tuple[str, UUID], Resource]) -> Resources:
    """Builds this node's resources, then what is included below it; `seen` holds every resource once."""
    rows = _within_reach(rows, node, reading)
    by_key: dict[UUID, Row] = {}
    for row in rows:
        by_key.setdefault(row[node.key], row)
    by_key.pop(None, None)  # type: ignore[call-overload]
    if not by_key:
        return []
    keys = list(by_key)
    linkage = {each.name: _related_rows(each, keys, reading) for each in node.to_many}
    beyond = {each.name: _beyond_reach(rows, each, reading) for each in node.to_one}
    batch = Batch(keys, reading)
    columns = node.attributes.columns
    computed = [(name, bind(batch)) for name, bind in node.attributes.computed]
    begin = f"{reading.root}/{node.type}/"
    meta = _meta(reading)
    has_linkage = bool(node.to_one or node.to_many)
    resources: Resources = []
    for key, row in by_key.items():
        attributes = columns(row)
        for name, read in computed:
            attributes[name] = read(row)
        identifier = str(key)
        address = begin + identifier
        resource = {
            "id": identifier,
            "type": node.type,
            "links": {"self": address},
            "attributes": attributes,
            "relationships": _relationships(node, row, address, linkage, beyond),
            "meta": meta,
        }
        resources.append(_once(resource, key, seen, has_linkage=has_linkage))
    # Where there is no such resource, nothing hangs on it. Django reads a key that two relations share from
    # the nearer one, and so finds it even there.
    present = [row for row in rows if row[node.key] is not None] if node.children else []
    for child in node.children:
        _emit(child, present, reading, seen)
    for each in node.to_many:
        if each.included:
            _emit(
                each.plan.node, [row for some in linkage[each.name].values() for row in some], reading, seen
            )
    return resources


def _meta(reading: Reading) -> dict[str, str]:
    credential = reading.credential
    return {"mode": credential.caller.mode.value, "organization_id": str(credential.organization_id)}


def _once(
    resource: Resource, key: UUID, seen: dict[tuple[str, UUID], Resource], *, has_linkage: bool
) -> Resource:
    """One resource object for each type and id, with the linkage of every way that led to it."""
    known = seen.setdefault((resource["type"], key), resource)
    if known is not resource and has_linkage:
        links, more = members_of(known["relationships"]), members_of(resource["relationships"])
        linked = {name: each for name, each in more.items() if "data" in each}
        known["relationships"] = orjson.Fragment(orjson.dumps({**links, **linked}))
    return known


def _relationships(
    node: Node,
    row: Row,
    address: str,
    linkage: Mapping[str, Mapping[UUID, list[Row]]],
    beyond: Mapping[str, frozenset[UUID]],
) -> orjson.Fragment:
    """Every relationship has both links; those included or asked for by name have their linkage as well."""
    text = node.relationships
    if node.to_one or node.to_many:
        written = {one.name: one.written(row, beyond[one.name]) for one in node.to_one}
        for many in node.to_many:
            written[many.name] = many.written(linkage[many.name].get(row[node.key], ()))
        text %= written
    return orjson.Fragment(text.replace(ADDRESS, address))


def _within_reach(rows: list[Row], node: Node, reading: Reading) -> list[Row]:
    beyond = _beyond_reach(rows, node, reading)
    return [row for row in rows if row[node.key] not in beyond] if beyond else rows


def _beyond_reach(rows: list[Row], place: ToOne | Node, reading: Reading) -> frozenset[UUID]:
    """Which keys at a guarded place of the rows the caller does not reach; the database is asked only where
    there can be any."""
    caller = reading.credential.caller
    if place.guard is None or caller.market_ids is None:
        return frozenset()
    keys = frozenset(row[place.key] for row in rows if row[place.key] is not None)
    within = Selection(place.guard, "pk", tuple(keys)).rows(columns_named("pk"), caller)
    return keys.difference(key for (key,) in within)


def _related_rows(each: ToMany, keys: Iterable[UUID], reading: Reading) -> dict[UUID, list[Row]]:
    """The rows of a to-many relationship for all parents of a page, by parent."""
    relationship = each.relationship
    related = Selection(relationship.target, relationship.way_back, tuple(keys), order=("pk",))
    by_parent: dict[UUID, list[Row]] = {}
    key = each.plan.node.key
    for row in related.rows(each.plan.columns, reading.credential.caller):
        rows = by_parent.setdefault(row[each.parent], [])
        if not (relationship.repeating and rows and rows[-1][key] == row[key]):
            rows.append(row)
    return by_parent


def _identifier(resource_type: str, key: UUID) -> str:
    return f'{{"type":"{resource_type}","id":"{key}"}}'


def members_of(relationships: orjson.Fragment) -> dict[str, Any]:
    """A resource's relationships for who changes them."""
    return dict(orjson.loads(orjson.dumps(relationships)))


def identifier(resource_type: str, key: UUID) -> Identifier:
    return {"type": resource_type, "id": str(key)}
