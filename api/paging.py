"""Pages: by number, `page[number]` from 1, or by cursor, `page[after]` and `page[before]` (`api.cursors`).

A list read by numbers is counted, as far as that costs little (`kernel.counting`): always beyond the page
that is asked for, so that whoever follows `next`, or looks at `page_count` anew each time, misses nothing.

`page[size]` is 1 to 25 and 10 unless given (contract §1); a range between two cursors takes as many as it
may. A client asks for cursors by sending one, or by naming the profile in its Accept header without a page
number; from then on the links lead from page to page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from api.cursors import MAX_SIZE_EXCEEDED, CursorPage, Position, read_cursor
from api.errors import Rejection, brief, error
from api.shapes import Order, Window
from kernel.counting import Count

DEFAULT_SIZE: Final = 10
LARGEST_SIZE: Final = 25
LARGEST_NUMBER: Final = 10**9
"""Beyond it OFFSET would overflow; there is nothing to see either."""

WHOLE_NUMBER: Final = re.compile(r"0{0,9}[1-9][0-9]{0,9}")
NUMBER_KEYS: Final = frozenset({"page[number]", "page[size]"})
CURSOR_KEYS: Final = frozenset({"page[after]", "page[before]"})


@dataclass(frozen=True, slots=True)
class Page:
    number: int = 1
    size: int = DEFAULT_SIZE

    @property
    def window(self) -> Window:
        return (self.number - 1) * self.size, self.number * self.size


def asks_for_cursors(parameters: Mapping[str, Any], *, by_profile: bool) -> bool:
    return bool(CURSOR_KEYS & parameters.keys()) or (by_profile and "page[number]" not in parameters)


def read_page(parameters: Mapping[str, str]) -> Page:
    _only(parameters, NUMBER_KEYS, "is neither page[number] nor page[size].")
    number = _whole_number(parameters, "page[number]", 1)
    if number > LARGEST_NUMBER:
        _refuse_value("page[number]", f"must be a whole number from 1 to {LARGEST_NUMBER}.")
    return Page(number=number, size=_size(parameters, DEFAULT_SIZE))


def read_cursor_page(parameters: Mapping[str, str], order: Order, resource_type: str) -> CursorPage:
    _only(parameters, CURSOR_KEYS | {"page[size]"}, "can't be combined with cursors.")

    def position(key: str) -> Position | None:
        if key not in parameters:
            return None
        found = read_cursor(parameters[key], order, resource_type)
        return found or _refuse_value(key, "must be a cursor of this list in this order.")

    usual_size = LARGEST_SIZE if parameters.keys() >= CURSOR_KEYS else DEFAULT_SIZE
    return CursorPage(
        size=_size(parameters, usual_size), after=position("page[after]"), before=position("page[before]")
    )


def _only(parameters: Mapping[str, str], allowed: frozenset[str], complaint: str) -> None:
    for key in parameters:
        if key not in allowed:
            raise Rejection(error("INVALID_PAGE_OBJECT", f"{brief(key)} {complaint}", parameter=key))


def _size(parameters: Mapping[str, str], usual: int) -> int:
    size = _whole_number(parameters, "page[size]", usual)
    if size > LARGEST_SIZE:
        detail = f"page[size] must be a whole number from 1 to {LARGEST_SIZE}."
        refusal = error(
            "INVALID_PAGE_VALUE",
            detail,
            parameter="page[size]",
            type_of_problem=MAX_SIZE_EXCEEDED,
            meta={"page": {"maxSize": LARGEST_SIZE}},
        )
        raise Rejection(refusal)
    return size


def _whole_number(parameters: Mapping[str, str], key: str, usual: int) -> int:
    if key not in parameters:
        return usual
    if not WHOLE_NUMBER.fullmatch(parameters[key]):
        limit = LARGEST_SIZE if key == "page[size]" else LARGEST_NUMBER
        _refuse_value(key, f"must be a whole number from 1 to {limit}.")
    return int(parameters[key])


def _refuse_value(key: str, complaint: str) -> NoReturn:
    raise Rejection(error("INVALID_PAGE_VALUE", f"{key} {complaint}", parameter=key))


def known_count(page: Page, number: int) -> Count | None:
    """From the number of a page's rows: a first page that isn't full is the whole list."""
    return Count(number) if page.number == 1 and number < page.size else None


def page_meta(page: Page, count: Count) -> dict[str, Any]:
    """Where `record_count` is a lower bound the document says so, and `page_count` is one as well."""
    meta: dict[str, Any] = {"record_count": count.number, "page_count": page_count(page, count)}
    return meta if count.is_exact else {**meta, "record_count_is_exact": False}


def page_numbers(page: Page, count: Count) -> dict[str, int | None]:
    """Where the links lead: first and last always, prev and next where there is such a page. Nobody knows
    which is the last of a list that was not counted to its end."""
    last = page_count(page, count)
    numbers: dict[str, int | None] = {"first": 1}
    if page.number > 1:
        numbers["prev"] = min(page.number - 1, last)
    if page.number < last:
        numbers["next"] = page.number + 1
    return numbers | {"last": last if count.is_exact else None}


def page_count(page: Page, count: Count) -> int:
    """At least one: an empty list is one empty page."""
    return max(1, -(-count.number // page.size))
