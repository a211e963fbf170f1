"""The vendor's own SDK, unmodified, in two major versions: every call it makes is one that it makes anywhere.

The scenarios are in `scenarios/`; what came of their steps is looked at here.
"""

from typing import Any

import pytest

from tests.clients.official_clients import Node
from tests.clients.outcomes import Refused, told
from tests.fixtures.cast import a_draft, a_market
from tests.server import Server, a_key

pytestmark = pytest.mark.django_db(transaction=True)

CHANGE = "/data/attributes/_balance_change_cents"


@pytest.fixture
def europe():
    return a_market(name="Europe", code="eu", currency_code="EUR", locale="de_DE")


def test_a_card_lives_its_whole_life(node: Node, server: Server, sdk: str, europe):
    outcomes = node.drive("life_of_a_card", server, sdk=sdk, key=a_key(), market=europe.id)

    assert told(outcomes, "status", "balance_cents") == {
        "create": ("draft", 15000),
        "purchase": ("inactive", 15000),
        "activate": ("active", 15000),
        "debit": ("active", 11000),
        "recharge": ("active", 12500),
        "overdraft": Refused(422, "VALIDATION_ERROR", CHANGE),
        "deactivate": ("inactive", 12500),
        "debit while inactive": Refused(422, "VALIDATION_ERROR", CHANGE),
        "create a draft": ("draft", 500),
        "list": [("inactive", 12500)],
        "retrieve": ("inactive", 12500),
        "update metadata": ("inactive", 12500),
        "delete the draft": None,
        "retrieve the deleted draft": Refused(404, "RECORD_NOT_FOUND"),
        "delete the purchased card": Refused(423, "LOCKED"),
        "retrieve it still": ("inactive", 12500),
    }
    created = outcomes["create"]["answer"]
    assert created["currency_code"] == created["market"]["currency_code"] == "EUR"
    assert created["recipient_email"] == created["gift_card_recipient"]["email"] == "ada@example.com"
    assert created["formatted_balance"] == "150,00\N{NO-BREAK SPACE}€"
    assert len(created["code"]) == 36
    assert outcomes["overdraft"]["error"]["meta"]["error"] == "insufficient_balance"
    assert outcomes["debit while inactive"]["error"]["meta"]["error"] == "invalid_transition"
    changes = [each["balance_change_cents"] for each in outcomes["deactivate"]["answer"]["balance_log"]]
    assert changes == [-4000, 1500]
    assert outcomes["list"]["answer"]["meta"] == {
        "pageCount": 1,
        "recordCount": 1,
        "currentPage": 1,
        "recordsPerPage": 1,
    }
    assert outcomes["retrieve"]["answer"] == {
        "id": created["id"],
        "type": "gift_cards",
        "status": "inactive",
        "balance_cents": 12500,
        "market": {"id": str(europe.id), "type": "markets", "name": "Europe"},
    }
    assert outcomes["retrieve it still"]["answer"]["metadata"] == {"table": 4, "wrapped": True}


def test_markets_are_opened_edited_disabled_and_closed(node: Node, server: Server, sdk: str):
    outcomes = node.drive("markets", server, sdk=sdk, key=a_key())

    assert told(outcomes, "name", "code", "metadata") == {
        "create": ("Lisbon", "pt", {"floor": 2}),
        "a code twice": Refused(422, "VALIDATION_ERROR", "/data/attributes/code"),
        "without a name": Refused(422, "VALIDATION_ERROR", "/data"),
        "retrieve": ("Lisbon", "pt", {"floor": 2}),
        "update": ("Lisboa", "pt", {}),
        "disable": ("Lisboa", "pt", {}),
        "enable": ("Lisboa", "pt", {}),
        "list": [("Lisboa", "pt", {})],
        "delete while in use": Refused(423, "LOCKED"),
        "delete": None,
        "retrieve the deleted": Refused(404, "RECORD_NOT_FOUND"),
    }
    assert outcomes["disable"]["answer"]["disabled_at"] is not None
    assert outcomes["enable"]["answer"]["disabled_at"] is None


def test_recipients_are_kept_by_their_address(node: Node, server: Server, sdk: str):
    outcomes = node.drive("recipients", server, sdk=sdk, key=a_key())

    assert told(outcomes, "email", "first_name", "reference") == {
        "create": ("grace@example.com", "Grace", None),
        "the same address in capitals": Refused(422, "VALIDATION_ERROR", "/data/attributes/email"),
        "an address that is none": Refused(422, "VALIDATION_ERROR", "/data/attributes/email"),
        "update": ("grace@example.com", None, "crm-1"),
        "list": [("grace@example.com", None, "crm-1")],
        "delete while in use": Refused(423, "LOCKED"),
        "delete": None,
        "retrieve the deleted": Refused(404, "RECORD_NOT_FOUND"),
    }


