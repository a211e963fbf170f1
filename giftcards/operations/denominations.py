"""The values that a product comes in. Whoever changes one holds its product's lock, so that neither its
markets nor its other denominations change meanwhile."""

from collections.abc import Mapping
from typing import Any, Final, TypedDict
from uuid import UUID

from django.db import transaction

from events.operations import Recorder
from giftcards.models import Denomination, Product
from giftcards.money import MAX_AMOUNT, exponent
from giftcards.operations.products import lock_product, lock_to_delete
from kernel.caller import Caller
from kernel.clock import database_now
from kernel.constraints import delete_unless_in_use
from kernel.refusals import Invalid, NotFound
from kernel.validation import RESOURCE_CHECKS, Check, changed_attributes, checked, required_text
from markets.attributes import web_address

RESOURCE_TYPE: Final = "gift_card_denominations"
_record: Final = Recorder(RESOURCE_TYPE)
MOST_DENOMINATIONS: Final = 100
"""Of one product: they are shown together."""


class DenominationChanges(TypedDict, total=False):
    """Only the keys that are present are changed; None empties an attribute."""

    name: str
    amounts: Mapping[str, int]
    """In minor units, by ISO code: all that there are."""
    image_url: str | None
    reference: str | None
    reference_origin: str | None
    metadata: dict[str, Any] | None


def amounts(about: str, value: Any) -> dict[str, int]:
    if value is not None and not isinstance(value, Mapping):
        raise Invalid(about, "not_an_object", "must be an object", value=value)
    if not value:
        raise Invalid(about, "blank", "can't be blank: name at least one currency", value=value)
    for currency_code, amount_cents in value.items():
        _require_currency(about, currency_code)
        _require_amount(about, currency_code, amount_cents)
    return dict(value)


def _require_currency(about: str, currency_code: Any) -> None:
    try:
        exponent(currency_code)
    except (ValueError, TypeError):
        message = "can only have ISO 4217 currencies, in capitals"
        raise Invalid(about, "inclusion", message, value=currency_code) from None


def _require_amount(about: str, currency_code: str, amount_cents: Any) -> None:
    if not isinstance(amount_cents, int) or isinstance(amount_cents, bool):
        message = f"must be whole minor units, which that of {currency_code} is not"
        raise Invalid(about, "not_an_integer", message, value=amount_cents)
    if amount_cents < 1:
        message = f"must be greater than 0, which that of {currency_code} is not"
        raise Invalid(about, "greater_than", message, value=amount_cents, count=0)
    if amount_cents > MAX_AMOUNT:
        message = f"must be less than or equal to {MAX_AMOUNT}, which that of {currency_code} is not"
        raise Invalid(about, "less_than_or_equal_to", message, value=amount_cents, count=MAX_AMOUNT)


DENOMINATION_CHECKS: Final[Mapping[str, Check]] = {
    "name": required_text,
    "amounts": amounts,
    "image_url": web_address,
    **RESOURCE_CHECKS,
}


def create_denomination(
    *, caller: Caller, product: Product, attributes: DenominationChanges, reason: str = ""
) -> Denomination:
    """It needs a name and amounts. Raises NotFound, Invalid."""
    values = checked({"name": None, "amounts": None, **attributes}, DENOMINATION_CHECKS)
    with transaction.atomic():
        locked = lock_product(product.pk, caller)
        if locked.denominations.count() >= MOST_DENOMINATIONS:
            message = f"can't have more than {MOST_DENOMINATIONS} denominations"
            raise Invalid("product", "too_many", message, count=MOST_DENOMINATIONS)
        denomination = Denomination(mode=caller.mode, product=locked, **values)
        denomination.save(force_insert=True)
        _record(denomination, "create", caller=caller, reason=reason)
    return denomination


def update_denomination(
    *,
    caller: Caller,
    denomination_id: UUID,
    changes: DenominationChanges | None = None,
    disabled: bool | None = None,
    reason: str = "",
) -> Denomination:
    """Change it, and disable or enable it (None: neither). What changes nothing records nothing; orders keep
    the amount that they were told. Raises NotFound, Invalid."""
    values = checked(changes or {}, DENOMINATION_CHECKS)
    with transaction.atomic():
        denomination = _lock(denomination_id, caller)
        verb = "update"
        if disabled is not None and disabled != denomination.disabled:
            verb = "disable" if disabled else "enable"
            values["disabled_at"] = database_now() if disabled else None
        changed = changed_attributes(denomination, values)
        if not changed:
            return denomination
        for attribute in changed:
            setattr(denomination, attribute, values[attribute])
        denomination.updated_at = database_now()
        denomination.save()
        _record(denomination, verb, caller=caller, reason=reason, data={"changed": changed})
    return denomination


def delete_denomination(*, caller: Caller, denomination_id: UUID, reason: str = "") -> None:
    """Raises NotFound, and InUse once it was sold: then it can only be disabled."""
    with transaction.atomic():
        denomination = _find(denomination_id, caller)
        lock_to_delete(denomination.product_id, caller, "denomination")
        denomination = _find(denomination_id, caller)
        delete_unless_in_use(denomination, "denomination")
        data = {"name": denomination.name, "amounts": denomination.amounts}
        _record(denomination, "destroy", caller=caller, reason=reason, data=data)


def _find(denomination_id: UUID, caller: Caller) -> Denomination:
    try:
        return Denomination.objects.visible_to(caller).get(pk=denomination_id)
    except Denomination.DoesNotExist:
        raise NotFound(RESOURCE_TYPE, denomination_id) from None


def _lock(denomination_id: UUID, caller: Caller) -> Denomination:
    """As it is when its product is locked: nobody changes it without that."""
    lock_product(_find(denomination_id, caller).product_id, caller)
    return _find(denomination_id, caller)
