"""Reading: a serializer class, sparse fields and an include tree, compiled into one plan and kept.

A plan knows the columns to select and holds, for every attribute, a function of the selected row. Reading is
`values_list(*plan.columns)`: no model instance and no serializer is made per row (that is where a plain list
spends 85 % of its time). To-one includes are columns of the same SELECT; each to-many include is one query
for the page.

What a plan relies on: a row visible to a caller names only to-one targets that are visible to him too (the
database holds that modes agree, `visible_to` holds the markets). Where that is not so, the relationship is
declared as guarded, and asks `visible_to` of its target once for the page. To-many rows go through
`visible_to` of their own model.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from rest_framework.fields import SerializerMethodField

from api.computed import BatchField, ComputedField, Load
from api.credential import Credential
from api.declaration import AnyField, Declaration, Relationship, column_of
from api.fields import StrictField
from api.query import Include, SparseFields

Row: TypeAlias = tuple[Any, ...]
Read: TypeAlias = Callable[[Row], Any]
Resource: TypeAlias = dict[str, Any]
Resources: TypeAlias = list[Resource]
Identifier: TypeAlias = dict[str, str]


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


@dataclass(slots=True)
class Columns:
    """The columns of one SELECT, each once; an attribute is told the place where its column will be."""

    paths: list[str] = field(default_factory=list)

    def place(self, path: str) -> int:
        if path not in self.paths:
            self.paths.append(path)
        return self.paths.index(path)


@dataclass(frozen=True, slots=True)
class ToOne:
    """Linkage of a to-one relationship: its key stands in the row."""

    name: str
    type: str
    key: int
    guard: Declaration | None


@dataclass(frozen=True, slots=True)
class ToMany:
    """Linkage of a to-many relationship, and its resources where included: one query for the whole page."""

    name: str
    relationship: Relationship
    plan: "Plan"
    parent: int
    included: bool


@dataclass(frozen=True, slots=True)
class Node:
    """One place in the include tree: how the resources there are built from the row. With a `guard`, only
    those that it lets the caller see."""

    type: str
    key: int
    guard: Declaration | None
    attributes: tuple[tuple[str, Bind], ...]
    relationships: tuple[str, ...]
    to_one: tuple[ToOne, ...]
    to_many: tuple[ToMany, ...]
    children: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Plan:
    columns: tuple[str, ...]
    node: Node

    def read(self, queryset: QuerySet[Any], reading: Reading) -> tuple[Resources, Resources]:
        """The resources of a queryset in its order, and those included with them, each once."""
        rows: list[Row] = list(queryset.values_list(*self.columns))
        seen: dict[tuple[str, UUID], Resource] = {}
        primary = _emit(self.node, rows, reading, seen)
        included = list(seen.values())[len(primary) :]
        return primary, included


@lru_cache(maxsize=1024)
def plan_for(declaration: Declaration, include: Include, fields: SparseFields) -> Plan:
    """The cache is bounded because the sparse fields are the client's to combine."""
    columns = Columns()
    node = _node(declaration, "", include, dict(fields), columns, guard=None)
    return Plan(tuple(columns.paths), node)


def _node(
    declaration: Declaration,
    prefix: str,
    include: Include,
    fields: Mapping[str, frozenset[str]],
    columns: Columns,
    *,
    guard: Declaration | None,
) -> Node:
    listed = fields.get(declaration.type)
    emitted = [each for name, each in declaration.relationships.items() if listed is None or name in listed]
    trees = dict(include)
    with_linkage = [
        each for each in emitted if each.name in trees or (listed is not None and not each.links_only)
    ]
    included = [declaration.relationships[name] for name in trees]
    to_many = {each.name: each for each in [*included, *with_linkage] if each.many}
    key = columns.place(f"{prefix}pk")
    return Node(
        type=declaration.type,
        key=key,
        guard=guard,
        attributes=tuple(
            (name, _bind(each, prefix, key, columns))
            for name, each in declaration.readable.items()
            if listed is None or name in listed
        ),
        relationships=tuple(each.name for each in emitted),
        to_one=tuple(
            ToOne(each.name, each.target.type, columns.place(prefix + each.key_column), _guard(each))
            for each in with_linkage
            if not each.many
        ),
        to_many=tuple(_to_many(each, trees.get(each.name), fields) for each in to_many.values()),
        children=tuple(
            _node(each.target, prefix + each.path, trees[each.name], fields, columns, guard=_guard(each))
            for each in included
            if not each.many
        ),
    )


def _guard(relationship: Relationship) -> Declaration | None:
    return relationship.target if relationship.guarded else None


def _to_many(
    relationship: Relationship, tree: Include | None, fields: Mapping[str, frozenset[str]]
) -> ToMany:
    """`tree` is None where only the linkage is asked for: then the keys are all that is selected."""
    columns = Columns()
    parent = columns.place(relationship.way_back)
    if tree is None:
        key = columns.place("pk")
        node = Node(relationship.target.type, key, None, (), (), (), (), ())
    else:
        node = _node(relationship.target, "", tree, fields, columns, guard=None)
    return ToMany(relationship.name, relationship, Plan(tuple(columns.paths), node), parent, tree is not None)


