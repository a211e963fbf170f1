"""A serializer class, sparse fields and an include tree, compiled into one plan (`api.plans`) and kept.

A plan knows the columns to select and holds, for every attribute, a function of the selected row. To-one
includes are columns of the same SELECT; each to-many include is one query for the page.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
from django.core.exceptions import ImproperlyConfigured
from rest_framework.fields import SerializerMethodField

from api.computed import BatchField, ComputedField
from api.declaration import AnyField, Declaration, Relationship, column_of
from api.fields import Metadata, StrictField, Timestamp, timestamp_as_stored
from api.plans import ADDRESS, Attributes, Batch, Bind, Node, Plan, Read, ToMany, ToOne
from api.query import Include, SparseFields
from api.selecting import Columns
from kernel.statements import Row


@lru_cache(maxsize=256)
def plan_for(declaration: Declaration, include: Include, fields: SparseFields) -> Plan:
    """The cache is bounded because the sparse fields are the client's to combine."""
    columns = Columns()
    return Plan(columns, _node(declaration, "", include, dict(fields), columns, guard=None))


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
    key = columns.place(prefix, "pk")
    return Node(
        type=declaration.type,
        key=key,
        guard=guard,
        attributes=_attributes(declaration, listed, prefix, key, columns),
        relationships=_relationships(emitted, with_linkage),
        to_one=tuple(
            ToOne(each.name, each.target.type, columns.place(prefix, each.key_column), _guard(each))
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


def _relationships(emitted: Sequence[Relationship], with_linkage: Sequence[Relationship]) -> str:
    """Their JSON, to be filled in. Names and types are declared, and hold nothing that would be escaped."""
    members = []
    for each in emitted:
        links = f'"self":"{ADDRESS}/relationships/{each.name}","related":"{ADDRESS}/{each.name}"'
        data = f',"data":%({each.name})s' if each in with_linkage else ""
        members.append(f'"{each.name}":{{"links":{{{links}}}{data}}}')
    return f"{{{','.join(members)}}}"


def _guard(relationship: Relationship) -> Declaration | None:
    return relationship.target if relationship.guarded else None


def _to_many(
    relationship: Relationship, tree: Include | None, fields: Mapping[str, frozenset[str]]
) -> ToMany:
    """`tree` is None where only the linkage is asked for: then the keys are all that is selected."""
    columns = Columns()
    parent = columns.place("", relationship.way_back)
    if tree is None:
        nothing = Attributes(_columns((), ()), ())
        key = columns.place("", "pk")
        node = Node(relationship.target.type, key, None, nothing, "{}", (), (), ())
    else:
        node = _node(relationship.target, "", tree, fields, columns, guard=None)
    return ToMany(relationship.name, relationship, Plan(columns, node), parent, tree is not None)


def _attributes(
    declaration: Declaration, listed: frozenset[str] | None, prefix: str, key: int, columns: Columns
) -> Attributes:
    names: list[str] = []
    places: list[int] = []
    computed: list[tuple[str, Bind]] = []
    for name, source in declaration.readable.items():
        if listed is not None and name not in listed:
            continue
        names.append(name)
        if _is_plain(source):
            places.append(columns.place(prefix, column_of(source)))
        else:
            places.append(key)
            computed.append((name, _bind(source, prefix, key, columns)))
    return Attributes(_columns(tuple(names), tuple(places)), tuple(computed))


def _columns(names: tuple[str, ...], places: tuple[int, ...]) -> Callable[[Row], dict[str, Any]]:
    if len(names) < 2:
        return lambda row: {name: row[place] for name, place in zip(names, places, strict=True)}
    values = itemgetter(*places)
    return lambda row: dict(zip(names, values(row)))  # noqa: B905 (as many of the one as of the other)


def _is_plain(source: AnyField) -> bool:
    """Whether the column's value is the attribute's."""
    return (
        isinstance(source, StrictField)
        and source.represents_itself
        and source.source != "*"
        and type(source) is not Metadata
    )


def _bind(source: AnyField, prefix: str, key: int, columns: Columns) -> Bind:
    """How one attribute is read from a row. With `_is_plain`, the only place that knows kinds of fields."""
    if isinstance(source, BatchField):
        return _bind_batch(source, key)
    if isinstance(source, ComputedField):
        return _bind_computed(source, tuple(columns.place(prefix, column) for column in source.columns))
    if isinstance(source, SerializerMethodField) or source.source == "*":
        raise ImproperlyConfigured(
            f"{source.field_name}: a method field has no columns; declare a ComputedField."
        )
    path = prefix + column_of(source)
    if type(source) is Timestamp:
        return _represented(columns.text(path), timestamp_as_stored)
    if type(source) is Metadata:
        return _represented(columns.text(path), orjson.Fragment)
    return _represented(columns.place("", path), source.to_representation)


def _always(read: Read) -> Bind:
    return lambda batch: read


def _represented(place: int, represent: Callable[[Any], Any]) -> Bind:
    def read(row: Row) -> Any:
        value = row[place]
        return None if value is None else represent(value)

    return _always(read)


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
