"""Pages by number: `page[number]` from 1, `page[size]` 1 to 25 and 10 unless given (contract §1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.errors import Rejection, brief, error

DEFAULT_SIZE: Final = 10
LARGEST_SIZE: Final = 25
LARGEST_NUMBER: Final = 10**9
"""Beyond it OFFSET would overflow; there is nothing to see either."""

WHOLE_NUMBER: Final = re.compile(r"[1-9][0-9]{0,9}")
LIMITS: Final = {"page[number]": LARGEST_NUMBER, "page[size]": LARGEST_SIZE}


@dataclass(frozen=True, slots=True)
class Page:
    number: int = 1
    size: int = DEFAULT_SIZE

    @property
    def rows(self) -> slice:
        return slice((self.number - 1) * self.size, self.number * self.size)


def read_page(parameters: Mapping[str, str]) -> Page:
    for key, text in parameters.items():
        if key not in LIMITS:
            raise Rejection(
                error(
                    "INVALID_PAGE_OBJECT",
                    f"{brief(key)} is neither page[number] nor page[size].",
                    parameter=key,
                )
            )
        if not WHOLE_NUMBER.fullmatch(text) or int(text) > LIMITS[key]:
            raise Rejection(
                error(
                    "INVALID_PAGE_VALUE",
                    f"{key} must be a whole number from 1 to {LIMITS[key]}.",
                    parameter=key,
                )
            )
    return Page(
        number=int(parameters.get("page[number]", 1)), size=int(parameters.get("page[size]", DEFAULT_SIZE))
    )


def page_meta(page: Page, record_count: int) -> dict[str, Any]:
    return {"record_count": record_count, "page_count": page_count(page, record_count)}


def page_numbers(page: Page, record_count: int) -> dict[str, int]:
    """Where the links lead: first and last always, prev and next where there is such a page."""
    last = page_count(page, record_count)
    numbers = {"first": 1}
    if page.number > 1:
        numbers["prev"] = min(page.number - 1, last)
    if page.number < last:
        numbers["next"] = page.number + 1
    return numbers | {"last": last}


def page_count(page: Page, record_count: int) -> int:
    """At least one: an empty list is one empty page."""
    return max(1, -(-record_count // page.size))
