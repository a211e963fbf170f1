"""What a caller says about an operation; kept beside its ledger entry and its event."""

from dataclasses import dataclass
from typing import Final

from kernel.validation import LONGEST_REASON, optional_text, storable_text


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
        storable_text("reason", self.reason, longest=LONGEST_REASON)
        optional_text("reference", self.reference)
        optional_text("order_number", self.order_number)


NO_OCCASION: Final = Occasion()
