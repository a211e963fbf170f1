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
from functools import cached_property
from typing import Any, Final, TypeAlias
from uuid import UUID

import orjson
from django.db.models import QuerySet

from api.columns import Columns, columns_named
from api.compiled_statements import compiled
from api.computed import NOTHING, Load
from api.credential import Credential
from api.declaration import Declaration, Relationship
from api.selecting import Rows, Selection
from kernel.statements import Row

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


@dataclass(frozen=True)
class Batch:
    """The rows that one node is built from, each once: their keys, their columns, and what was loaded for
    them, each thing once."""

    keys: list[str]
    columns: list[tuple[Any, ...]]
    reading: Reading
    loaded: dict[Load, list[Any]] = field(default_factory=dict)

    @cached_property
    def uuids(self) -> list[UUID]:
        return [UUID(key) for key in self.keys]

    def load(self, load: Load) -> list[Any]:
        """For each key what was loaded, or `NOTHING`."""
        if load not in self.loaded:
            found = load(self.uuids, self.reading.credential)
            self.loaded[load] = [found.get(key, NOTHING) for key in self.uuids]
        return self.loaded[load]


Reader: TypeAlias = Callable[[Batch], Iterable[Any]]
"""Reads one attribute's values, in the order of the rows."""


@dataclass(frozen=True, slots=True)
class Attributes:
    names: tuple[str, ...]
    readers: tuple[Reader, ...]

    def of(self, batch: Batch) -> Iterable[dict[str, Any]]:
        if not self.names:
            return [{} for _ in batch.keys]
        names = self.names
        rows = zip(*[read(batch) for read in self.readers], strict=True)
        return [dict(zip(names, row)) for row in rows]  # noqa: B905 (as many of the one as of the other)


@dataclass(frozen=True, slots=True)
class ToOne:
    """Linkage of a to-one relationship: its key stands in the row, at the index `key`."""

    name: str
    type: str
    key: int
    guard: Declaration | None

    def as_json(self, batch: Batch, related: "Related") -> Iterable[str]:
        keys = batch.columns[self.key]
        beyond = _beyond_reach(keys, self.guard, batch.reading)
        return ["null" if key is None or key in beyond else _identifier_json(self.type, key) for key in keys]


@dataclass(frozen=True, slots=True)
class ToMany:
    """Linkage of a to-many relationship, and its resources where included: one query for the whole page.
    `parent` is the index of the way back in its rows.
    """

    name: str
    relationship: Relationship
    plan: "Plan"
    parent: int
    included: bool

    def as_json(self, batch: Batch, related: "Related") -> Iterable[str]:
        target, by_parent = self.plan.node, related[self.name]
        return [
            f"[{','.join(_identifier_json(target.type, row[target.key]) for row in by_parent.get(key, ()))}]"
            for key in batch.keys
        ]

    def related(self, batch: Batch) -> dict[str, list[Row]]:
        """The rows for all parents of a page, by parent."""
        relationship, reading = self.relationship, batch.reading
        target = Selection(relationship.target, relationship.way_back, tuple(batch.uuids), order=("pk",))
        by_parent: dict[str, list[Row]] = {}
        key = self.plan.node.key
        for row in target.fetch(self.plan.columns, reading.credential.caller):
            rows = by_parent.setdefault(row[self.parent], [])
            if not (relationship.repeating and rows and rows[-1][key] == row[key]):
                rows.append(row)
        return by_parent


Related: TypeAlias = Mapping[str, Mapping[str, list[Row]]]
"""The rows of each to-many relationship, by parent."""


@dataclass(frozen=True, slots=True)
class Node:
    """One place in the include tree: how the resources there are built from the row, whose key is at the
    index `key`. With a `guard`, only those that it lets the caller see.

    `relationships` is their JSON, with `ADDRESS` for the resource's own and `%s` for each `linkage`.
    """

    type: str
    key: int
    guard: Declaration | None
    attributes: Attributes
    relationships: str
    linkage: tuple[ToOne | ToMany, ...]
    to_many: tuple[ToMany, ...]
    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Plan:
    columns: Columns
    node: Node

    def read(self, rows: Rows | QuerySet[Any], reading: Reading) -> tuple[Resources, Resources]:
        """The resources of these rows in their order, and those included with them, each once."""
        if isinstance(rows, QuerySet):
            selected = compiled(rows.values_list(*self.columns.selected)).fetch()
        else:
            selected = rows.fetch(self.columns, reading.credential.caller)
        seen: dict[tuple[str, str], Resource] = {}
        primary = _emit(self.node, selected, reading, seen)
        included = list(seen.values())[len(primary) :]
        return primary, included


