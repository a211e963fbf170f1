"""What a caller says about an operation; kept beside its ledger entry and its event."""

from dataclasses import dataclass
from typing import Final

from kernel.refusals import Invalid

LONGEST_REFERENCE: Final = 255
LONGEST_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class Occasion:
    """`reason` is for people, `reference` is the order's id in the shop, `order_number` what its customer
    reads.

    Raises Invalid for a text that is too long to be kept whole or that PostgreSQL cannot hold.
    """

    reason: str = ""
    reference: str | None = None
    order_number: str | None = None

    def __post_init__(self) -> None:
        _require_text("reason", self.reason, LONGEST_REASON)
        _require_text("reference", self.reference, LONGEST_REFERENCE)
        _require_text("order_number", self.order_number, LONGEST_REFERENCE)


def _require_text(about: str, text: str | None, longest: int) -> None:
    if text is None:
        return
    if len(text) > longest:
        raise Invalid(about, "too_long", f"is too long (maximum is {longest} characters)", count=longest)
    if "\x00" in text:
        raise Invalid(about, "invalid", "can't contain a NUL character")


NO_OCCASION: Final = Occasion()
