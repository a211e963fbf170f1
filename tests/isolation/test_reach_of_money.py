"""Every address under what was done with a card of theirs, as the router has them, asked by a key of mine."""

from typing import Any

import pytest

from api.declaration import Declaration, declaration_of
from giftcards.api.authorizations import AuthorizationSerializer
from giftcards.api.orders import OrderSerializer
from giftcards.api.payments import PaymentSerializer
from giftcards.api.refunds import RefundSerializer
from giftcards.api.transactions import TransactionSerializer
from tests.fixtures.client import ApiClient
from tests.isolation.scene import SCENES, Scene

pytestmark = pytest.mark.django_db

MONEY: tuple[Declaration, ...] = tuple(
    declaration_of(serializer)
    for serializer in (
        AuthorizationSerializer,
        TransactionSerializer,
        RefundSerializer,
        PaymentSerializer,
        OrderSerializer,
    )
)
of_each_type = pytest.mark.parametrize("money", MONEY, ids=lambda money: money.type)


@pytest.fixture(params=SCENES, ids=lambda scene: scene.__name__)
def scene(request: pytest.FixtureRequest) -> Scene:
    made: Scene = request.param()
    return made


@pytest.fixture
def me(scene: Scene) -> ApiClient:
    return ApiClient(f"Bearer {scene.key}")


@of_each_type
def test_nothing_of_theirs_is_there_at_any_address(scene, me, money):
    address = f"{money.type}/{scene.theirs.money[money.type]}"
    before = scene.theirs.stored()

    for name in money.relationships:
        assert me.get(f"{address}/{name}").status == 404
        assert me.get(f"{address}/relationships/{name}").status == 404
        for method in ("PATCH", "POST", "DELETE"):
            answer = me.send(method, f"{address}/relationships/{name}", {"data": None})
            assert answer.status in {403, 404, 405}
    assert me.get(address).status == 404
    assert me.delete(address).status in {404, 405}
    tried: list[dict[str, Any]] = [{"reference": "mine"}, *({name: True} for name in money.triggers)]
    for attributes in tried:
        assert me.update(address, **attributes).status in {404, 405, 422}
    assert scene.theirs.stored() == before


@of_each_type
def test_lists_filters_and_includes_have_mine_alone(scene, me, money):
    theirs, mine = scene.theirs.money[money.type], scene.mine.money[money.type]
    includable = ",".join(name for name, each in money.relationships.items() if each.includable)
    foreign = {str(key) for key in (*scene.theirs.money.values(), *scene.theirs.ids.values())}

    listed = me.get(f"{money.type}?include={includable}&page[size]=25").document
    assert str(mine) in {each["id"] for each in listed["data"]}
    assert not [each for each in (*listed["data"], *listed["included"]) if each["id"] in foreign]
    assert not [key for key in foreign if key in str(listed)]
    for predicate, value in {
        "id_eq": theirs,
        "gift_card_id_eq": scene.theirs.card.pk,
        "market_name_eq": "paris",
        "authorization_reference_eq": "paris",
        "transaction_id_eq": scene.theirs.money["gift_card_transactions"],
        "payment_id_eq": scene.theirs.money["gift_card_payments"],
    }.items():
        answer = me.get(f"{money.type}?filter[q][{predicate}]={value}")
        assert answer.status in {200, 400}  # a filter that this type does not have
        assert answer.document.get("data", []) == []


def test_nothing_of_theirs_is_held_given_back_or_paid_with(scene, me):
    before = scene.theirs.stored()
    card = {"type": "gift_cards", "id": str(scene.theirs.card.pk)}
    spent = {
        "type": "gift_card_transactions",
        "id": str(scene.theirs.money["gift_card_transactions"]),
    }

    answers = {
        "/data/relationships/gift_card/data": me.create(
            "gift_card_authorizations", {"gift_card": {"data": card}}, amount_cents=1
        ),
        "/data/relationships/transaction/data": me.create(
            "gift_card_refunds", {"transaction": {"data": spent}}
        ),
        "/data/relationships/gift_cards/data/0": me.create(
            "gift_card_payments", {"gift_cards": {"data": [card]}}, amount_cents=1, currency_code="EUR"
        ),
    }

    for pointer, answer in answers.items():
        assert (answer.status, answer.error["source"]) == (404, {"pointer": pointer})
    assert scene.theirs.stored() == before


def test_nothing_leads_there_from_their_card(scene, me):
    for name in ("authorizations", "transactions"):
        assert me.get(f"gift_cards/{scene.theirs.card.pk}/{name}").status == 404
        assert me.get(f"gift_cards/{scene.theirs.card.pk}/relationships/{name}").status == 404
