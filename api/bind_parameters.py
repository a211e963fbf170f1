"""What stands in a compiled statement in the place of a value.

The ORM compiles a statement once. Where a value of the request belongs, its conditions have a BindParameter,
which takes it from the values that the statement is run with. So what is kept holds no value of anybody.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from django.db.models import Expression, Field, ForeignKey, Lookup

Values: TypeAlias = tuple[Any, ...]
"""What a statement is run with."""


class BindParameter(Expression):
    """To the ORM an expression; in the statement's parameters it stands for what `value_of` makes of the
    values."""

    def __init__(self, value_of: Callable[[Values], Any]) -> None:
        super().__init__()
        self.value_of = value_of

    def then(self, change: Callable[[Any], Any]) -> "BindParameter":
        """The same value, changed before it goes to the database."""
        value_of = self.value_of
        return BindParameter(lambda values: change(value_of(values)))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


def parameter_at(index: int) -> BindParameter:
    return BindParameter(lambda values: values[index])


def array(parameters: Sequence[BindParameter]) -> BindParameter:
    """Several values as one parameter, so that their number makes no other statement."""
    each_of = [each.value_of for each in parameters]
    return BindParameter(lambda values: [value_of(values) for value_of in each_of])


@Field.register_lookup
@ForeignKey.register_lookup
class Among(Lookup[Any]):
    """`column__among=` an array: `in`, with one parameter."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, column_params = self.process_lhs(compiler, connection)
        values, values_params = self.process_rhs(compiler, connection)
        return f"{column} = ANY({values})", (*column_params, *values_params)
