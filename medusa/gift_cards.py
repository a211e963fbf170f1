"""/admin/gift-cards: each write is one operation call."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from access.scopes import Scope
from api.credential import Credential
from api.fields import uuid_or_none
from api.idempotency import Written, once, reading_back
from giftcards import code_format, operations
from giftcards.api.codes import CodeFilter
from giftcards.api.triggers import naming
from giftcards.exceptions import Archived
from giftcards.models import GiftCard, Order
from giftcards.operations import GiftCardChanges
from kernel.caller import Caller
from kernel.counting import count
from kernel.refusals import NotFound
from medusa.answers import MissingCard, answer
from medusa.callers import admitted, require, sees_orders
from medusa.documents import gift_card
from medusa.lists import page_of
from medusa.orders import display_number
from medusa.reading import Field, body_of, boolean, date, fields_of, integer, json_object, text
from medusa.regions import find_region

ORDERS: Final = {
    "id": "id",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "ends_at": "expires_at",
    "balance": "balance_cents",
    "value": "initial_balance_cents",
}
CODE: Final = CodeFilter()
RELATED: Final = ("market", "order")
DATE: Final = "be a Date instance"
BOOLEAN: Final = "be a boolean value"
INTEGER: Final = "be an integer number"
OBJECT: Final = "be an object"
TO_CREATE: Final = (
    Field("value", INTEGER, integer, required=True),
    Field("ends_at", DATE, date),
    Field("is_disabled", BOOLEAN, boolean),
    Field("region_id", "be a string", text, required=True),
    Field("metadata", OBJECT, json_object, skips_null=True),
)
TO_UPDATE: Final = (
    Field("balance", INTEGER, integer),
    Field("is_disabled", BOOLEAN, boolean),
    Field("ends_at", DATE, date),
    Field("region_id", "be a string", text, skips_null=True),
    Field("metadata", OBJECT, json_object, skips_null=True),
)


def list_gift_cards(request: HttpRequest) -> HttpResponse:
    credential = admitted(request, Scope.READ)
    page = page_of(request, limit=50, columns=ORDERS)
    cards = _shown(credential.caller)
    if page.q:
        CODE.admit("cont", page.q, request, credential)
        cards = cards.filter(_with_code(page.q) | _of_order(page.q, credential))
    rows = [gift_card(card, credential) for card in page.of(cards.select_related(*RELATED))]
    if page.q:
        CODE.note("cont", page.q, request, credential, found=bool(rows))
    number = count(cards, as_far_as=page.end).number if page.q else _how_many(credential.caller, page.end)
    return answer(page.envelope("gift_cards", rows, number))


def get_gift_card(request: HttpRequest, card_id: str) -> HttpResponse:
    credential = admitted(request, Scope.READ)
    return _told(_key(card_id), credential)


def create_gift_card(request: HttpRequest) -> HttpResponse:
    credential = admitted(request, Scope.ISSUE)
    given = fields_of(body_of(request), TO_CREATE)

    def write() -> UUID:
        attributes: GiftCardChanges = {
            "balance_cents": given["value"],
            "market": find_region(given["region_id"], credential.caller),
            "expires_at": given.get("ends_at"),
            "metadata": given.get("metadata", {}),
            "rechargeable": False,
        }
        if attributes["expires_at"] is None:
            del attributes["expires_at"]  # what the market gives by default
        with naming(balance_cents="value"):
            return operations.issue_gift_card(
                caller=credential.caller,
                attributes=attributes,
                code=code_format.new_grouped_16(),
                active=not given.get("is_disabled", False),
            ).pk

    return _written(request, credential, write)


def update_gift_card(request: HttpRequest, card_id: str) -> HttpResponse:
    credential = admitted(request)
    given = fields_of(body_of(request), TO_UPDATE)
    require(credential, *_scopes_of(given))

    def write() -> UUID:
        key = _key(card_id)
        if not _shown(credential.caller).filter(pk=key).exists():
            raise MissingCard("id", card_id)
        operations.revise_gift_card(
            caller=credential.caller,
            card_id=key,
            changes=_changes(given, credential.caller),
            metadata=given.get("metadata"),
            balance_cents=given.get("balance"),
            active=not given["is_disabled"] if "is_disabled" in given else None,
        )
        return key

    return _written(request, credential, write)


def delete_gift_card(request: HttpRequest, card_id: str) -> HttpResponse:
    """Whatever there was to delete, it is gone for Medusa afterwards; ours is archived."""
    credential = admitted(request, Scope.ISSUE)
    key = uuid_or_none(card_id)
    try:
        if key is not None:
            operations.archive(caller=credential.caller, card_id=key)
    except (NotFound, Archived):
        pass
    return answer({"id": card_id, "object": "gift-card", "deleted": True})


def _scopes_of(given: Mapping[str, Any]) -> list[str]:
    """A balance is corrected, the rest belongs to issuing; what changes nothing is of the latter."""
    scopes = [Scope.ADJUST] if "balance" in given else []
    return [*scopes, Scope.ISSUE] if given.keys() - {"balance"} or not scopes else [*scopes]


def _changes(given: Mapping[str, Any], caller: Caller) -> GiftCardChanges:
    changes: GiftCardChanges = {}
    if "ends_at" in given:
        changes["expires_at"] = given["ends_at"]
    if given.get("region_id"):  # as in Medusa, an empty one asks for nothing
        changes["market"] = find_region(given["region_id"], caller)
    return changes


def _shown(caller: Caller) -> QuerySet[GiftCard]:
    return GiftCard.objects.visible_to(caller).filter(archived_at=None)


def _how_many(caller: Caller, as_far_as: int) -> int:
    """Of the cards that are shown: of all there are the database keeps the count, and few are archived."""
    cards = GiftCard.objects.visible_to(caller)
    there, archived = count(cards), count(cards.filter(archived_at__isnull=False))
    if there.is_exact and archived.is_exact:
        return there.number - archived.number
    return count(_shown(caller), as_far_as=as_far_as).number


def _with_code(q: str) -> Q:
    """The whole code, what it begins with or what it ends with: no other part of it is stored readably."""
    if not q.isprintable():
        return Q(pk__in=[])
    return CODE.build("cont", CODE.read("cont", q).values, None, prefix="")


def _of_order(q: str, credential: Credential) -> Q:
    """The order's display id, whole. The order is looked up first: the database would go through all cards
    otherwise."""
    if (number := display_number(q)) is None or not sees_orders(credential):
        return Q(pk__in=[])
    orders = Order.objects.visible_to(credential.caller).filter(display_number=number)
    return Q(order_id__in=list(orders.values_list("pk", flat=True)))


def _key(card_id: str) -> UUID:
    key: UUID | None = uuid_or_none(card_id)
    if key is None:
        raise MissingCard("id", card_id)
    return key


def _told(key: UUID, credential: Credential) -> HttpResponse:
    card = _shown(credential.caller).select_related(*RELATED).filter(pk=key).first()
    if card is None:
        raise MissingCard("id", str(key))
    return answer({"gift_card": gift_card(card, credential)})


def _written(request: HttpRequest, credential: Credential, write: Callable[[], UUID]) -> HttpResponse:
    def written() -> Written:
        key = write()
        with reading_back():
            return Written(_told(key, credential), "gift_cards", key)

    return once(request, credential, written)
