"""Products and denominations as the service words them."""

from typing import Any

from events.models import Event
from giftcards.models import Denomination, Product
from tests.giftcards.api.documents import Document, resource, time_text


def product_resource(product: Product, *, linkage: Document | None = None, **attributes: Any) -> Document:
    row = Product.objects.get(pk=product.pk)
    whole: Document = {
        "name": "Gift card",
        "description": None,
        "handle": None,
        "image_url": None,
        "code_format": None,
        "validity_months": None,
        "disabled_at": None,
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
    }
    assert attributes.keys() <= whole.keys()
    relationships = ("markets", "denominations", "events")
    return resource("gift_card_products", row, whole | attributes, relationships=relationships, data=linkage)


def denomination_resource(
    denomination: Denomination, *, linkage: Document | None = None, **attributes: Any
) -> Document:
    row = Denomination.objects.get(pk=denomination.pk)
    whole: Document = {
        "name": "25",
        "amounts": {"USD": 2_500, "EUR": 2_300},
        "image_url": None,
        "disabled_at": None,
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
    }
    assert attributes.keys() <= whole.keys()
    relationships = ("product", "events")
    return resource(
        "gift_card_denominations", row, whole | attributes, relationships=relationships, data=linkage
    )


def events_of(subject: Any) -> list[tuple[str, Any]]:
    events = Event.objects.filter(subject_id=subject.pk).order_by("sequence")
    return [(event.topic, event.data) for event in events]
