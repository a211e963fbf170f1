"""Who is let in, by which header, and what a stranger is told. Nothing is served that is not in the table."""

from typing import Any

import pytest
from django.urls import get_resolver

from access.models import ApiKey
from access.operations import revoke_api_key
from access.scopes import EVERY_SCOPE, Scope
from giftcards.models import GiftCard
from kernel.caller import Actor
from kernel.modes import Mode
from markets.models import Market
from tests.fixtures.cast import LIVE, a_market, a_product, an_active_card
from tests.fixtures.told_orders import an_order
from tests.medusa.asking import ANYBODY, Medusa, a_secret, refusal, the_shop

pytestmark = pytest.mark.django_db

CARDS, CARD = "admin/gift-cards", "admin/gift-cards/(?P<card_id>[^/]+)"
REGION = "admin/regions/(?P<region_id>[^/]+)"
PRODUCT = "admin/products/(?P<product_id>[^/]+)"
ORDER = "admin/orders/(?P<order_id>[^/]+)"
NEEDED: dict[tuple[str, str], tuple[Scope, ...]] = {
    ("GET", CARDS): (Scope.READ,),
    ("POST", CARDS): (Scope.ISSUE,),
    ("GET", CARD): (Scope.READ,),
    ("POST", CARD): (Scope.ISSUE,),
    ("DELETE", CARD): (Scope.ISSUE,),
    ("GET", "admin/regions"): (Scope.READ,),
    ("GET", REGION): (Scope.READ,),
    ("GET", "admin/products"): (Scope.READ,),
    ("GET", PRODUCT): (Scope.READ,),
    ("GET", "admin/orders"): (Scope.READ,),
    ("GET", ORDER): (Scope.READ,),
}
FOR_ALL = {
    "admin/auth/token",
    "store/products",
    "store/products/(?P<product_id>[^/]+)",
    "store/regions",
    "store/regions/(?P<region_id>[^/]+)",
    "store/gift-cards/(?P<code>[^/]+)",
}


@pytest.fixture
def card(region):
    return an_active_card(market=region)


def test_every_route_is_in_the_table():
    patterns: list[Any] = get_resolver().url_patterns
    (ours,) = (each for each in patterns if getattr(each, "urlconf_name", None) and "medusa" in str(each))
    served = {str(route.pattern).removeprefix("^").removesuffix("/?$") for route in ours.url_patterns}

    assert served == {address for _method, address in NEEDED} | FOR_ALL


def ask(caller: Medusa, method: str, address: str, card: GiftCard) -> Any:
    path = "/" + address.replace("(?P<card_id>[^/]+)", str(card.pk)).replace(
        "(?P<region_id>[^/]+)", str(card.market_id)
    )
    if address == PRODUCT:
        path = f"/admin/products/{a_product().pk}"
    if address == ORDER:
        path = f"/admin/orders/{an_order(Market.objects.get(gift_cards=card)).pk}"
    body = {"value": 1, "region_id": str(card.market_id)} if address == CARDS else {}
    return caller.send(method, path, body if method != "GET" else None)


@pytest.mark.parametrize(("method", "address"), NEEDED)
def test_without_a_key_there_is_one_plain_word(card, method, address):
    answer = ask(ANYBODY, method, address, card)

    assert answer.told == (401, "Unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "address"), NEEDED)
def test_its_scope_is_enough_and_all_others_are_not(card, method, address):
    needed = NEEDED[method, address]
    others = [scope for scope in EVERY_SCOPE if scope not in needed]

    assert ask(the_shop(scopes=needed), method, address, card).status == 200
    assert ask(the_shop(scopes=others), method, address, card).told == (
        403,
        refusal("not_allowed", f"This needs the permission {needed[0]}"),
    )


@pytest.mark.parametrize(
    ("changes", "scopes"),
    [
        ({"balance": 5}, {Scope.ADJUST}),
        ({"is_disabled": True}, {Scope.ISSUE}),
        ({"balance": 5, "metadata": {}}, {Scope.ADJUST, Scope.ISSUE}),
    ],
)
def test_a_change_asks_for_the_scopes_of_what_it_changes(card, changes, scopes):
    path = f"/admin/gift-cards/{card.pk}"

    assert the_shop(scopes=scopes).post(path, changes).status == 200
    for scope in scopes:
        assert the_shop(scopes=set(EVERY_SCOPE) - {scope}).post(path, changes).status == 403


def test_both_headers_work_and_one_that_counts_is_enough(card):
    key = a_secret()
    by_header, by_bearer = {"x-medusa-access-token": key}, {"authorization": f"Bearer {key}"}
    bad = {"x-medusa-access-token": "x", "authorization": "Bearer x"}

    for headers in (by_header, by_bearer, bad | by_header, bad | by_bearer):
        assert ask(Medusa(headers), "GET", CARDS, card).status == 200
    assert ask(Medusa(bad), "GET", CARDS, card).status == 401
    assert ask(Medusa({"authorization": f"Basic {key}"}), "GET", CARDS, card).status == 401


def test_a_revoked_key_is_unknown(shop, card):
    assert ask(shop, "GET", CARDS, card).status == 200
    revoke_api_key(api_key_id=ApiKey.objects.get().pk, actor=Actor.system("tests"))

    assert ask(shop, "GET", CARDS, card).status == 401


@pytest.mark.parametrize(
    "strangers",
    [{"mode": Mode.LIVE}, {"market_codes": ["elsewhere"]}],
    ids=["the other mode", "another market"],
)
def test_to_a_stranger_the_card_was_never_there(card, strangers):
    a_market(code="elsewhere", currency_code="EUR")
    stranger = the_shop(**strangers)
    path, before = f"/admin/gift-cards/{card.pk}", GiftCard.objects.values().get()
    missing = (404, refusal("not_found", f"Gift card with id: {card.pk} was not found"))

    assert stranger.get("/admin/gift-cards").body["count"] == 0
    assert stranger.get(path).told == missing
    assert stranger.post(path, {"balance": 1}).told == missing
    assert stranger.delete(path).status == 200
    assert GiftCard.objects.values().get() == before
    region = (404, refusal("not_found", f"Region with {card.market_id} was not found"))
    assert stranger.get(f"/admin/regions/{card.market_id}").told == region
    made = stranger.post("/admin/gift-cards", {"value": 1, "region_id": str(card.market_id)})
    assert made.told == region


def test_codes_are_masked_for_a_key_that_may_not_reveal_them(region):
    shop = the_shop(scopes=[Scope.READ, Scope.ISSUE])

    card = shop.create(region)

    assert card["code"] == f"****{GiftCard.objects.get().code_last_four}"
    assert shop.list()[0]["code"] == card["code"]


def test_a_live_key_makes_live_cards():
    shop = the_shop(Mode.LIVE)

    shop.create(a_market(by=LIVE))

    assert GiftCard.objects.get().mode == "live"
