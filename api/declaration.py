"""What a serializer class declares, read once per process and kept: `declaration_of(MarketSerializer)`.

A declaration that cannot be served (an attribute called `id`, a relationship without a serializer, a filter
on a name that does not exist) is refused here, which is at start-up: the router asks for every one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import cleandoc
from typing import Any, Final, TypeAlias, cast

from django.core.exceptions import ImproperlyConfigured
from django.db.models import ForeignKey, Model, QuerySet
from rest_framework.relations import ManyRelatedField, RelatedField
from rest_framework.serializers import Field

from api.computed import BatchField, ComputedField
from api.matchers import AttributeFilter, kind_of
from api.serializers import ResourceSerializer
from kernel.caller import Caller

AnyField: TypeAlias = Field[Any, Any, Any, Any]
ModelClass: TypeAlias = type[Model]

RESERVED = {"id", "type", "links", "relationships", "meta"}
SAME_ROW: Final = "*"
"""REST framework's word for a source that is the whole instance."""


@dataclass(frozen=True)
class Relationship:
    """`source` is the relation's name on the model, or `*`: the same row, under another type.

    `serializer` describes what it leads to. What is `guarded` may lead to one that the caller does not reach.
    What is `repeating` may lead to the same one several times.
    """

    name: str
    source: str
    many: bool
    required: bool
    nullable: bool
    writable: bool
    includable: bool
    links_only: bool
    guarded: bool
    repeating: bool
    declared_way_back: str | None
    model: ModelClass
    serializer: type[ResourceSerializer]

    @cached_property
    def target(self) -> "Declaration":
        return declaration_of(self.serializer)

    @property
    def is_same_row(self) -> bool:
        return self.source == SAME_ROW

    @property
    def path(self) -> str:
        """What the ORM puts before the columns of a to-one relationship's target."""
        return "" if self.is_same_row else f"{self.source}__"

    @cached_property
    def key_column(self) -> str:
        """The column of a to-one relationship's key: no join is needed to know it."""
        if self.is_same_row:
            return "pk"
        field = self.model._meta.get_field(self.source)
        return field.attname if isinstance(field, ForeignKey) else f"{self.source}__pk"

    @cached_property
    def way_back(self) -> str:
        """From the target of a to-many relationship to this model's key, as the ORM names it."""
        if self.declared_way_back is not None:
            return self.declared_way_back
        relation = cast(Any, self.model._meta.get_field(self.source))
        name = relation.remote_field.name if relation.auto_created else relation.related_query_name()
        return f"{name}__pk"


@dataclass(frozen=True, eq=False)
class Declaration:
    """`about` is what the serializer's docstring tells of the resource."""

    type: str
    about: str
    model: ModelClass
    fields: Mapping[str, AnyField]
    relationships: Mapping[str, Relationship]
    create_only: frozenset[str]
    update_only: frozenset[str]
    triggers: tuple[str, ...]
    sensitive: frozenset[str]
    filterable: Mapping[str, AttributeFilter | None]
    sortable: frozenset[str]

    @cached_property
    def readable(self) -> Mapping[str, AnyField]:
        return {name: field for name, field in self.fields.items() if not field.write_only}

    @cached_property
    def family(self) -> Mapping[str, "Declaration"]:
        """This type and every one that its relationships lead to, however far."""
        found: dict[str, Declaration] = {}
        waiting = [self]
        while waiting:
            declaration = waiting.pop()
            if declaration.type not in found:
                found[declaration.type] = declaration
                waiting += [each.target for each in declaration.relationships.values()]
        return found

    def writable(self, name: str, *, creating: bool) -> bool:
        """Whether a request may set this attribute or relationship."""
        if name in (self.update_only if creating else self.create_only):
            return False
        if name in self.relationships:
            return self.relationships[name].writable
        return name in self.fields and not self.fields[name].read_only

    def visible_to(self, caller: Caller) -> QuerySet[Any]:
        """The rows that exist for a caller: the one door, kept by each model's manager."""
        return cast(QuerySet[Any], cast(Any, self.model)._default_manager.visible_to(caller))

    def column_of(self, attribute: str) -> str:
        """The column behind an attribute that is filtered or sorted by."""
        return "pk" if attribute == "id" else column_of(self.fields[attribute])


def column_of(field: AnyField) -> str:
    return str(field.source).replace(".", "__")


