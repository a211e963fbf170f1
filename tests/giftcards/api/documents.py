"""What the service is expected to answer, whole: every member written out, nothing taken from the answer.

Only what the service alone can know (ids, generated codes, times) is bound from the stored rows.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from access.models import Organization
from giftcards.models import Authorization, GiftCard, LedgerEntry
from kernel.refusals import KEY
from markets.models import Market
from recipients.models import GiftCardRecipient
from tests.fixtures.client import ROOT

Document = dict[str, Any]
JSON_API = {"version": "1.1"}
AVAILABLE = {
    "available_balance_cents": "balance_cents",
    "available_balance_float": "balance_float",
    "formatted_available_balance": "formatted_balance",
}
RELATIONSHIPS = (
    "market",
    "gift_card_recipient",
    "gift_card_order",
    "tags",
    "attachments",
    "authorizations",
    "transactions",
    "events",
)


def time_text(moment: datetime | None) -> str:
    assert moment is not None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def stored(card_id: UUID) -> GiftCard:
    return GiftCard.objects.select_related("market", "gift_card_recipient").get(pk=card_id)


def document(data: Any, address: str, **members: Any) -> Document:
    links = {"self": f"{ROOT}/{address}", **members.pop("links", {})}
    return {"jsonapi": JSON_API, "links": links, "data": data, **members}


def of_card(card: GiftCard, **attributes: Any) -> Document:
    """The document that answers a request to a card's own address."""
    return document(gift_card(card, **attributes), f"gift_cards/{card.pk}")


def gift_card(card: GiftCard, *, linkage: Document | None = None, **attributes: Any) -> Document:
    """A draft of 100.00 USD with nothing else set, except for the attributes that are given."""
    row = stored(card.pk)
    whole = {
        "status": "draft",
        "code": row.code().reveal(),
        "currency_code": "USD",
        "initial_balance_cents": 10_000,
        "initial_balance_float": 100.0,
        "formatted_initial_balance": "$100.00",
        "balance_cents": 10_000,
        "balance_float": 100.0,
        "formatted_balance": "$100.00",
        "available_balance_cents": 10_000,
        "available_balance_float": 100.0,
        "formatted_available_balance": "$100.00",
        "balance_max_cents": None,
        "balance_max_float": None,
        "formatted_balance_max": None,
        "balance_log": [],
        "usage_log": {},
        "single_use": False,
        "rechargeable": True,
        "distribute_discount": True,
        "image_url": None,
        "expires_at": None,
        "test_clock_at": None,
        "archived_at": None,
        "tax_rate": None,
        "recipient_email": None,
        "message": None,
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
    }
    assert attributes.keys() <= whole.keys()
    # Where nothing is held, all of the balance is available.
    available = {name: attributes[of] for name, of in AVAILABLE.items() if of in attributes}
    return resource(
        "gift_cards", row, whole | available | attributes, relationships=RELATIONSHIPS, data=linkage
    )


def authorization(row: Authorization, **attributes: Any) -> Document:
    """40.00 USD, held and still open."""
    whole = {
        "status": "open",
        "currency_code": "USD",
        "amount_cents": 4_000,
        "amount_float": 40.0,
        "formatted_amount": "$40.00",
        "captured_amount_cents": 0,
        "captured_amount_float": 0.0,
        "formatted_captured_amount": "$0.00",
        "expires_at": time_text(row.expires_at),
        "order_number": None,
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
    }
    assert attributes.keys() <= whole.keys()
    relationships = ("gift_card", "market", "transactions", "events")
    return resource("gift_card_authorizations", row, whole | attributes, relationships=relationships)


def transaction(row: LedgerEntry, *, linkage: Document | None = None, **attributes: Any) -> Document:
    """A debit of 12.00 from 100.00 USD, by the test's own caller."""
    whole = {
        "sequence": 2,
        "kind": "debit",
        "currency_code": "USD",
        "amount_cents": -1_200,
        "amount_float": -12.0,
        "formatted_amount": "-$12.00",
        "balance_cents": 8_800,
        "balance_float": 88.0,
        "formatted_balance": "$88.00",
        "actor": {"kind": "api_key", "id": "till", "name": "The till"},
        "reason": "",
        "reference": None,
        "order_number": None,
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.created_at),
    }
    assert attributes.keys() <= whole.keys()
    relationships = ("gift_card", "market", "authorization", "payment", "original", "refunds")
    return resource(
        "gift_card_transactions", row, whole | attributes, relationships=relationships, data=linkage
    )