def test_relationships_pages_and_counts_are_read_with_the_sdks_own_helpers(
    node: Node, server: Server, sdk: str, europe
):
    card = a_draft(market=europe, recipient_email="ada@example.com", metadata={"table": 4})
    for number in range(1, 6):
        a_draft(reference="batch", balance_cents=number * 100)

    outcomes = node.drive("reading", server, sdk=sdk, key=a_key(), card=card.id, bare_card=a_draft().id)

    answers = {step: outcome.get("answer") for step, outcome in outcomes.items()}
    assert answers["market"] == {
        "id": str(europe.id),
        "type": "markets",
        "name": "Europe",
        "currency_code": "EUR",
    }
    assert answers["recipient"]["email"] == "ada@example.com"
    assert answers["market of a card without one"] is None
    assert answers["count"] == 5
    pages = [answers[page] for page in ("first page", "middle page", "last page", "beyond")]
    assert [[card["balance_cents"] for card in page["items"]] for page in pages] == [
        [100, 200],
        [300, 400],
        [500],
        [],
    ]
    assert [(page["prev"], page["next"]) for page in pages] == [
        (False, True),
        (True, True),
        (True, False),
        (True, False),
    ]
    assert answers["helpers"] == {"first": 100, "last": 500, "records": 5, "pages": 3}
    assert answers["nothing found"]["meta"]["recordCount"] == 0
    assert [card["id"] for card in answers["metadata that contains"]["items"]] == [str(card.id)]
    assert [card["id"] for card in answers["by the recipient"]["items"]] == [str(card.id)]
    refusals = {step: outcome for step, outcome in outcomes.items() if "refused" in outcome}
    assert told(refusals) == {
        "market of no card": Refused(404, "RECORD_NOT_FOUND"),
        "a page that is too large": Refused(400, "INVALID_PAGE_VALUE", "page[size]"),
        "an unknown filter": Refused(400, "FILTER_NOT_ALLOWED", "filter[q][colour_eq]"),
    }


def test_what_the_dashboard_and_the_command_line_send_is_understood(
    node: Node, server: Server, sdk: str, europe
):
    outcomes = node.drive("dashboard_and_cli", server, sdk=sdk, key=a_key(), market=europe.id)

    not_a_number = Refused(422, "VALIDATION_ERROR", "/data/attributes/balance_cents")
    assert told(outcomes, "status", "balance_cents", "recipient_email", "image_url") == {
        "empty fields of the form": ("draft", 5000, "ada@example.com", None),
        "clear the recipient in both ways": ("draft", 5000, None, None),
        "clear the market as an attribute": ("draft", 5000, None, None),
        "every attribute a string": ("draft", 15000, None, None),
        "a trigger as a string": ("inactive", 15000, None, None),
        "a trigger that is not pulled": ("inactive", 15000, None, None),
        "activate": ("active", 15000, None, None),
        "an amount as a string": ("redeemed", 10000, None, None),
        '"1e3" as an amount': not_a_number,
        '"15000.0" as an amount': not_a_number,
        '" 5" as an amount': not_a_number,
        '"" as an amount': not_a_number,
    }
    assert len(outcomes["empty fields of the form"]["answer"]["code"]) == 36
    assert outcomes["clear the recipient in both ways"]["answer"]["gift_card_recipient"] is None
    assert outcomes["clear the market as an attribute"]["answer"]["market"] is None
    given = outcomes["every attribute a string"]["answer"]
    assert (given["rechargeable"], given["single_use"]) == (False, True)


def test_errors_are_those_that_the_sdk_recognises(node: Node, server: Server, sdk: str):
    outcomes = node.drive(
        "errors", server, sdk=sdk, key=a_key(), key_without_scopes=a_key(scopes=["codes:reveal"])
    )

    def api_error(status: int, *errors: tuple[str, str]) -> dict[str, Any]:
        return {
            "isApiError": True,
            "isSdkError": True,
            "name": "ApiError",
            "type": "response",
            "code": str(status),
            "status": status,
            "errors": [{"code": code, "detail": detail} for code, detail in errors],
        }

    assert {step: outcome["answer"] for step, outcome in outcomes.items()} == {
        "a refusal": api_error(
            422, ("VALIDATION_ERROR", "balance_cents - must be greater than or equal to 0")
        ),
        "several at once": api_error(
            422,
            ("VALIDATION_ERROR", "balance_cents - is not a number"),
            ("VALIDATION_ERROR", "single_use - is not included in the list"),
        ),
        "nothing there": api_error(
            404, ("RECORD_NOT_FOUND", "There is nothing of type gift_cards with this id.")
        ),
        "a mistake of our own": {
            "isApiError": False,
            "isSdkError": True,
            "name": "SdkError",
            "type": "client",
        },
        "a bad token": api_error(
            401, ("INVALID_TOKEN", "The access token is missing, unknown, expired or revoked.")
        ),
        "an expired token is refreshed": {"refreshed": 1, "records": 0},
        "denied": api_error(403, ("UNAUTHORIZED", "Access denied.")),
        "denied is not refreshed": 1,
    }
