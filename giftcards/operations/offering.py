"""What a denomination is sold as in a market."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from giftcards import code_format
from giftcards.expiry import end_of_validity
from giftcards.models import Denomination, Product
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
    product = denomination.product
    key = str(denomination.pk)
    if denomination.disabled or product.disabled:
        raise Invalid("denomination", "disabled", "is disabled", value=key)
    sold_in = set(product.availabilities.values_list("market_id", flat=True))
    if sold_in and market.pk not in sold_in:
        message = f"is not sold in the market {market.name}"
        raise Invalid("denomination", "other_market", message, value=key)
    amount_cents = denomination.amounts.get(market.currency_code)
    if amount_cents is None:
        message = f"has no amount in {market.currency_code}"
        raise Invalid("denomination", "currency_mismatch", message, value=key)
    return Offered(
        amount_cents,
        denomination,
        denomination.image_url or product.image_url,
        _expiry(product, market),
        product.code_format,
    )


def _expiry(product: Product, market: Market) -> datetime | None:
    if product.validity_months is None:
        return None
    try:
        return end_of_validity(database_now(), product.validity_months, market.time_zone)
    except OverflowError:
        raise Invalid("denomination", "invalid", "is valid for longer than calendars reach") from None
