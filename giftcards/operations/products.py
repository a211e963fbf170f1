"""What gift cards are sold as. Where a product is sold, is said here; for how much, its denominations say.

A caller restricted to certain markets changes a product only while it is sold nowhere else, and leaves it so:
others would sell what he has changed.
"""

import re
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, TypedDict
from uuid import UUID

from django.db import IntegrityError, transaction

from events.operations import Recorder
from giftcards.models import Product, ProductMarket
from giftcards.models.product import HANDLE, LONGEST_DESCRIPTION
from kernel.caller import Caller
from kernel.clock import database_now
from kernel.constraints import delete_unless_in_use, violated_constraint
from kernel.refusals import OPERATION, Conflict, InUse, Invalid, NotFound
from kernel.validation import (
    RESOURCE_CHECKS,
    Check,
    changed_attributes,
    checked,
    optional_text,
    required_text,
    storable_text,
)
from markets.attributes import code_format, months, web_address
from markets.models import Market

RESOURCE_TYPE: Final = "gift_card_products"
_record: Final = Recorder(RESOURCE_TYPE)
TAKEN: Final = "has already been taken"


class ProductChanges(TypedDict, total=False):
    """Only the keys that are present are changed; None empties an attribute."""

    name: str
    description: str | None
    handle: str | None
    image_url: str | None
    code_format: str | None
    """None: the market's, as for the next."""
    validity_months: int | None
    reference: str | None
    reference_origin: str | None
    metadata: dict[str, Any] | None
    markets: Collection[Market]
    """All that it is to be sold in, none for everywhere; the other two change what there is."""
    add_markets: Collection[Market]
    remove_markets: Collection[Market]


def description(about: str, value: Any) -> str | None:
    return storable_text(about, value, longest=LONGEST_DESCRIPTION) if value else None


def handle(about: str, value: Any) -> str | None:
    text = optional_text(about, value)
    if text is not None and not re.fullmatch(HANDLE, text):
        raise Invalid(
            about, "invalid", "can only have a-z, digits, and single hyphens between them", value=value
        )
    return text


def own_code_format(about: str, value: Any) -> str | None:
    return None if value is None or value == "" else code_format(about, value)


PRODUCT_CHECKS: Final[Mapping[str, Check]] = {
    "name": required_text,
    "description": description,
    "handle": handle,
    "image_url": web_address,
    "code_format": own_code_format,
    "validity_months": months,
    **RESOURCE_CHECKS,
}


def create_product(*, caller: Caller, attributes: ProductChanges, reason: str = "") -> Product:
    """A product needs a name. It can be bought once it has a denomination.

    Raises Invalid, NotFound for a market beyond the caller's reach, Conflict.
    """
    values = checked({"name": None, **_plain(attributes)}, PRODUCT_CHECKS)
    with transaction.atomic():
        product = Product(mode=caller.mode, **values)
        _refuse_taken_handle(product)
        _save(product)
        _apply_markets(product, frozenset(), attributes, caller)
        _record(product, "create", caller=caller, reason=reason)
    return product


def update_product(
    *,
    caller: Caller,
    product_id: UUID,
    changes: ProductChanges | None = None,
    disabled: bool | None = None,
    reason: str = "",
) -> Product:
    """Change it, and disable or enable it (None: neither). What changes nothing records nothing; cards that
    are sold keep what they have.

    Raises NotFound, Invalid, Conflict.
    """
    changes = changes or {}
    values = checked(_plain(changes), PRODUCT_CHECKS)
    with transaction.atomic():
        product = lock_product(product_id, caller)
        verb = "update"
        if disabled is not None and disabled != product.disabled:
            verb = "disable" if disabled else "enable"
            values["disabled_at"] = database_now() if disabled else None
        changed = changed_attributes(product, values)
        for attribute in changed:
            setattr(product, attribute, values[attribute])
        changed += _apply_markets(product, _markets_of(product), changes, caller)
        if not changed:
            return product
        _refuse_taken_handle(product)
        product.updated_at = database_now()
        _save(product)
        _record(product, verb, caller=caller, reason=reason, data={"changed": changed})
    return product


