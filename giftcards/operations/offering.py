"""What a denomination is sold as in a market."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from giftcards import code_format
from giftcards.models import Denomination
from giftcards.offers import offer
from giftcards.operations.rules import require_amount
from kernel.caller import Caller
from kernel.clock import database_now
from kernel.refusals import Invalid, NotFound
from kernel.secret import Secret
from markets.models import CodeFormat, Market


@dataclass(frozen=True, slots=True)
class Offered:
    """`amount_cents` is of one card, in minor units of the market's currency. What is None is the market's
    to say."""

    amount_cents: int
    denomination: Denomination | None = None
    image_url: str | None = None
    expires_at: datetime | None = None
    code_format: str | None = None

    def make_code(self) -> Secret | None:
        return None if self.code_format is None else code_format.MAKERS[CodeFormat(self.code_format)]()


def offered(
    denomination_id: UUID | None, amount_cents: int | None, *, market: Market, caller: Caller
) -> Offered:
    """Either of the two is told. Raises NotFound, Invalid about `denomination` or `amount_cents`."""
    if denomination_id is None:
        if amount_cents is None:
            raise Invalid("amount_cents", "blank", "can't be blank without a denomination")
        require_amount(amount_cents, about="amount_cents")
        return Offered(amount_cents)
    if amount_cents is not None:
        raise Invalid("amount_cents", "exclusive", "can't be combined with denomination", value=amount_cents)
    found = Denomination.objects.visible_to(caller).select_related("product").filter(pk=denomination_id)
    denomination = found.first()
    if denomination is None:
        raise NotFound("gift_card_denominations", denomination_id)
    return _offer(denomination, market)


def _offer(denomination: Denomination, market: Market) -> Offered:
    found = offer(denomination, market)
    return Offered(
        found.amount_cents,
        denomination,
        found.image_url,
        found.expires_at(database_now()),
        found.code_format,
    )
