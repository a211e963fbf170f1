"""What a denomination is sold as in a market."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from giftcards.models import Denomination
from giftcards.offers import Offer, offer
from giftcards.operations.rules import require_amount
from kernel.caller import Caller
from kernel.clock import database_now
from kernel.refusals import Invalid, NotFound
from kernel.secret import Secret
from markets.models import Market


@dataclass(frozen=True, slots=True)
class Offered:
    """`amount_cents` is of one card, in minor units of the market's currency. Without a denomination, its
    terms are the market's to say."""

    amount_cents: int
    denomination: Denomination | None = None
    terms: Offer | None = None
    expires_at: datetime | None = None

    @property
    def image_url(self) -> str | None:
        return None if self.terms is None else self.terms.image_url

    def new_code(self) -> Secret | None:
        return None if self.terms is None else self.terms.new_code()


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
    terms = offer(denomination, market)
    return Offered(terms.amount_cents, denomination, terms, terms.expires_at(database_now()))