def _emit(node: Node, rows: list[Row], reading: Reading, seen: dict[tuple[str, str], Resource]) -> Resources:
    """Builds this node's resources, then what is included below it; `seen` holds every resource once."""
    by_key = {row[node.key]: row for row in rows}
    # Where there is no such resource, nothing hangs on it. Django reads a key that two relations share from
    # the nearer one, and so finds it even there.
    by_key.pop(None, None)
    for key in _beyond_reach(by_key, node.guard, reading):
        del by_key[key]
    if not by_key:
        return []
    present = list(by_key.values())
    batch = Batch(list(by_key), list(zip(*present, strict=True)), reading)
    related = {each.name: each.related(batch) for each in node.to_many}
    resources = [_once(each, node, seen) for each in _resources(node, batch, related)]
    for child in node.children:
        _emit(child, present, reading, seen)
    for many in node.to_many:
        if many.included:
            below = [row for some in related[many.name].values() for row in some]
            _emit(many.plan.node, below, reading, seen)
    return resources


def _resources(node: Node, batch: Batch, related: Related) -> Resources:
    resource_type, meta = node.type, _meta(batch.reading)
    begin = f"{batch.reading.root}/{resource_type}/"
    parts = zip(batch.keys, node.attributes.of(batch), _relationships(node, batch, related), strict=True)
    return [
        {
            "id": key,
            "type": resource_type,
            "links": {"self": begin + key},
            "attributes": attributes,
            "relationships": orjson.Fragment(relationships.replace(ADDRESS, begin + key)),
            "meta": meta,
        }
        for key, attributes, relationships in parts
    ]


def _relationships(node: Node, batch: Batch, related: Related) -> list[str]:
    """Every relationship has both links; those included or asked for by name have their linkage as well."""
    text = node.relationships
    if not node.linkage:
        return [text] * len(batch.keys)
    linkage = zip(*[each.as_json(batch, related) for each in node.linkage], strict=True)
    return [text % written for written in linkage]


def _meta(reading: Reading) -> dict[str, str]:
    credential = reading.credential
    return {"mode": credential.caller.mode.value, "organization_id": str(credential.organization_id)}


def _once(resource: Resource, node: Node, seen: dict[tuple[str, str], Resource]) -> Resource:
    """One resource object for each type and id, with the linkage of every way that led to it."""
    known = seen.setdefault((node.type, resource["id"]), resource)
    if known is not resource and node.linkage:
        links, more = members_of(known["relationships"]), members_of(resource["relationships"])
        linked = {name: each for name, each in more.items() if "data" in each}
        known["relationships"] = orjson.Fragment(orjson.dumps({**links, **linked}))
    return known


def _beyond_reach(keys: Iterable[str | None], guard: Declaration | None, reading: Reading) -> frozenset[str]:
    """Which of the keys at a guarded place the caller does not reach; the database is asked only where there
    can be any."""
    caller = reading.credential.caller
    if guard is None or caller.market_ids is None:
        return frozenset()
    named = frozenset(key for key in keys if key is not None)
    within = Selection(guard, "pk", tuple(map(UUID, named))).fetch(columns_named("pk"), caller)
    return named.difference(str(key) for (key,) in within)


def _identifier_json(resource_type: str, key: str) -> str:
    return f'{{"type":"{resource_type}","id":"{key}"}}'


def members_of(relationships: orjson.Fragment) -> dict[str, Any]:
    """A resource's relationships for who changes them."""
    return dict(orjson.loads(orjson.dumps(relationships)))


def identifier(resource_type: str, key: UUID) -> Identifier:
    return {"type": resource_type, "id": str(key)}
