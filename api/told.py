"""Values that a compiled statement is told each time it is run.

The ORM compiles a statement once. Where a value of the request belongs, its conditions have a `Told` instead,
which knows how the parameter is made of the values at hand. So what is kept holds no value of anybody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db.models import Expression, Field, Lookup

Values: TypeAlias = tuple[Any, ...]
Make: TypeAlias = Callable[[Values], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """What stands in a compiled statement's parameters: `made` gives the value from those that it is told."""

    made: Make


class Told(Expression):
    def __init__(self, made: Make) -> None:
        super().__init__()
        self.parameter = Parameter(made)

    def then(self, change: Callable[[Any], Any]) -> "Told":
        """The same value, changed before it goes to the database."""
        made = self.parameter.made
        return Told(lambda values: change(made(values)))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self.parameter,)


def told_at(place: int) -> Told:
    return Told(lambda values: values[place])


def array(those: Sequence[Told]) -> Told:
    """Several values as one parameter, so that their number makes no other statement."""
    made = [each.parameter.made for each in those]
    return Told(lambda values: [make(values) for make in made])


@Field.register_lookup
class Among(Lookup[Any]):
    """`column__among=` an array: `in`, with one parameter."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, column_params = self.process_lhs(compiler, connection)
        those, array_params = self.process_rhs(compiler, connection)
        return f"{column} = ANY({those})", (*column_params, *array_params)
