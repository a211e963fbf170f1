"""Pages of a list that is counted only as far as that costs little (`kernel.counting`)."""

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

from kernel.counting import Count, count


class CountingPaginator(Paginator[Any]):
    """Where there are more than it counts, it goes on for one page after that with the number `asked_for`."""

    template_name = "back_office/pagination.html"

    def __init__(self, *args: Any, asked_for: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked_for = asked_for

    @cached_property
    def found(self) -> Count:
        rows: Any = self.object_list
        return count(rows, as_far_as=self.asked_for * self.per_page)

    @cached_property
    def count(self) -> int:
        return self.found.number

    @property
    def counted_to(self) -> int:
        """More than so many there are, unless the count is exact."""
        return self.count if self.found.is_exact else self.count - 1
