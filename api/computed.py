"""Fields that are read from more, or from elsewhere, than the one column of their name.

They say which columns they need instead of being handed a model instance: that is what lets a resource be
read without instances (`api.plans`), while `to_representation` still works on one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

from django.db.models import Model
from django.db.models.expressions import Combinable
from rest_framework import serializers
from rest_framework.fields import empty

from api.credential import Credential


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """A column that the database computes from others. `expression` is told the ORM's way to the row (`""`,
    `"gift_card__"`), and makes the expression that has the value there."""

    expression: Callable[[str], Combinable]

    def of(self, instance: Model) -> Any:
        rows = type(instance)._default_manager.filter(pk=instance.pk)
        return rows.values_list(self.expression(""), flat=True).get()


NOTHING: Final = object()
"""What was loaded of a key that the loading leaves out."""

KEY: Final = "id"
"""Among the columns of a ComputedField: the row's key, as text."""

Load: TypeAlias = Callable[[list[UUID], Credential], Mapping[UUID, Any]]


class ComputedField(serializers.Field[Any, Any, Any, Any]):
    """A value computed from named columns of the row and of its to-one relations (`"market__locale"`), and
    from what the database derives of them (`Derived`).

    `compute` receives the columns' values in order, and the credential as `credential=` when `for_credential`
    is set: what a reader may see can depend on who reads. `write` is the field that reads the value from a
    request; without it the attribute is read-only. `returns` is the type of what is read, where `compute` is
    not annotated with it: the OpenAPI document says so.
    """

    def __init__(
        self,
        *,
        columns: tuple[str | Derived, ...],
        compute: Callable[..., Any],
        for_credential: bool = False,
        write: serializers.Field[Any, Any, Any, Any] | None = None,
        returns: Any = None,
        **kwargs: Any,
    ) -> None:
        self.columns = columns
        self.compute = compute
        self.returns = returns
        self.for_credential = for_credential
        self.write = write
        super().__init__(**{**_writing(write), **kwargs})

    def get_attribute(self, instance: Any) -> tuple[Any, ...]:
        return tuple(_value(instance, column) for column in self.columns)

    def to_representation(self, value: tuple[Any, ...]) -> Any:
        if self.for_credential:
            return self.compute(*value, credential=self.context["credential"])
        return self.compute(*value)

    def run_validation(self, data: Any = empty) -> Any:
        if self.write is None:
            return super().run_validation(data)
        return self.write.run_validation(data)


class BatchField(serializers.Field[Any, Any, Any, Any]):
    """A value that one call loads for a whole page: `load(keys, credential) -> {key: value}`.

    Fields with the same `load` share its one call, each with a `compute` of its own. `default` makes the
    value of a key that `load` leaves out. Sparse fields without the attribute load nothing. `write` and
    `returns` are as for a ComputedField.
    """

    def __init__(
        self,
        *,
        load: Load,
        default: Callable[[], Any],
        compute: Callable[[Any], Any] | None = None,
        write: serializers.Field[Any, Any, Any, Any] | None = None,
        returns: Any = None,
        **kwargs: Any,
    ) -> None:
        self.load = load
        self.compute = compute
        self.write = write
        self.returns = returns
        self.missing = default
        super().__init__(**_writing(write), **kwargs)

    def get_attribute(self, instance: Any) -> UUID:
        return cast(UUID, instance.pk)

    def to_representation(self, value: UUID) -> Any:
        return self.value_of(self.load([value], self.context["credential"]).get(value, NOTHING))

    def run_validation(self, data: Any = empty) -> Any:
        if self.write is None:
            return super().run_validation(data)
        return self.write.run_validation(data)

    def value_of(self, loaded: Any) -> Any:
        if loaded is NOTHING:
            return self.missing()
        return loaded if self.compute is None else self.compute(loaded)


def _writing(write: serializers.Field[Any, Any, Any, Any] | None) -> dict[str, Any]:
    """What a field takes over from the one that reads its value from a request."""
    if write is None:
        return {"read_only": True}
    return {"required": write.required, "allow_null": write.allow_null}


def _value(instance: Any, column: str | Derived) -> Any:
    if isinstance(column, Derived):
        return column.of(instance)
    return str(instance.pk) if column == KEY else walk(instance, column)


def walk(instance: Any, column: str) -> Any:
    """The value of an ORM column path on an instance; None where a relation on the way is null."""
    for step in column.split("__"):
        if instance is None:
            return None
        instance = getattr(instance, step)
    return instance
