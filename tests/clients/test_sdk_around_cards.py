"""The SDK on what belongs around a card: tags, attachments, events, price lists, and who is served."""

import pytest

from access.models import Application, Organization
from giftcards.operations import create_tag, purchase
from markets.models import Market
from tests.clients.official_clients import Node
from tests.clients.outcomes import Refused, told
from tests.fixtures.cast import TEST, a_draft, a_market
from tests.giftcards.api.documents import time_text
from tests.server import Server, a_key

INVOICE = "https://shop.example/7.pdf"

pytestmark = pytest.mark.django_db(transaction=True)


def test_tags_are_kept_and_put_on_cards(node: Node, server: Server, sdk: str):
    eleven = [create_tag(caller=TEST, name=f"number-{number}").name for number in range(1, 12)]
    outcomes = node.drive("tags", server, sdk=sdk, key=a_key(), eleven=eleven)

    assert told(outcomes, "name", "reference", "metadata") == {
        "create": ("vip", None, {"colour": "gold"}),
        "create another": ("staff", "crm-2", {}),
        "a name twice": Refused(422, "VALIDATION_ERROR", "/data/attributes/name"),
        "a name with a comma": Refused(422, "VALIDATION_ERROR", "/data/attributes/name"),
        "retrieve": ("vip", None, {"colour": "gold"}),
        "list": [("vip", None, {"colour": "gold"})],
        "update": ("colleagues", "crm-2", {"floor": 2}),
        "tagged when created": ["vip"],
        "add by name": ["colleagues", "vip"],
        "remove by name": ["colleagues"],
        "replace": ["colleagues", "vip"],
        "related": [("colleagues", "crm-2", {"floor": 2}), ("vip", None, {"colour": "gold"})],
        "clear": [],
        "more than ten": Refused(422, "VALIDATION_ERROR", "/data/attributes/_add_tags"),
        "none was added": [],
        "delete while carried": None,
        "taken off": [],
        "retrieve the deleted": Refused(404, "RECORD_NOT_FOUND"),
    }


def test_notes_and_addresses_are_attached_to_a_card(node: Node, server: Server, sdk: str):
    outcomes = node.drive("attachments", server, sdk=sdk, key=a_key(), card=a_draft().id)

    note, invoice = ("Ada Lovelace", "Lost her card, has a new one.", None), ("Invoice", None, INVOICE)
    emptied = ("Ada Lovelace", None, None)
    assert told(outcomes, "name", "description", "url") == {
        "create a note": note,
        "create an address": invoice,
        "of no card": Refused(422, "VALIDATION_ERROR", "/data"),
        "of a card that never was": Refused(404, "RECORD_NOT_FOUND", "/data/relationships/attachable/data"),
        "retrieve": note,
        "list": [note],
        "update": emptied,
        "related": [emptied, invoice],
        "with the card": ["Ada Lovelace", "Invoice"],
        "delete": None,
        "retrieve the deleted": Refused(404, "RECORD_NOT_FOUND"),
        "what is left": [invoice],
    }
    assert outcomes["create an address"]["answer"]["attachable"]["status"] == "draft"
    assert outcomes["update"]["answer"]["metadata"] == {"seen": True}


@pytest.fixture
def europe() -> Market:
    a_market(name="Switzerland", currency_code="CHF")
    a_market(name="America", currency_code="USD")
    return a_market(name="Europe", code="eu", currency_code="EUR")


def test_events_are_read_by_card_and_by_list(node: Node, server: Server, sdk: str, europe: Market):
    card = purchase(caller=TEST, card_id=a_draft(market=europe).id)
    outcomes = told(
        node.drive("events", server, sdk=sdk, key=a_key(), card=card.id), "name", "actor_name", "resource_id"
    )

    created = ("gift_cards.create", "The till", str(card.id))
    assert outcomes == {
        "of a card": [
            created,
            ("gift_card.created", "The till", str(card.id)),
            ("gift_cards.purchase", "The till", str(card.id)),
        ],
        "list": [created],
        "retrieve": created,
        "of a card that never was": Refused(404, "RECORD_NOT_FOUND"),
        "retrieve none": Refused(404, "RECORD_NOT_FOUND"),
        "trigger": Refused(405, "METHOD_NOT_ALLOWED"),
    }


def test_price_lists_mirror_markets(node: Node, server: Server, sdk: str, europe: Market):
    outcomes = node.drive("price_lists", server, sdk=sdk, key=a_key(), market=europe.id)

    assert told(outcomes, "currency_code") == {
        "list": [("CHF",), ("EUR",)],
        "retrieve": ("EUR",),
        "of a market": ("EUR",),
        "with a market": ("EUR",),
        "retrieve none": Refused(404, "RECORD_NOT_FOUND"),
        "create": Refused(405, "METHOD_NOT_ALLOWED"),
        "update": Refused(405, "METHOD_NOT_ALLOWED"),
        "delete": Refused(405, "METHOD_NOT_ALLOWED"),
    }
    assert outcomes["retrieve"]["answer"]["id"] == str(europe.id)


def test_a_client_learns_whom_it_talks_to_and_who_it_is(node: Node, server: Server, sdk: str, europe: Market):
    key = a_key(markets=["eu"])
    outcomes = node.drive("account", server, sdk=sdk, key=key)

    organization = Organization.objects.get()
    application = Application.objects.get(name="The shop")
    born, made = time_text(organization.created_at), time_text(application.created_at)
    whole = {
        "id": str(organization.id),
        "type": "organizations",
        "name": organization.name,
        "slug": organization.slug,
        "created_at": born,
        "updated_at": born,
    }
    assert {step: outcome["answer"] for step, outcome in outcomes.items()} == {
        "organization": whole,
        "its slug": {name: whole[name] for name in ("id", "type", "slug")},
        "application": {
            "id": str(application.id),
            "type": "applications",
            "name": "The shop",
            "kind": "integration",
            "public_access": False,
            "redirect_uri": None,
            "scopes": f"market:id:{europe.id}",
            "created_at": made,
            "updated_at": made,
        },
    }