def refund(row: LedgerEntry, **attributes: Any) -> Document:
    """All of a debit of 12.00 USD."""
    whole = {
        "currency_code": "USD",
        "amount_cents": 1_200,
        "amount_float": 12.0,
        "formatted_amount": "$12.00",
        "reason": "",
        "reference": None,
        "order_number": None,
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.created_at),
    }
    assert attributes.keys() <= whole.keys()
    return resource("gift_card_refunds", row, whole | attributes, relationships=("transaction", "gift_card"))


def page_of(address: str, data: list[Document], **members: Any) -> Document:
    """A list that is one page."""
    mark = "&" if "?" in address else "?"
    only = f"{ROOT}/{address}{mark}page%5Bnumber%5D=1&page%5Bsize%5D=10"
    meta = {"record_count": len(data), "page_count": 1}
    return document(data, address, links={"first": only, "last": only}, meta=meta, **members)


def market(row: Market, **attributes: Any) -> Document:
    """Berlin: in US dollars, with the settings' time zone and locale."""
    whole = {
        "number": row.number,
        "name": "Berlin",
        "code": None,
        "checkout_url": None,
        "private": False,
        "disabled_at": None,
        "currency_code": "USD",
        "time_zone": "UTC",
        "locale": "en_US",
        "code_format": "uuid",
        "default_validity_months": None,
        "minimum_validity_months": None,
        "allows_expiry": True,
        "keeps_single_use_remainder": True,
        "cash_out_below_cents": None,
        "tax_rate": None,
        "tax_code": None,
        "gift_cards_taxable": True,
        "automatic_taxes": True,
        "tax_provider_id": None,
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
    }
    assert attributes.keys() <= whole.keys()
    return resource("markets", row, whole | attributes, relationships=("price_list",))


def recipient(row: GiftCardRecipient | None, email: str) -> Document:
    assert row
    whole: Document = {
        "email": email,
        "first_name": None,
        "last_name": None,
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
    }
    return resource("gift_card_recipients", row, whole)


def resource(
    resource_type: str,
    row: Any,
    attributes: Document,
    *,
    relationships: Iterable[str] = (),
    data: Document | None = None,
) -> Document:
    address = f"{ROOT}/{resource_type}/{row.pk}"
    linked: Document = {
        name: {"links": {"self": f"{address}/relationships/{name}", "related": f"{address}/{name}"}}
        for name in relationships
    }
    for name, linkage in (data or {}).items():
        linked[name]["data"] = linkage
    return {
        "id": str(row.pk),
        "type": resource_type,
        "links": {"self": address},
        "attributes": attributes,
        "relationships": linked,
        "meta": {"mode": row.mode, "organization_id": str(Organization.objects.get().pk)},
    }


def identifier(resource_type: str, row: Any) -> Document:
    return {"type": resource_type, "id": str(row.pk)}


def errors(*objects: Document) -> Document:
    return {"jsonapi": JSON_API, "errors": list(objects)}


def invalid(about: str, error: str, title: str, *, at: str | None = None, **meta: Any) -> Document:
    """A 422 about an attribute that was sent, unless `at` points elsewhere. `meta`: value and count."""
    return {
        "title": title,
        "detail": f"{about} - {title}",
        "code": "VALIDATION_ERROR",
        "status": "422",
        "source": {"pointer": at or f"/data/attributes/{about}"},
        "meta": {"error": error, "value": None, **meta, "attribute": about, "message": title},
    }


def problem(status: int, code: str, title: str, detail: str, **source: str) -> Document:
    """Any other error object."""
    members = {"title": title, "detail": detail, "code": code, "status": str(status)}
    return members | ({"source": source} if source else {})


def not_allowed(name: str, *, member: str = "attributes") -> Document:
    return problem(
        400,
        "PARAM_NOT_ALLOWED",
        "Param not allowed",
        f"{name} is not allowed.",
        pointer=f"/data/{member}/{name}",
    )


def absent(resource_type: str, key: object, **source: str) -> Document:
    named = f"id {key}" if isinstance(key, UUID) or KEY.fullmatch(str(key)) else "this id"
    detail = f"There is nothing of type {resource_type} with {named}."
    return problem(404, "RECORD_NOT_FOUND", "Record not found", detail, **source)
