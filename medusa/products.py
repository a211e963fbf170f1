"""/admin/products and /store/products: what gift cards are sold as, to be read. There are no other
products."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict

from access.scopes import Scope
from api.fields import uuid_or_none
from giftcards.models import Denomination, Product, ProductMarket
from kernel.caller import Caller
from kernel.counting import count
from markets.models import Market
from medusa.answers import InvalidData, Missing, MissingProduct, answer
from medusa.callers import admitted, shopper
from medusa.lists import SHOWN, STRING, Page, page_of
from medusa.product_documents import Place, product
from medusa.reading import Field, date, fields_of, one_or_several, query_of, text, texts, truth
from medusa.regions import find_region_on_offer, on_offer

ORDERS: Final = {"id": "id", "created_at": "created_at", "updated_at": "updated_at", "title": "name"}
ARRAY: Final = "be an array"

OF_A_PLACE: Final = tuple(Field(name, STRING, text) for name in ("cart_id", "region_id", "currency_code"))
NOTHING_OF_OURS: Final = (
    "collection_id",
    "tags",
    "type_id",
    "category_id",
    "sales_channel_id",
    "price_list_id",
    "deleted_at",
)
"""No product of ours is in any of these, or is kept when it is deleted."""

TIMES: Final = ("created_at", "updated_at")
SINCE: Final = re.compile(rf"({'|'.join(TIMES)})\[(lt|lte|gt|gte)\]")

FILTERS: Final = (
    *SHOWN,
    Field("id", "be a string or an array", one_or_several),
    Field("title", STRING, text),
    Field("description", STRING, text),
    Field("handle", STRING, text),
    Field("is_giftcard", "be a boolean value", truth),
    Field("include_category_children", "be a boolean value", truth),
    *(Field(name, ARRAY, texts) for name in NOTHING_OF_OURS),
    *(Field(name, "be an object", texts) for name in TIMES),
)
NOTHING: Final = Q(pk__in=[])
STATUSES: Final = {"published": Q(disabled_at=None), "draft": Q(disabled_at__isnull=False)}


def list_products(request: HttpRequest) -> HttpResponse:
    credential = admitted(request, Scope.READ)
    filters = (*FILTERS, Field("status", "be one of draft, proposed, published, rejected", _statuses))
    page = page_of(request, limit=50, columns=ORDERS, filters=filters)
    return _page(page, Product.objects.visible_to(credential.caller).filter(_moments(request.GET)))


def get_product(request: HttpRequest, product_id: str) -> HttpResponse:
    credential = admitted(request, Scope.READ)
    sold = _found(Product.objects.visible_to(credential.caller), product_id)
    return answer({"product": _told(sold)})


def list_store_products(request: HttpRequest) -> HttpResponse:
    caller = shopper(request)
    page = page_of(request, limit=100, columns=ORDERS, filters=(*FILTERS, *OF_A_PLACE))
    place = _place(page.given, caller)
    return _page(page, _in_store(caller, place).filter(_moments(request.GET)), place)


def get_store_product(request: HttpRequest, product_id: str) -> HttpResponse:
    caller = shopper(request)
    place = _place(fields_of(query_of(request.GET), (*SHOWN, *OF_A_PLACE)), caller)
    return answer({"product": _told(_found(_in_store(caller, place), product_id), place)})


def _statuses(value: Any) -> Q:
    """Nothing of ours is `proposed` or `rejected`."""
    wanted = NOTHING
    for status in one_or_several(value):
        if status not in {"draft", "proposed", "published", "rejected"}:
            raise ValueError
        wanted |= STATUSES.get(status, NOTHING)
    return wanted


def _moments(parameters: QueryDict) -> Q:
    """`created_at[gte]=…`, of which several may be sent. Raises InvalidData."""
    wanted = Q()
    for name, value in parameters.items():
        if not name.startswith(tuple(f"{each}[" for each in TIMES)):
            continue
        told = SINCE.fullmatch(name)
        try:
            moment = date(value) if told else None
        except ValueError:
            moment = None
        if told is None or moment is None:
            raise InvalidData(f"{name} must be a Date instance")
        wanted &= Q(**{f"{told[1]}__{told[2]}": moment})
    return wanted


def _place(given: Mapping[str, Any], caller: Caller) -> Place:
    """A region says the currency. Raises MissingRegion, and Missing for a cart: there are none."""
    if given.get("cart_id"):
        raise Missing(f"Cart with {given['cart_id']} was not found")
    if given.get("region_id"):
        region = find_region_on_offer(given["region_id"], caller)
        return Place(region.currency_code, region)
    return Place(given.get("currency_code", "").upper() or None)


def _in_store(caller: Caller, place: Place) -> QuerySet[Product]:
    """What is sold in the region, or somewhere that customers are told of, and not disabled."""
    markets: QuerySet[Market] | list[Market] = on_offer(caller) if place.region is None else [place.region]
    named = ProductMarket.objects.filter(product_id=OuterRef("pk"))
    sold = Q(~Exists(named)) | Q(Exists(named.filter(market__in=markets)))
    return Product.objects.visible_to(caller).filter(sold, disabled_at=None)


def _page(page: Page, products: QuerySet[Product], place: Place | None = None) -> HttpResponse:
    found = products.filter(_matching(page))
    rows = [_told(sold, place) for sold in page.of(_with_denominations(found))]
    number = count(found, as_far_as=page.end).number
    return answer(page.envelope("products", rows, number))


def _matching(page: Page) -> Q:
    given = page.given
    if given.get("is_giftcard") is False or any(given.get(name) for name in NOTHING_OF_OURS):
        return NOTHING
    if any("\0" in each for each in given.values() if isinstance(each, str)):
        return NOTHING  # PostgreSQL has it in no text
    wanted: Q = given.get("status", Q())
    if "id" in given:
        wanted &= Q(pk__in=[key for text in given["id"] if (key := uuid_or_none(text))])
    for name, column in (("title", "name"), ("description", "description")):
        if name in given:
            wanted &= Q(**{column: given[name]})
    if "handle" in given:
        wanted &= Q(handle=given["handle"]) | Q(handle=None, pk=uuid_or_none(given["handle"]))
    if page.q:
        wanted &= _with_text(page.q)
    return wanted


def _with_text(q: str) -> Q:
    """In what is written of a product, and in its denominations' titles and stock keeping units."""
    of_its = Denomination.objects.filter(product_id=OuterRef("pk"))
    in_its = of_its.filter(Q(name__icontains=q) | Q(reference__icontains=q))
    return Q(name__icontains=q) | Q(description__icontains=q) | Q(Exists(in_its))


def _with_denominations(products: QuerySet[Product]) -> QuerySet[Product]:
    return products.prefetch_related(Prefetch("denominations", queryset=Denomination.objects.order_by("pk")))


def _found(products: QuerySet[Product], product_id: str) -> Product:
    key = uuid_or_none(product_id)
    sold = None if key is None else _with_denominations(products).filter(pk=key).first()
    if sold is None:
        raise MissingProduct(product_id)
    return sold


def _told(sold: Product, place: Place | None = None) -> dict[str, Any]:
    """A store is told of nothing that is disabled."""
    denominations = [each for each in sold.denominations.all() if place is None or not each.disabled]
    return product(sold, denominations, place)
