"""What belongs to a card, by its own address; no name is looked up that is no declared relationship."""

import pytest

from giftcards.models import GiftCard
from recipients.operations import create_recipient
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market, an_active_card, as_stored
from tests.fixtures.client import ROOT
from tests.giftcards.api import documents
from tests.giftcards.api.documents import absent, document, errors, identifier, problem

pytestmark = pytest.mark.django_db

ON_THE_INSTANCE = (
    "delete",
    "adelete",
    "save",
    "pk",
    "id",
    "mode",
    "code",
    "code_digest",
    "refresh_from_db",
    "purchase",
    "activate",
    "redeem",
    "full_clean",
    "ledger_entries",
    "status",
    "balance_cents",
    "market_id",
    "objects",
    "__class__",
    "_meta",
    "Market",
    "markets",
    "taggings",
)


@pytest.mark.parametrize("name", ON_THE_INSTANCE)
@pytest.mark.parametrize("address", ["{id}/{name}", "{id}/relationships/{name}"])
def test_names_on_the_instance_are_nothing_and_nothing_is_touched(api, address, name):
    card = a_draft(market=a_market())
    before = as_stored(card.pk)

    answer = api.get("gift_cards/" + address.format(id=card.pk, name=name))

    nothing = problem(404, "RECORD_NOT_FOUND", "Record not found", f"gift_cards have no relationship {name}.")
    assert (answer.status, answer.document) == (404, errors(nothing))
    assert as_stored(card.pk) == before


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
@pytest.mark.parametrize("name", ["delete", "purchase", "market"])
def test_a_related_address_is_only_read(api, method, name):
    card = a_draft(market=a_market())
    before = as_stored(card.pk)

    answer = api.send(method, f"gift_cards/{card.pk}/{name}", {"data": None})

    assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert as_stored(card.pk) == before


def test_the_market_of_a_card(api):
    market = a_market(checkout_url="https://shop.example")
    card = a_draft(market=market)

    assert api.get(f"gift_cards/{card.pk}/market").document == document(
        documents.market(market, checkout_url="https://shop.example"), f"gift_cards/{card.pk}/market"
    )


def test_the_recipient_of_a_card_with_sparse_fields(api):
    card = a_draft(recipient_email="ada@example.com")
    address = f"gift_cards/{card.pk}/gift_card_recipient?fields%5Bgift_card_recipients%5D=email"

    ada = documents.recipient(card.gift_card_recipient, "ada@example.com")
    ada["attributes"] = {"email": "ada@example.com"}
    assert api.get(address).document == document(ada, address)


@pytest.mark.parametrize("name", ["market", "gift_card_recipient"])
def test_what_a_card_does_not_have_is_null(api, name):
    address = f"gift_cards/{a_draft().pk}/{name}"

    assert api.get(address).document == document(None, address)


def test_the_linkage_is_read_and_changed_by_its_own_address(api):
    first, second = a_market(), a_market(name="Paris")
    card = an_active_card(market=first)
    address = f"gift_cards/{card.pk}/relationships/market"
    related = {"related": f"{ROOT}/gift_cards/{card.pk}/market"}

    read = api.get(address)
    changed = api.send("PATCH", address, {"data": identifier("markets", second)})
    cleared = api.send("PATCH", address, {"data": None})

    assert read.document == document(identifier("markets", first), address, links=related)
    assert (changed.status, changed.document) == (
        200,
        document(identifier("markets", second), address, links=related),
    )
    assert (cleared.status, cleared.document) == (200, document(None, address, links=related))
    assert GiftCard.objects.get().market is None


def test_the_linkage_obeys_the_rules_of_the_card(api):
    card = an_active_card()
    address = f"gift_cards/{card.pk}/relationships/market"
    euros, elsewhere = a_market(currency_code="EUR"), a_market(by=LIVE)

    mismatch = api.send("PATCH", address, {"data": identifier("markets", euros)})
    missing = api.send("PATCH", address, {"data": identifier("markets", elsewhere)})

    assert mismatch.refusal == (422, "VALIDATION_ERROR", "must be the market's (EUR), not USD", "/data")
    assert (missing.status, missing.document) == (
        404,
        errors(absent("markets", elsewhere.pk, pointer="/data")),
    )
    assert GiftCard.objects.get().market is None


def test_a_recipient_in_use_is_kept(api):
    ada = create_recipient(caller=TEST, email="ada@example.com")
    a_draft(gift_card_recipient=ada)

    assert api.delete(f"gift_card_recipients/{ada.pk}").status == 423
