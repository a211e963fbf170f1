"""Who may do what to a card: a stranger, the other mode, another market, a key without the scope."""

import pytest

from access.scopes import EVERY_SCOPE, Scope
from giftcards.models import GiftCard
from kernel.modes import Mode
from tests.fixtures.cast import a_draft, a_market, an_active_card, an_inactive_card, as_stored
from tests.fixtures.client import ApiClient, api_client
from tests.giftcards.api.documents import absent, errors, identifier, problem

pytestmark = pytest.mark.django_db

DENIED = errors(problem(403, "UNAUTHORIZED", "Access denied", "Access denied."))

UPDATES = [
    (a_draft, {"reference": "gc-1"}, [Scope.ISSUE]),
    (a_draft, {"balance_cents": 1, "reference": "gc-1"}, [Scope.ISSUE]),
    (a_draft, {"_purchase": True}, [Scope.ISSUE]),
    (an_inactive_card, {"_activate": True}, [Scope.ISSUE]),
    (an_active_card, {"_deactivate": True}, [Scope.ISSUE]),
    (an_active_card, {"_balance_change_cents": -1}, [Scope.SPEND]),
    (an_active_card, {"_balance_change_cents": -1, "reference": "gc-1"}, [Scope.SPEND, Scope.ISSUE]),
    (an_active_card, {"_balance_change_cents": 1}, [Scope.RECHARGE]),
    (an_active_card, {"_balance_change_cents": "1"}, [Scope.RECHARGE]),
    (an_active_card, {"balance_cents": 1}, [Scope.ADJUST]),
]


def requests_about(card):
    address = f"gift_cards/{card.pk}"
    data = {"type": "gift_cards", "id": str(card.pk), "attributes": {"_deactivate": True}}
    return [
        ("GET", address, None),
        ("PATCH", address, {"data": data}),
        ("DELETE", address, None),
        ("GET", f"{address}/market", None),
        ("GET", f"{address}/relationships/market", None),
        ("PATCH", f"{address}/relationships/market", {"data": None}),
    ]


def finds_nothing(client, card):
    before = as_stored(card.pk)
    for request in requests_about(card):
        answer = client.send(*request)
        assert (answer.status, answer.document) == (404, errors(absent("gift_cards", card.pk)))
    assert client.get("gift_cards").document["data"] == []
    assert as_stored(card.pk) == before


def test_a_card_does_not_exist_for_a_key_of_the_other_mode(db):
    finds_nothing(api_client(Mode.LIVE), an_active_card(market=a_market()))


def test_a_card_does_not_exist_for_a_key_of_another_market(db):
    a_market(code="paris")

    finds_nothing(api_client(market_codes=["paris"]), an_active_card(market=a_market(code="berlin")))


def test_a_card_without_a_market_is_everybodys(db):
    a_market(code="paris")
    card = an_active_card()

    answer = api_client(market_codes=["paris"]).update(f"gift_cards/{card.pk}", _balance_change_cents=-1)

    assert answer.status == 200


def test_a_key_of_one_market_makes_and_moves_no_card_elsewhere(db):
    a_market(code="paris")
    berlin = a_market(code="berlin")
    client, card = api_client(market_codes=["paris"]), a_draft()
    there = {"market": {"data": identifier("markets", berlin)}}
    missing = errors(absent("markets", berlin.pk, pointer="/data/relationships/market/data"))

    created = client.create("gift_cards", there, balance_cents=1)
    moved = client.update(f"gift_cards/{card.pk}", there)

    assert (created.status, created.document) == (404, missing)
    assert (moved.status, moved.document) == (404, missing)
    assert GiftCard.objects.get().market is None


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", "Basic bm9ib2R5Og=="])
def test_a_stranger_reads_and_changes_nothing(db, authorization):
    card = an_active_card()
    before = as_stored(card.pk)

    for request in [*requests_about(card), ("GET", "gift_cards", None), ("POST", "gift_cards", {"data": {}})]:
        answer = ApiClient(authorization).send(*request)
        detail = "The access token is missing, unknown, expired or revoked."
        assert (answer.status, answer.document) == (
            401,
            errors(problem(401, "INVALID_TOKEN", "Invalid token", detail)),
        )
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    assert as_stored(card.pk) == before


@pytest.mark.parametrize(("make", "attributes", "needed"), UPDATES)
def test_an_update_needs_the_scope_of_what_it_asks_for_and_no_other(db, make, attributes, needed):
    card = make()
    before = as_stored(card.pk)

    for scope in needed:
        client = api_client(scopes=[each for each in EVERY_SCOPE if each != scope])
        answer = client.update(f"gift_cards/{card.pk}", **attributes)
        assert (answer.status, answer.document) == (403, DENIED)
        assert as_stored(card.pk) == before

    assert api_client(scopes=needed).update(f"gift_cards/{card.pk}", **attributes).status == 200


def test_reading_creating_and_deleting_need_their_scopes(db):
    card = a_draft()
    body = {"data": {"type": "gift_cards", "attributes": {"balance_cents": 1, "currency_code": "USD"}}}
    for scope, method, address, document, status in [
        (Scope.READ, "GET", "gift_cards", None, 200),
        (Scope.READ, "GET", f"gift_cards/{card.pk}", None, 200),
        (Scope.READ, "GET", f"gift_cards/{card.pk}/market", None, 200),
        (Scope.ISSUE, "PATCH", f"gift_cards/{card.pk}/relationships/market", {"data": None}, 200),
        (Scope.ISSUE, "POST", "gift_cards", body, 201),
        (Scope.ISSUE, "DELETE", f"gift_cards/{card.pk}", None, 204),
    ]:
        without = api_client(scopes=[each for each in EVERY_SCOPE if each != scope])
        refused = without.send(method, address, document)
        assert (refused.status, refused.document) == (403, DENIED)
        assert api_client(scopes=[scope]).send(method, address, document).status == status
