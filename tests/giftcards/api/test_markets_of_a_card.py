"""A card and the markets, over the wire: where it can be sold, spent and moved to."""

from uuid import uuid4

import pytest

from tests.fixtures.cast import LIVE, a_draft, a_market, an_active_card, an_inactive_card, disabled
from tests.giftcards.api.documents import absent, identifier, invalid, of_card
from tests.giftcards.api.refusing import refuses

pytestmark = pytest.mark.django_db

DEBIT = "_balance_change_cents"


def test_a_card_of_a_disabled_market_is_neither_bought_activated_spent_nor_recharged(api):
    at_fault = invalid("market", "disabled", "is disabled", at="/data")
    for make, trigger in [
        (a_draft, {"_purchase": True}),
        (an_inactive_card, {"_activate": True}),
        (an_active_card, {DEBIT: -1}),
        (an_inactive_card, {DEBIT: 1}),
    ]:
        market = a_market()
        card = make(market=market)
        disabled(market)
        refuses(api, card, trigger, at_fault)


def test_a_card_of_a_disabled_market_is_read_and_switched_off(api):
    market = a_market()
    card = an_active_card(market=market)
    disabled(market)

    assert api.get(f"gift_cards/{card.pk}").document == of_card(card, status="active")
    assert api.update(f"gift_cards/{card.pk}", _deactivate=True).document == of_card(card, status="inactive")


def test_a_card_is_not_spent_in_another_market_than_its_own(api):
    card, elsewhere = an_active_card(market=a_market()), a_market(name="Paris")

    title = "is not the market this gift card is restricted to"
    at_fault = invalid("_market_id", "other_market", title, value=str(elsewhere.pk))
    refuses(api, card, {DEBIT: -1, "_market_id": str(elsewhere.pk)}, at_fault)


def test_a_card_is_not_spent_in_a_market_of_another_currency(api):
    market = a_market(currency_code="EUR")

    at_fault = invalid(
        "_market_id",
        "currency_mismatch",
        "sells in EUR, the gift card is in USD",
        value=str(market.pk),
    )
    refuses(api, an_active_card(), {DEBIT: -1, "_market_id": str(market.pk)}, at_fault)


def test_a_card_is_not_spent_in_a_disabled_market(api):
    market = disabled(a_market())

    at_fault = invalid("_market_id", "disabled", "is disabled", value=str(market.pk))
    refuses(api, an_active_card(), {DEBIT: -1, "_market_id": str(market.pk)}, at_fault)


def test_a_card_is_spent_in_no_market_that_the_key_cannot_see(api):
    for key in (str(uuid4()), str(a_market(by=LIVE).pk), "berlin"):
        missing = absent("markets", key, pointer="/data/attributes/_market_id")
        refuses(api, an_active_card(), {DEBIT: -1, "_market_id": key}, missing, status=404)


def test_a_card_is_spent_in_its_market_and_the_entry_says_so(api):
    market = a_market()
    card = an_active_card(market=market)

    answer = api.update(f"gift_cards/{card.pk}", _balance_change_cents=-1, _market_id=str(market.pk))

    assert answer.status == 200
    assert card.ledger_entries.get(sequence=2).market == market


@pytest.mark.parametrize("status_of", [a_draft, an_inactive_card])
def test_a_card_moves_to_no_market_of_another_currency(api, status_of):
    market = a_market(currency_code="EUR")
    moved = {"market": {"data": identifier("markets", market)}}

    title = "must be the market's (EUR), not USD"
    at_fault = invalid("market", "currency_mismatch", title, at="/data/relationships/market", value="USD")
    refuses(api, status_of(), {}, at_fault, relationships=moved)


def test_a_currency_that_is_not_the_markets_is_refused(api):
    card = a_draft(market=a_market())

    title = "must be the market's (USD), not EUR"
    refuses(
        api, card, {"currency_code": "EUR"}, invalid("currency_code", "currency_mismatch", title, value="EUR")
    )
