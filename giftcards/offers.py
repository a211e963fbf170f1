"""What a denomination is sold for in a market, and what its cards are like there.

| asked | the product says so | else |
|---|---|---|
| amount | the denomination's, in the market's currency | not sold there |
| validity | `validity_months` | the market's `default_validity_months` |
| format of the code | `code_format` | the market's |

The image is the denomination's, or else the product's.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from giftcards.code_format import MAKERS
from giftcards.models import Denomination, Product
from giftcards.policy import expiry_after, require_lawful_validity
from kernel.refusals import Invalid
from kernel.secret import Secret
from markets.models import Market

ABOUT: Final = "denomination"


@dataclass(frozen=True, slots=True)
class Offer:
    """`amount_cents` are minor units of the market's currency; `validity_months` None: no expiry."""

    market: Market
    amount_cents: int
    validity_months: int | None
    code_format: str
    image_url: str | None

    def new_code(self) -> Secret:
        return MAKERS[self.code_format]()

    def expires_at(self, issued_at: datetime) -> datetime | None:
        """Of a card that is issued then. Raises Invalid for a day that no calendar has."""
        return expiry_after(self.validity_months, self.market, issued_at)


def offer(denomination: Denomination, market: Market) -> Offer:
    """Raises Invalid about the `denomination`: it or its product is disabled, is not sold in this market,
    has no amount in its currency, or promises a validity that the market's policy does not allow. Whether the
    market sells at all is its own matter."""
    product = denomination.product
    if denomination.disabled or product.disabled:
        raise Invalid(ABOUT, "disabled", "is disabled", value=str(denomination.pk))
    if not is_sold_in(product, market):
        message = f"is not sold in the market {market.name}"
        raise Invalid(ABOUT, "other_market", message, value=str(denomination.pk))
    amount_cents = denomination.amounts.get(market.currency_code)
    if amount_cents is None:
        message = f"has no amount in {market.currency_code}, the currency of the market {market.name}"
        raise Invalid(ABOUT, "currency_mismatch", message, value=str(denomination.pk))
    require_lawful_validity(market, product.validity_months, about=ABOUT)
    return Offer(
        market=market,
        amount_cents=amount_cents,
        validity_months=product.validity_months or market.default_validity_months,
        code_format=product.code_format or market.code_format,
        image_url=denomination.image_url or product.image_url,
    )


def is_sold_in(product: Product, market: Market) -> bool:
    """In all markets of its mode if it names none."""
    if product.mode != market.mode:
        return False
    # Not filtered: who reads many products has prefetched these.
    named = {each.market_id for each in product.availabilities.all()}
    return not named or market.pk in named