_declarations: dict[object, Declaration] = {}


def declaration_of(serializer_class: type[ResourceSerializer]) -> Declaration:
    if serializer_class not in _declarations:
        _declarations[serializer_class] = _declaration(serializer_class)
    return _declarations[serializer_class]


def _declaration(serializer_class: type[ResourceSerializer]) -> Declaration:
    meta = serializer_class.Meta
    fields = {name: field for name, field in serializer_class().fields.items() if name != "id"}
    attributes = {name: field for name, field in fields.items() if not is_relationship(field)}
    declaration = Declaration(
        type=meta.resource_name,
        about=cleandoc(vars(serializer_class).get("__doc__") or ""),
        model=meta.model,
        fields=attributes,
        relationships={
            name: _relationship(serializer_class, name, field)
            for name, field in fields.items()
            if is_relationship(field)
        },
        create_only=frozenset(meta.create_only_fields),
        update_only=frozenset(meta.update_only_fields),
        triggers=tuple(meta.triggers),
        sensitive=frozenset(meta.sensitive),
        filterable={"id": None} | _filters(meta.filterable),
        sortable=frozenset({"id", *meta.sortable}),
    )
    _refuse_contradictions(declaration)
    return declaration


def is_relationship(field: AnyField) -> bool:
    return isinstance(field, RelatedField | ManyRelatedField)


def _relationship(serializer_class: type[ResourceSerializer], name: str, field: AnyField) -> Relationship:
    meta = serializer_class.Meta
    included = getattr(serializer_class, "included_serializers", {})
    related = getattr(serializer_class, "related_serializers", {})
    if name not in included and name not in related:
        raise ImproperlyConfigured(
            f"{serializer_class.__name__}: {name!r} is in neither included_ nor related_serializers."
        )
    many = isinstance(field, ManyRelatedField)
    return Relationship(
        name=name,
        source=str(field.source),
        many=many,
        required=field.required,
        nullable=field.allow_null,
        writable=not field.read_only,
        includable=name in included,
        links_only=name in meta.links_only,
        guarded=name in meta.guarded,
        repeating=name in meta.repeating,
        declared_way_back=dict(meta.ways_back).get(name),
        model=meta.model,
        serializer=(included if name in included else related)[name],
    )


def _filters(declared: Any) -> dict[str, AttributeFilter | None]:
    return dict(declared) if isinstance(declared, Mapping) else dict.fromkeys(declared)


def _refuse_contradictions(declaration: Declaration) -> None:
    names = {*declaration.fields, *declaration.relationships}
    filtered = {name for name, special in declaration.filterable.items() if special is None}
    plain = {
        name
        for name, field in declaration.readable.items()
        if not isinstance(field, ComputedField | BatchField)
    }
    complaints = [
        *(f"{name!r} is a reserved member name" for name in sorted(names & RESERVED)),
        *(
            f"{name!r} is guarded, and no relationship to one"
            for name, each in declaration.relationships.items()
            if each.guarded and each.many
        ),
        *(f"{name!r} is not declared" for name in sorted(_words(declaration) - names - {"id"})),
        *(f"{name!r} has no column to filter by" for name in sorted(filtered - plain - {"id"})),
        *(f"{name!r} holds nothing that matchers know" for name in sorted(_unknown_kinds(declaration))),
        *(f"{name!r} has no column to sort by" for name in sorted(declaration.sortable - plain - {"id"})),
        *(
            f"{name!r} is too large to be included"
            for name, each in declaration.relationships.items()
            if each.links_only and each.includable
        ),
        *(
            f"trigger {name!r} is not write-only"
            for name in declaration.triggers
            if name in declaration.readable
        ),
    ]
    if complaints:
        raise ImproperlyConfigured(f"{declaration.type}: {'; '.join(complaints)}.")


def _unknown_kinds(declaration: Declaration) -> set[str]:
    filtered = (name for name, special in declaration.filterable.items() if special is None)
    return {
        name for name in filtered if name in declaration.fields and kind_of(declaration.fields[name]) is None
    }


def _words(declaration: Declaration) -> set[str]:
    return {
        *declaration.create_only,
        *declaration.update_only,
        *declaration.triggers,
        *declaration.sensitive,
        *declaration.filterable,
        *declaration.sortable,
    }
