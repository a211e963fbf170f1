"""Regions are our markets, for whoever picks one."""

from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from access.scopes import Scope
from api.fields import uuid_or_none
from kernel.caller import Caller
from kernel.counting import count
from markets.models import Market
from medusa.answers import MissingRegion, answer
from medusa.callers import admitted, shopper
from medusa.documents import region
from medusa.lists import page_of

ORDERS: Final = {name: name for name in ("id", "created_at", "updated_at", "name", "currency_code")}


def list_regions(request: HttpRequest) -> HttpResponse:
    credential = admitted(request, Scope.READ)
    return _page(request, Market.objects.visible_to(credential.caller), limit=50)


def get_region(request: HttpRequest, region_id: str) -> HttpResponse:
    credential = admitted(request, Scope.READ)
    return answer({"region": region(find_region(region_id, credential.caller))})


def list_store_regions(request: HttpRequest) -> HttpResponse:
    return _page(request, on_offer(shopper(request)), limit=100)


def get_store_region(request: HttpRequest, region_id: str) -> HttpResponse:
    return answer({"region": region(find_region_on_offer(region_id, shopper(request)))})


def find_region(region_id: str, caller: Caller) -> Market:
    """Raises MissingRegion."""
    return _found(Market.objects.visible_to(caller), region_id)


def find_region_on_offer(region_id: str, caller: Caller) -> Market:
    """Raises MissingRegion."""
    return _found(on_offer(caller), region_id)


def on_offer(caller: Caller) -> QuerySet[Market]:
    """To customers: not the disabled ones, and a private one only to whom a key leads there."""
    markets = Market.objects.visible_to(caller).filter(disabled_at=None)
    return markets if caller.market_ids is not None else markets.filter(private=False)


def _found(markets: QuerySet[Market], region_id: str) -> Market:
    key: UUID | None = uuid_or_none(region_id)
    market = None if key is None else markets.filter(pk=key).first()
    if market is None:
        raise MissingRegion(region_id)
    return market


def _named(q: str) -> Q:
    if not q.isprintable():
        return Q(pk__in=[])
    return Q(name__icontains=q) | Q(currency_code__iexact=q)


def _page(request: HttpRequest, markets: QuerySet[Market], *, limit: int) -> HttpResponse:
    page = page_of(request, limit=limit, columns=ORDERS)
    if page.q:
        markets = markets.filter(_named(page.q))
    rows = [region(market) for market in page.of(markets)]
    return answer(page.envelope("regions", rows, count(markets, as_far_as=page.end).number))
