"""Clients that know JSON:API and nothing of gift cards, unmodified: all tell the same story of one card."""

import sys
from typing import Any, Final

import pytest

from giftcards.operations import create_tag
from tests.clients.official_clients import SCENARIOS, Node, play
from tests.fixtures.cast import TEST, a_draft, a_market
from tests.server import Server, a_key

pytestmark = pytest.mark.django_db(transaction=True)

STORY: Final[dict[str, Any]] = {
    "create": {"status": "draft", "balance_cents": 15000, "reference": "web-1"},
    "read with what belongs to it": {"market": "Berlin", "recipient": "ada@example.com", "tags": []},
    "find": {"cards": [["web-0", "Berlin"], ["web-1", "Berlin"]], "count": 2},
    "update": {"reference": "web-2", "metadata": {"table": 4}},
    "put it into another market": "Paris",
    "take it out of its market": None,
    "put it back with an update": "Berlin",
    "tag it": ["vip"],
    "take the tag off": [],
    "two mistakes": [
        (422, "VALIDATION_ERROR", "/data/attributes/balance_cents", "is not a number"),
        (422, "VALIDATION_ERROR", "/data/attributes/single_use", "is not included in the list"),
    ],
    "delete the draft": None,
    "read the deleted": [(404, "RECORD_NOT_FOUND", None, "Record not found")],
    "purchase": {"status": "inactive", "balance_cents": 20000, "reference": "web-0"},
    "delete the purchased": [(423, "LOCKED", None, "Locked")],
}


@pytest.fixture
def given() -> dict[str, Any]:
    berlin, paris = a_market(), a_market(name="Paris")
    other = a_draft(market=berlin, reference="web-0", balance_cents=20_000)
    a_draft(market=paris, reference="web-9")
    a_draft(market=berlin, reference="till-1")
    vip = create_tag(caller=TEST, name="vip")
    return {"key": a_key(), "berlin": berlin.id, "paris": paris.id, "vip": vip.id, "other": other.id}


def told(outcomes: dict[str, Any]) -> dict[str, Any]:
    return {step: _told(outcome) for step, outcome in outcomes.items()}


def _told(outcome: dict[str, Any]) -> Any:
    if "answer" in outcome:
        return outcome["answer"]
    return [
        (outcome["refused"], error["code"], error.get("source", {}).get("pointer"), error["title"])
        for error in outcome["errors"]
    ]


@pytest.mark.parametrize("client", ["kitsu", "devour"])
def test_the_whole_story(node: Node, server: Server, given, client: str):
    assert told(node.drive(client, server, **given)) == STORY


def test_the_story_as_far_as_spraypaint_has_words_for_it(node: Node, server: Server, given):
    outcomes = told(node.drive("spraypaint", server, **given))

    assert outcomes.pop("what the form shows") == {
        "balanceCents": {"attribute": "balance_cents", "message": "is not a number"},
        "singleUse": {"attribute": "single_use", "message": "is not included in the list"},
    }
    beyond_words = {"take it out of its market", "take the tag off"}
    assert outcomes == {step: outcome for step, outcome in STORY.items() if step not in beyond_words}


def test_the_whole_story_in_python(server: Server, given):
    outcomes = told(play([sys.executable, SCENARIOS / "with_jsonapi_requests.py"], server, given))

    assert outcomes.pop("send back all that was read") == [
        (400, "PARAM_NOT_ALLOWED", f"/data/attributes/{name}", "Param not allowed") for name in READ_ONLY
    ]
    assert outcomes.pop("send back all that can be written") == {
        "market": "Berlin",
        "recipient": "ada@example.com",
        "tags": [],
    }
    assert outcomes == STORY


READ_ONLY: Final = (
    "status",
    "code",
    "initial_balance_cents",
    "initial_balance_float",
    "formatted_initial_balance",
    "balance_float",
    "formatted_balance",
    "available_balance_cents",
    "available_balance_float",
    "formatted_available_balance",
    "balance_max_float",
    "formatted_balance_max",
    "balance_log",
    "usage_log",
    "archived_at",
    "created_at",
    "updated_at",
)
