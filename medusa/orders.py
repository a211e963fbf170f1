"""Orders as shops have told them to us, read only: whoever places and cancels them is the shop."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from access.scopes import Scope
from api.credential import Credential
from api.fields import uuid_or_none
from giftcards.models import GiftCard, Order, OrderLine, PaymentShare
from giftcards.queries import order_card_totals
from kernel.counting import count
from medusa.answers import MissingOrder, Refused, answer
from medusa.callers import admitted, sees_orders
from medusa.documents import order
from medusa.lists import SHOWN, STRING, Page, page_of
from medusa.reading import WHOLE_NUMBER, Field, text

ORDERS: Final = {"id": "id", "created_at": "created_at", "display_id": "display_number"}
LARGEST_NUMBER: Final = 2**31 - 1
FILTERS: Final = (*SHOWN, Field("display_id", STRING, text), Field("email", STRING, text))
NOTHING: Final = Q(pk__in=[])


def list_orders(request: HttpRequest) -> HttpResponse:
    credential = _admitted(request)
    page = page_of(request, limit=50, columns=ORDERS, filters=FILTERS)
    orders = Order.objects.visible_to(credential.caller).filter(_matching(page))
    rows = _documents(page.of(_whole(orders)), credential)
    return answer(page.envelope("orders", rows, count(orders, as_far_as=page.end).number))


def get_order(request: HttpRequest, order_id: str) -> HttpResponse:
    credential = _admitted(request)
    key: UUID | None = uuid_or_none(order_id)
    found = _whole(Order.objects.visible_to(credential.caller).filter(pk=key)) if key else ()
    documents = _documents(list(found), credential)
    if not documents:
        raise MissingOrder(order_id)
    return answer({"order": documents[0]})


def _admitted(request: HttpRequest) -> Credential:
    credential = admitted(request, Scope.READ)
    if not sees_orders(credential):
        raise Refused(403, "not_allowed", "This needs the permission to view orders")
    return credential


def display_number(q: str) -> int | None:
    """None for what is none."""
    number = int(q) if WHOLE_NUMBER.fullmatch(q) and q.isascii() else 0
    return number if 1 <= number <= LARGEST_NUMBER else None


def _matching(page: Page) -> Q:
    wanted = _named(page.q) if page.q else Q()
    if "display_id" in page.given:
        wanted &= _numbered(page.given["display_id"])
    if "email" in page.given:
        wanted &= _of_customer(page.given["email"])
    return wanted


def _named(q: str) -> Q:
    """The whole display id, the customer's whole address, or the order's id in the shop."""
    return _of_customer(q) | _numbered(q) | (Q(reference=q) if q.isprintable() else NOTHING)


def _numbered(display_id: str) -> Q:
    number = display_number(display_id)
    return NOTHING if number is None else Q(display_number=number)


def _of_customer(email: str) -> Q:
    return Q(customer_email=email) if email.isprintable() else NOTHING


def _whole(orders: QuerySet[Order]) -> QuerySet[Order]:
    lines = OrderLine.objects.select_related("denomination__product").order_by("position")
    bought = GiftCard.objects.order_by("order_line__position", "id")
    return orders.select_related("market").prefetch_related(
        Prefetch("lines", lines), Prefetch("bought_gift_cards", bought.select_related("market"))
    )


def _documents(orders: Sequence[Order], credential: Credential) -> list[dict[str, Any]]:
    keys = [each.pk for each in orders]
    totals, shares = order_card_totals(keys), _shares(keys, credential)
    return [order(each, totals[each.pk], shares.get(each.pk, ()), credential) for each in orders]


def _shares(keys: Sequence[UUID], credential: Credential) -> Mapping[UUID, list[PaymentShare]]:
    """Of the cards that the caller may see."""
    shares = PaymentShare.objects.filter(order_id__in=keys).order_by("id")
    shares = shares.select_related("gift_card__market", "gift_card__order")
    shown: defaultdict[UUID, list[PaymentShare]] = defaultdict(list)
    for share in shares:
        if share.order_id is not None and credential.caller.reaches_market(share.gift_card.market_id):
            shown[share.order_id].append(share)
    return shown
