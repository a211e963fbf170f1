"""A product together with its denominations, for callers whose one request says all of it. Each change is
recorded under its own name; either all of them happen, or none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from giftcards.models import Product
from giftcards.operations.denominations import (
    DenominationChanges,
    create_denomination,
    delete_denomination,
    update_denomination,
)
from giftcards.operations.products import ProductChanges, create_product, update_product
from kernel.caller import Caller
from kernel.refusals import OPERATION, Invalid, retold


@dataclass(frozen=True, slots=True)
class DenominationTold:
    """One to make (`denomination_id` None), to change or to delete. `place` is what refusals call it."""

    place: str
    denomination_id: UUID | None = None
    changes: DenominationChanges = field(default_factory=DenominationChanges)
    disabled: bool | None = None
    deleted: bool = False


def arrange_product(
    *,
    caller: Caller,
    product_id: UUID | None,
    changes: ProductChanges,
    denominations: Sequence[DenominationTold] = (),
    reason: str = "",
) -> Product:
    """Make a product (`product_id` None) or change it, and then its denominations one by one; those that are
    not told stay.

    Raises what the operations on each raise; refusals of a denomination are about `<place>/<attribute>`.
    """
    with transaction.atomic():
        if product_id is None:
            product = create_product(caller=caller, attributes=changes, reason=reason)
        else:
            product = update_product(caller=caller, product_id=product_id, changes=changes, reason=reason)
        for told in denominations:
            with _naming(told.place):
                _arrange(product, told, caller=caller, reason=reason)
    return product


def _arrange(product: Product, told: DenominationTold, *, caller: Caller, reason: str) -> None:
    key = told.denomination_id
    if key is None:
        made = create_denomination(caller=caller, product=product, attributes=told.changes, reason=reason)
        if told.disabled:
            update_denomination(caller=caller, denomination_id=made.pk, disabled=True, reason=reason)
    elif told.deleted:
        delete_denomination(caller=caller, denomination_id=key, reason=reason)
    else:
        update_denomination(
            caller=caller, denomination_id=key, changes=told.changes, disabled=told.disabled, reason=reason
        )


@contextmanager
def _naming(place: str) -> Iterator[None]:
    with retold(lambda refusal: _placed(refusal, place)):
        yield


def _placed(refusal: Invalid, place: str) -> Invalid:
    about = place if refusal.about == OPERATION else f"{place}/{refusal.about}"
    return Invalid(about, refusal.error, refusal.message, value=refusal.value, count=refusal.count)
