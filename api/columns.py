"""The columns of a SELECT, which a plan's attributes are read from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from django.db.models import F, TextField
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from api.computed import Derived


@dataclass(slots=True, eq=False)
class Columns:
    """The columns of one SELECT, each once. Who adds one is told its index in the rows."""

    indexes: dict[tuple[str, object], int] = field(default_factory=dict)
    selected: list[str | Combinable] = field(default_factory=list)

    def add(self, prefix: str, column: str | Derived) -> int:
        if isinstance(column, Derived):
            return self._add((prefix, column), lambda: column.expression(prefix))
        path = prefix + column
        return self._add(("", path), lambda: path)

    def add_as_text(self, path: str) -> int:
        """The column as PostgreSQL writes it: what goes out as text need not become an object before."""
        return self._add(("as text", path), lambda: Cast(F(path), TextField()))

    def _add(self, known_by: tuple[str, object], select: Callable[[], str | Combinable]) -> int:
        if known_by not in self.indexes:
            self.indexes[known_by] = len(self.selected)
            self.selected.append(select())
        return self.indexes[known_by]

    @property
    def key(self) -> int:
        """Where the row's primary key is, as it is or as text. Raises KeyError if it was not added."""
        index = self.indexes.get(("", "pk"))
        return self.indexes["as text", "pk"] if index is None else index


@lru_cache(maxsize=512)
def columns_named(*paths: str) -> Columns:
    """The same object for the same columns: statements are kept by it. The cache is bounded because the
    orders that a walk reads are the client's to combine."""
    columns = Columns()
    for path in paths:
        columns.add("", path)
    return columns


def _key_as_text() -> Columns:
    columns = Columns()
    columns.add_as_text("pk")
    return columns


KEY_AS_TEXT: Final = _key_as_text()
"""Nothing but the key."""
