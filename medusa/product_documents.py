"""Our products and denominations in Medusa's shape, member by member in Medusa's order.

Its one option is called "Denominations", and each denomination is a variant with a value of it. What Medusa
keeps in tables of their own (options, their values, prices, images) has its ids from what it stands for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from giftcards.models import Denomination, Product
from giftcards.tax import effective_rate, tax_on
from markets.models import Market
from medusa.documents import moment, rate

OPTION: Final = "Denominations"
ANSWERED_BY_NOBODY: Final[Mapping[str, None]] = dict.fromkeys(
    ("weight", "length", "height", "width", "hs_code", "origin_country", "mid_code", "material")
)
"""Nothing is posted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a customer looks: a currency, and a region that counts taxes, or none of it."""

    currency_code: str | None = None
    region: Market | None = None


def product(sold: Product, variants: Sequence[Denomination], place: Place | None = None) -> dict[str, Any]:
    """With a `place` as a store tells it, without one as the admin does."""
    pictured: tuple[Product | Denomination, ...] = (sold, *variants)
    return {
        **_base(sold),
        "title": sold.name,
        "subtitle": None,
        "description": sold.description,
        "handle": sold.handle or str(sold.pk),
        "is_giftcard": True,
        "status": "draft" if sold.disabled else "published",
        "thumbnail": sold.image_url,
        **ANSWERED_BY_NOBODY,
        "collection_id": None,
        "type_id": None,
        "discountable": False,
        "external_id": sold.reference,
        "metadata": sold.metadata or None,
        "collection": None,
        "images": [_image(each) for each in pictured if each.image_url],
        "options": [_option(sold, variants)],
        "profile_id": None,
        "tags": [],
        "type": None,
        "variants": [_variant(each, rank, place) for rank, each in enumerate(variants)],
    }


def _base(row: Product | Denomination) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
        "deleted_at": None,
    }


def _image(row: Product | Denomination) -> dict[str, Any]:
    return {**_base(row), "url": row.image_url, "metadata": None}


def _option(sold: Product, variants: Iterable[Denomination]) -> dict[str, Any]:
    return {
        **_base(sold),
        "title": OPTION,
        "product_id": str(sold.pk),
        "metadata": None,
        "values": [_value(each) for each in variants],
    }


def _value(denomination: Denomination) -> dict[str, Any]:
    return {
        **_base(denomination),
        "value": denomination.name,
        "option_id": str(denomination.product_id),
        "variant_id": str(denomination.pk),
        "metadata": None,
    }


def _variant(denomination: Denomination, rank: int, place: Place | None) -> dict[str, Any]:
    return {
        **_base(denomination),
        "title": denomination.name,
        "product_id": str(denomination.product_id),
        "sku": denomination.reference,
        "barcode": None,
        "ean": None,
        "upc": None,
        "variant_rank": rank,
        "inventory_quantity": 0,
        "allow_backorder": True,
        "manage_inventory": False,
        **ANSWERED_BY_NOBODY,
        "metadata": denomination.metadata or None,
        "options": [_value(denomination)],
        "prices": [_price(denomination, code, amount) for code, amount in _amounts(denomination)],
        "purchasable": not (denomination.disabled or denomination.product.disabled),
        **({} if place is None else _pricing(denomination, place)),
    }


def _amounts(denomination: Denomination) -> list[tuple[str, int]]:
    return sorted(denomination.amounts.items())


def _price(denomination: Denomination, currency_code: str, amount_cents: int) -> dict[str, Any]:
    code = currency_code.lower()
    return {
        **_base(denomination),
        "id": f"{denomination.pk}_{code}",
        "currency_code": code,
        "amount": amount_cents,
        "min_quantity": None,
        "max_quantity": None,
        "price_list_id": None,
        "region_id": None,
        "variant_id": str(denomination.pk),
        "price_list": None,
    }


def _pricing(denomination: Denomination, place: Place) -> dict[str, Any]:
    """Nothing is ever on sale, so what is calculated is the original; neither includes tax."""
    amount = denomination.amounts.get(place.currency_code) if place.currency_code else None
    taxes = _taxes(amount, place.region)
    kind, includes_tax = (None, None) if amount is None else ("default", False)
    return {
        "original_price": amount,
        "calculated_price": amount,
        "calculated_price_type": kind,
        "original_price_includes_tax": includes_tax,
        "calculated_price_includes_tax": includes_tax,
        "original_price_incl_tax": taxes["incl_tax"],
        "calculated_price_incl_tax": taxes["incl_tax"],
        "original_tax": taxes["tax"],
        "calculated_tax": taxes["tax"],
        "tax_rates": taxes["rates"],
    }


def _taxes(amount: int | None, region: Market | None) -> dict[str, Any]:
    """Only a region says, and only one that counts taxes by itself."""
    if region is None or not region.automatic_taxes:
        return {"incl_tax": None, "tax": None, "rates": None}
    percent = effective_rate(None, market_rate=region.tax_rate, market_taxes_cards=region.gift_cards_taxable)
    rates = [{"rate": rate(percent), "name": "default", "code": region.tax_code or "default"}]
    if amount is None:
        return {"incl_tax": None, "tax": None, "rates": rates}
    tax = tax_on(amount, percent)
    return {"incl_tax": amount + tax, "tax": tax, "rates": rates}
