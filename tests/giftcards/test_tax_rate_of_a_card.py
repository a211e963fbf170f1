"""A card's tax rate is its market's, unless one was set on the card itself."""

from decimal import Decimal
from typing import Any, cast

import pytest
from django.db import IntegrityError

from giftcards.exceptions import NotTaxable
from giftcards.models import GiftCard
from kernel.refusals import Invalid
from markets.attributes import MarketChanges
from markets.operations import update_market
from tests.fixtures.cast import TEST, a_draft, a_market, an_active_card, edit, last_event
from tests.fixtures.client import api_client
from tests.fixtures.raw_sql import set_column
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db

SEVEN, NINETEEN = Decimal(7), Decimal(19)


def rate_of(card):
    return GiftCard.objects.get(pk=card.pk).tax_rate


def change(market, **changes: Any):
    update_market(caller=TEST, market_id=market.pk, changes=cast(MarketChanges, changes))


def test_it_follows_the_market():
    market = a_market(tax_rate=NINETEEN)
    card, elsewhere = an_active_card(market=market), an_active_card()
    assert (rate_of(card), rate_of(elsewhere)) == (NINETEEN, None)

    change(market, tax_rate=SEVEN)
    assert rate_of(card) == SEVEN
    change(market, gift_cards_taxable=False)
    assert rate_of(card) is None
    change(market, gift_cards_taxable=True, tax_rate=None)
    assert rate_of(card) is None


def test_one_that_was_set_by_hand_stays_while_the_market_changes():
    market = a_market(tax_rate=NINETEEN)
    sold, changed = an_active_card(market=market, tax_rate=NINETEEN), an_active_card(market=market)
    edit(changed, tax_rate=SEVEN)
    assert last_event(changed).data["changed"] == ["tax_rate"]

    change(market, tax_rate=Decimal(20))

    assert (rate_of(sold), rate_of(changed)) == (NINETEEN, SEVEN)
    change(market, gift_cards_taxable=False)
    assert (rate_of(sold), rate_of(changed)) == (None, None)
    change(market, gift_cards_taxable=True)
    edit(changed, tax_rate=None)
    assert rate_of(changed) == Decimal(20)


def test_a_card_without_a_market_may_have_one():
    card = an_active_card(tax_rate=SEVEN)
    assert rate_of(card) == SEVEN
    assert rate_of(edit(card, tax_rate=None)) is None


def test_in_another_market_it_is_counted_anew():
    card = an_active_card(market=a_market(tax_rate=NINETEEN), tax_rate=SEVEN)

    assert rate_of(edit(card, market=a_market(tax_rate=Decimal(20)))) == 20
    assert rate_of(edit(card, market=a_market(), tax_rate=Decimal(5))) == 5
    assert rate_of(edit(card, market=None)) is None


def test_a_form_that_comes_back_whole_does_not_hold_the_rate():
    """Whoever edits a reference sends the rate that he has read."""
    first, second = a_market(tax_rate=NINETEEN), a_market(tax_rate=Decimal(20))
    card = an_active_card(market=first)

    edit(card, tax_rate=NINETEEN, reference="A")
    assert last_event(card).data["changed"] == ["reference"]
    change(first, tax_rate=SEVEN)
    assert rate_of(card) == SEVEN
    edit(card, tax_rate=SEVEN, market=second)
    assert rate_of(card) == 20


def test_none_is_set_where_gift_cards_are_not_taxed():
    market = a_market(tax_rate=NINETEEN, gift_cards_taxable=False)
    card = an_active_card(market=market)

    with refused(NotTaxable, about="tax_rate", error="not_taxable", card=card):
        edit(card, tax_rate=SEVEN)
    with pytest.raises(NotTaxable, match="the market Berlin are not taxed"):
        a_draft(market=market, tax_rate=SEVEN)
    assert edit(card, tax_rate=None, reference="A").reference == "A"


@pytest.mark.parametrize("rate", [Decimal(-1), Decimal(1000), Decimal("0.00001"), 7.5, "7", True])
def test_a_rate_is_a_percentage(rate):
    with pytest.raises(Invalid, match=r"^tax_rate "):
        a_draft(tax_rate=rate)


@pytest.mark.tampers
def test_the_database_refuses_a_negative_one():
    with pytest.raises(IntegrityError):
        set_column(a_draft(), "own_tax_rate", -1)


def test_on_the_wire_it_is_a_number():
    card, client = an_active_card(market=a_market(tax_rate=Decimal("19.5"))), api_client()
    address = f"gift_cards/{card.pk}"

    def rate(**changes):
        return client.update(address, **changes).document["data"]["attributes"]["tax_rate"]

    assert rate(reference="A") == 19.5
    assert rate(tax_rate=7.1) == 7.1
    assert rate(tax_rate="0") == 0
    assert rate(tax_rate=None) == 19.5
    listed = client.get("gift_cards?fields[gift_cards]=tax_rate").document["data"]
    assert [each["attributes"] for each in listed] == [{"tax_rate": 19.5}]


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [
        (-1, "must be greater than or equal to 0"),
        (1e300, "must be less than or equal to 999"),
        (7.00001, "can have at most 4 decimals"),
        ("a lot", "is not a number"),
        (True, "is not a number"),
    ],
)
def test_a_refused_rate_is_named(rate, sentence):
    card = an_active_card()

    answer = api_client().update(f"gift_cards/{card.pk}", tax_rate=rate)

    assert answer.refusal == (422, "VALIDATION_ERROR", sentence, "/data/attributes/tax_rate")