def _bind(source: AnyField, prefix: str, key: int, columns: Columns) -> Bind:
    """How one attribute is read from a row. The only place that knows kinds of fields."""
    if isinstance(source, BatchField):
        return _bind_batch(source, key)
    if isinstance(source, ComputedField):
        return _bind_computed(source, tuple(columns.place(prefix + path) for path in source.columns))
    if isinstance(source, SerializerMethodField) or source.source == "*":
        raise ImproperlyConfigured(
            f"{source.field_name}: a method field has no columns; declare a ComputedField."
        )
    place = columns.place(prefix + column_of(source))
    if isinstance(source, StrictField) and source.represents_itself:
        return _always(itemgetter(place))
    return _always(_represented(place, source.to_representation))


def _always(read: Read) -> Bind:
    return lambda batch: read


def _represented(place: int, represent: Callable[[Any], Any]) -> Read:
    def read(row: Row) -> Any:
        value = row[place]
        return None if value is None else represent(value)

    return read


def _bind_computed(source: ComputedField, places: tuple[int, ...]) -> Bind:
    compute = source.compute
    values = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
    if source.for_credential:
        return lambda batch: lambda row: compute(*values(row), credential=batch.reading.credential)
    return _always(lambda row: compute(*values(row)))


def _bind_batch(source: BatchField, key: int) -> Bind:
    def bind(batch: Batch) -> Read:
        loaded = batch.load(source.load)
        return lambda row: source.value_of(row[key], loaded)

    return bind


def _emit(node: Node, rows: list[Row], reading: Reading, seen: dict[tuple[str, UUID], Resource]) -> Resources:
    """Builds this node's resources, then what is included below it; `seen` holds every resource once."""
    rows = _within_reach(rows, node, reading)
    keys = list(dict.fromkeys(row[node.key] for row in rows if row[node.key] is not None))
    if not keys:
        return []
    linkage = {each.name: _related_rows(each, keys, reading) for each in node.to_many}
    beyond = {each.name: _beyond_reach(rows, each, reading) for each in node.to_one}
    batch = Batch(keys, reading)
    attributes = [(name, bind(batch)) for name, bind in node.attributes]
    begin = f"{reading.root}/{node.type}/"
    meta = {
        "mode": reading.credential.caller.mode.value,
        "organization_id": str(reading.credential.organization_id),
    }
    resources: dict[UUID, Resource] = {}
    for row in rows:
        key = row[node.key]
        if key is None or key in resources:
            continue
        identifier = str(key)
        address = begin + identifier
        resource = {
            "id": identifier,
            "type": node.type,
            "links": {"self": address},
            "attributes": {name: read(row) for name, read in attributes},
            "relationships": _relationships(node, row, address, linkage, beyond),
            "meta": meta,
        }
        resources[key] = _once(resource, key, seen)
    # Where there is no such resource, nothing hangs on it. Django reads a key that two relations share from
    # the nearer one, and so finds it even there.
    present = [row for row in rows if row[node.key] is not None]
    for child in node.children:
        _emit(child, present, reading, seen)
    for each in node.to_many:
        if each.included:
            _emit(
                each.plan.node, [row for some in linkage[each.name].values() for row in some], reading, seen
            )
    return list(resources.values())


def _once(resource: Resource, key: UUID, seen: dict[tuple[str, UUID], Resource]) -> Resource:
    """One resource object for each type and id, with the linkage of every way that led to it."""
    known = seen.setdefault((resource["type"], key), resource)
    if known is not resource:
        for name, relationship in resource["relationships"].items():
            if "data" in relationship:
                known["relationships"][name] = relationship
    return known


def _relationships(
    node: Node,
    row: Row,
    address: str,
    linkage: Mapping[str, Mapping[UUID, list[Row]]],
    beyond: Mapping[str, frozenset[UUID]],
) -> dict[str, dict[str, Any]]:
    """Every relationship has both links; those included or asked for by name have their linkage as well."""
    relationships: dict[str, dict[str, Any]] = {
        name: {"links": {"self": f"{address}/relationships/{name}", "related": f"{address}/{name}"}}
        for name in node.relationships
    }
    for one in node.to_one:
        key = row[one.key]
        nothing = key is None or key in beyond[one.name]
        relationships[one.name]["data"] = None if nothing else identifier(one.type, key)
    for many in node.to_many:
        if many.name in relationships:
            target = many.plan.node
            relationships[many.name]["data"] = [
                identifier(target.type, each[target.key])
                for each in linkage[many.name].get(row[node.key], ())
            ]
    return relationships


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
    return keys.difference(place.guard.visible_to(caller).filter(pk__in=keys).values_list("pk", flat=True))


def _related_rows(each: ToMany, keys: Iterable[UUID], reading: Reading) -> dict[UUID, list[Row]]:
    """The rows of a to-many relationship for all parents of a page, by parent."""
    relationship = each.relationship
    queryset = (
        relationship.target.visible_to(reading.credential.caller)
        .filter(**{f"{relationship.way_back}__in": list(keys)})
        .order_by("pk")
        .values_list(*each.plan.columns)
    )
    by_parent: dict[UUID, list[Row]] = {}
    key = each.plan.node.key
    for row in queryset:
        rows = by_parent.setdefault(row[each.parent], [])
        if not (relationship.repeating and rows and rows[-1][key] == row[key]):
            rows.append(row)
    return by_parent


def identifier(resource_type: str, key: UUID) -> Identifier:
    return {"type": resource_type, "id": str(key)}
