"""A serializer class, sparse fields and an include tree, compiled into one plan (`api.plans`) and kept.

A plan knows the columns to select and holds, for every attribute, a function of the selected columns. To-one
includes are columns of the same SELECT; each to-many include is one query for the page.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import orjson
from django.core.exceptions import ImproperlyConfigured
from rest_framework.fields import SerializerMethodField

from api.columns import Columns
from api.computed import KEY, BatchField, ComputedField
from api.declaration import AnyField, Declaration, Relationship, column_of
from api.fields import Metadata, StrictField, Timestamp, timestamp_as_stored
from api.plans import ADDRESS, Attributes, Batch, Node, Plan, Reader, ToMany, ToOne
from api.query import Include, SparseFields


@lru_cache(maxsize=256)
def plan_for(declaration: Declaration, include: Include, fields: SparseFields) -> Plan:
    """The cache is bounded because the sparse fields are the client's to combine."""
    columns = Columns()
    node = _node(declaration, "", include, dict(fields), columns, key=columns.add_as_text("pk"), guard=None)
    return Plan(columns, node)


def _node(
    declaration: Declaration,
    prefix: str,
    include: Include,
    fields: Mapping[str, frozenset[str]],
    columns: Columns,
    *,
    key: int,
    guard: Declaration | None,
) -> Node:
    listed = fields.get(declaration.type)
    emitted = [each for name, each in declaration.relationships.items() if listed is None or name in listed]
    trees = dict(include)
    with_linkage = [
        each for each in emitted if each.name in trees or (listed is not None and not each.links_only)
    ]
    included = [declaration.relationships[name] for name in trees]
    needed = [*included, *with_linkage]
    to_one = {each.name: _to_one(each, prefix, columns) for each in needed if not each.many}
    to_many = {each.name: _to_many(each, trees.get(each.name), fields) for each in needed if each.many}
    return Node(
        type=declaration.type,
        key=key,
        guard=guard,
        attributes=_attributes(declaration, listed, prefix, key, columns),
        relationships=_relationships_json(emitted, with_linkage),
        linkage=tuple(to_many[each.name] if each.many else to_one[each.name] for each in with_linkage),
        to_many=tuple(to_many.values()),
        children=tuple(
            _node(
                each.target,
                prefix + each.path,
                trees[each.name],
                fields,
                columns,
                key=to_one[each.name].key,
                guard=to_one[each.name].guard,
            )
            for each in included
            if not each.many
        ),
    )


def _relationships_json(emitted: Sequence[Relationship], with_linkage: Sequence[Relationship]) -> str:
    """Their JSON, to be filled in. Names and types are declared, and hold nothing that would be escaped."""
    members = []
    for each in emitted:
        links = f'"self":"{ADDRESS}/relationships/{each.name}","related":"{ADDRESS}/{each.name}"'
        data = ',"data":%s' if each in with_linkage else ""
        members.append(f'"{each.name}":{{"links":{{{links}}}{data}}}')
    return f"{{{','.join(members)}}}"


def _to_one(relationship: Relationship, prefix: str, columns: Columns) -> ToOne:
    target, key = relationship.target, columns.add_as_text(prefix + relationship.key_column)
    return ToOne(relationship.name, target.type, key, target if relationship.guarded else None)


def _to_many(
    relationship: Relationship, tree: Include | None, fields: Mapping[str, frozenset[str]]
) -> ToMany:
    """`tree` is None where only the linkage is asked for: then the keys are all that is selected."""
    columns = Columns()
    parent, key = columns.add_as_text(relationship.way_back), columns.add_as_text("pk")
    if tree is None:
        node = Node(relationship.target.type, key, None, Attributes((), ()), "{}", (), (), ())
    else:
        node = _node(relationship.target, "", tree, fields, columns, key=key, guard=None)
    return ToMany(relationship.name, relationship, Plan(columns, node), parent, tree is not None)


def _attributes(
    declaration: Declaration, listed: frozenset[str] | None, prefix: str, key: int, columns: Columns
) -> Attributes:
    readers = {
        name: _reader(source, prefix, key, columns)
        for name, source in declaration.readable.items()
        if listed is None or name in listed
    }
    return Attributes(tuple(readers), tuple(readers.values()))


def _reader(source: AnyField, prefix: str, key: int, columns: Columns) -> Reader:
    """How one attribute is read from the columns. The only place that knows kinds of fields."""
    if isinstance(source, BatchField):
        return _loaded(source)
    if isinstance(source, ComputedField):
        return _computed(
            source,
            [key if column == KEY else columns.add(prefix, column) for column in source.columns],
        )
    if isinstance(source, SerializerMethodField) or source.source == "*":
        raise ImproperlyConfigured(
            f"{source.field_name}: a method field has no columns; declare a ComputedField."
        )
    path = prefix + column_of(source)
    if type(source) is Timestamp:
        return _represented(columns.add_as_text(path), timestamp_as_stored)
    if type(source) is Metadata:
        return _represented(columns.add_as_text(path), orjson.Fragment)
    if isinstance(source, StrictField) and source.represents_itself:
        return _column(columns.add("", path))
    return _represented(columns.add("", path), source.to_representation)


def _column(index: int) -> Reader:
    return lambda batch: batch.columns[index]


def _represented(index: int, represent: Callable[[Any], Any]) -> Reader:
    return lambda batch: [None if value is None else represent(value) for value in batch.columns[index]]


def _computed(source: ComputedField, indexes: Sequence[int]) -> Reader:
    compute = source.compute

    def values(batch: Batch) -> Iterable[Any]:
        known = partial(compute, credential=batch.reading.credential) if source.for_credential else compute
        return map(known, *[batch.columns[index] for index in indexes])

    return values


def _loaded(source: BatchField) -> Reader:
    return lambda batch: map(source.value_of, batch.load(source.load))