def delete_product(*, caller: Caller, product_id: UUID, reason: str = "") -> None:
    """With its denominations; one event says how many. Raises NotFound, and InUse if one of them was sold."""
    with transaction.atomic():
        product = lock_to_delete(product_id, caller, "product")
        denominations = list(product.denominations.order_by("pk"))
        for denomination in denominations:
            delete_unless_in_use(denomination, "product")
        ProductMarket.objects.filter(product=product).delete()
        delete_unless_in_use(product, "product")
        data = {"name": product.name, "denominations": len(denominations)}
        _record(product, "destroy", caller=caller, reason=reason, data=data)


def lock_product(product_id: UUID, caller: Caller) -> Product:
    """For whoever changes it or its denominations. Raises NotFound, and Invalid where that would change what
    is sold beyond the caller's reach."""
    try:
        # no_key: denominations that refer to it may be made and sold meanwhile.
        product = Product.objects.visible_to(caller).select_for_update(no_key=True).get(pk=product_id)
    except Product.DoesNotExist:
        raise NotFound(RESOURCE_TYPE, product_id) from None
    if not _are_within_reach(_markets_of(product), caller):
        message = "is not possible for a caller restricted to certain markets: the product is sold in others"
        raise Invalid(OPERATION, "market_restricted", message)
    return product


def lock_to_delete(product_id: UUID, caller: Caller, what: str) -> Product:
    """The same, in the words of a deletion: `what` is the product itself or its denomination. Raises
    NotFound, InUse."""
    try:
        return lock_product(product_id, caller)
    except Invalid:
        raise InUse(what, "it is sold in other markets too") from None


def _plain(changes: ProductChanges) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if name in PRODUCT_CHECKS}


def _markets_of(product: Product) -> frozenset[UUID]:
    return frozenset(product.availabilities.values_list("market_id", flat=True))


def _are_within_reach(market_ids: AbstractSet[UUID], caller: Caller) -> bool:
    """None are all of them."""
    return caller.market_ids is None or (bool(market_ids) and market_ids <= caller.market_ids)


def _apply_markets(
    product: Product, before: AbstractSet[UUID], changes: ProductChanges, caller: Caller
) -> list[str]:
    """Of a product that is stored; returns ["markets"] if that changed anything."""
    for market in (*changes.get("markets", ()), *changes.get("add_markets", ())):
        if market.mode != caller.mode or not caller.reaches_market(market.pk):
            raise NotFound("markets", market.pk)
    after = _wanted(before, changes)
    if not _are_within_reach(after, caller):
        message = "must be named by a caller restricted to certain markets"
        raise Invalid("markets", "market_restricted", message)
    ProductMarket.objects.filter(product=product, market__in=before - after).delete()
    ProductMarket.objects.bulk_create(
        ProductMarket(product=product, market_id=key, mode=product.mode) for key in sorted(after - before)
    )
    return ["markets"] if after != before else []


def _wanted(before: AbstractSet[UUID], changes: ProductChanges) -> AbstractSet[UUID]:
    kept = {market.pk for market in changes["markets"]} if "markets" in changes else before
    added = {market.pk for market in changes.get("add_markets", ())}
    left = (kept | added) - {market.pk for market in changes.get("remove_markets", ())}
    if not left and (kept | added):
        message = "can't lose the last one, which would sell it everywhere: to do that, set them to none"
        raise Invalid("markets", "last", message)
    return left


def _refuse_taken_handle(product: Product) -> None:
    others = Product.objects.filter(mode=product.mode, handle=product.handle).exclude(pk=product.pk)
    if product.handle is not None and others.exists():
        raise Invalid("handle", "taken", TAKEN, value=product.handle)


def _save(product: Product) -> None:
    try:
        with transaction.atomic():
            product.save()
    except IntegrityError as error:
        if violated_constraint(error) == "product_handle_is_unique_per_mode":
            raise Conflict("handle", TAKEN) from error
        raise
