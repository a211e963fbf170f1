"""Medusa's lists: `limit`, `offset`, and one `order`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest

from medusa.answers import InvalidData
from medusa.reading import Field, fields_of, query_of, text, whole_number

LARGEST: Final = 1000
"""Medusa gives as many as asked for; here one page stays bounded."""

INTEGER: Final = "be an integer number"
STRING: Final = "be a string"
PARAMETERS: Final = (
    Field("limit", INTEGER, whole_number),
    Field("offset", INTEGER, whole_number),
    Field("q", STRING, text),
    Field("order", STRING, text),
)
SHOWN: Final = (Field("expand", STRING, text), Field("fields", STRING, text))
"""Everything is told anyway."""


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    offset: int
    q: str
    order: tuple[str, str]
    """With the key, which decides ties the same way."""
    given: Mapping[str, Any]
    """What was sent, read, by name."""

    @property
    def end(self) -> int:
        return self.offset + self.limit

    def of(self, rows: QuerySet[Any]) -> list[Any]:
        return list(rows.order_by(*self.order)[self.offset : self.end])

    def envelope(self, name: str, rows: list[dict[str, Any]], count: int) -> dict[str, Any]:
        """`count` is as exact as `kernel.counting` says; Medusa's documents have no place to say more."""
        return {name: rows, "count": count, "offset": self.offset, "limit": self.limit}


def page_of(
    request: HttpRequest, *, limit: int, columns: Mapping[str, str], filters: Sequence[Field] = ()
) -> Page:
    """`limit` unless the request says another; `columns` are what may be ordered by, `filters` what else may
    be sent. Newest first unless told otherwise. Raises InvalidData."""
    given = fields_of(query_of(request.GET), (*PARAMETERS, *filters))
    wrong = [f"{name} must not be less than 0" for name in ("limit", "offset") if given.get(name, 0) < 0]
    if given.get("limit", 0) > LARGEST:
        wrong.append(f"limit must not be greater than {LARGEST}")
    if wrong:
        raise InvalidData(", ".join(wrong))
    field = given.get("order", "-created_at")
    name, sign = field.removeprefix("-"), "-" if field.startswith("-") else ""
    if name not in columns:
        raise InvalidData(f"Order field {name} is not valid")
    return Page(
        limit=given.get("limit", limit),
        offset=given.get("offset", 0),
        q=given.get("q", ""),
        order=(f"{sign}{columns[name]}", f"{sign}id"),
        given=given,
    )
