"""A key that may only move money moves money, and changes nothing else by the way."""

from typing import Any

import pytest

from kernel.modes import Mode
from tests.fixtures.cast import a_market, an_active_card, as_stored
from tests.fixtures.client import api_client

pytestmark = pytest.mark.django_db

MOVES: dict[str, dict[str, Any]] = {
    "gift_cards:spend": {"_balance_change_cents": -1},
    "gift_cards:recharge": {"_balance_change_cents": 1},
    "gift_cards:adjust": {"balance_cents": 5},
}
BY_THE_WAY: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "market as an attribute": ({"market": None}, {}),
    "market": ({}, {"market": {"data": None}}),
    "recipient": ({}, {"gift_card_recipient": {"data": None}}),
    "recipient as an attribute": ({"gift_card_recipient": None}, {}),
    "recipient's address": ({"recipient_email": "eve@example.com"}, {}),
    "tags": ({}, {"tags": {"data": []}}),
    "tags as an attribute": ({"tags": []}, {}),
    "tags by name": ({"_add_tags": "vip"}, {}),
    "metadata": ({"metadata": {"vip": True}}, {}),
}


@pytest.mark.parametrize("scope", MOVES)
@pytest.mark.parametrize(("attributes", "relationships"), BY_THE_WAY.values(), ids=BY_THE_WAY)
def test_a_key_that_moves_money_changes_nothing_else(
    scope: str, attributes: dict[str, Any], relationships: dict[str, Any]
) -> None:
    card = an_active_card(market=a_market(), recipient_email="ada@example.com")
    before = as_stored(card.id)
    till = api_client(Mode.TEST, scopes=[scope])

    answer = till.update(f"gift_cards/{card.id}", relationships, **MOVES[scope], **attributes)

    assert (answer.status, answer.error["code"]) == (403, "UNAUTHORIZED")
    assert as_stored(card.id) == before


@pytest.mark.parametrize("scope", MOVES)
def test_a_key_moves_the_money_that_it_may(scope: str) -> None:
    card = an_active_card()
    till = api_client(Mode.TEST, scopes=[scope])
    assert till.update(f"gift_cards/{card.id}", **MOVES[scope]).status == 200
