"""A card's market: its currency, its being open, and where the card is taken."""

from functools import partial

import pytest

from giftcards.exceptions import MarketDisabled, OtherMarket
from giftcards.models import GiftCard
from giftcards.operations import (
    activate,
    adjust,
    create_gift_card,
    deactivate,
    debit,
    purchase,
    recharge,
    update_gift_card,
)
from kernel.refusals import Invalid, NotFound
from markets.operations import update_market
from tests.fixtures.cast import (
    LIVE,
    TEST,
    a_draft,
    a_market,
    an_active_card,
    an_inactive_card,
    caller,
    disabled,
    edit,
)
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db


def test_a_card_takes_its_currency_from_its_market():
    market = a_market(currency_code="JPY")

    card = create_gift_card(caller=TEST, attributes={"balance_cents": 1, "market": market})

    assert card.currency_code == "JPY"


def test_a_card_without_a_market_names_its_currency():
    with refused(Invalid, about="currency_code", error="blank"):
        create_gift_card(caller=TEST, attributes={"balance_cents": 1})


def test_the_currency_of_a_card_is_that_of_its_market():
    with refused(Invalid, about="currency_code", error="currency_mismatch"):
        a_draft(market=a_market(currency_code="EUR"), currency_code="USD")


def test_a_draft_moves_to_a_market_of_another_currency_only_with_the_currency():
    card, market = a_draft(), a_market(currency_code="EUR")

    with refused(Invalid, about="market", error="currency_mismatch", card=card):
        edit(card, market=market)
    assert edit(card, market=market, currency_code="EUR").currency_code == "EUR"


def test_a_card_leaves_its_market_and_keeps_its_currency():
    card = an_inactive_card(market=a_market(currency_code="EUR"))

    card = edit(card, market=None)

    assert (card.market, card.currency_code) == (None, "EUR")


def test_the_currency_of_a_market_stays_once_a_card_uses_it():
    market = a_market(currency_code="EUR")
    a_draft(market=market)

    with refused(Invalid, about="currency_code", error="in_use"):
        update_market(caller=TEST, market_id=market.id, changes={"currency_code": "USD"})


@pytest.mark.parametrize(
    ("make", "verb"),
    [
        (a_draft, purchase),
        (an_inactive_card, activate),
        (an_active_card, partial(debit, amount_cents=1)),
        (an_inactive_card, partial(recharge, amount_cents=1)),
        (an_active_card, partial(recharge, amount_cents=1)),
    ],
)
def test_a_card_of_a_disabled_market_is_neither_bought_activated_spent_nor_recharged(make, verb):
    market = a_market()
    card = make(market=market)
    disabled(market)

    with refused(MarketDisabled, about="market", error="disabled", card=card):
        verb(caller=TEST, card_id=card.id)


@pytest.mark.parametrize(
    ("make", "verb"),
    [
        (a_draft, purchase),
        (an_inactive_card, activate),
        (an_active_card, partial(debit, amount_cents=1)),
        (an_active_card, partial(recharge, amount_cents=1)),
    ],
)
def test_a_card_does_not_leave_a_disabled_market_by_the_verb_that_it_forbids(make, verb):
    market = a_market()
    card = make(market=market)
    disabled(market)

    with refused(MarketDisabled, about="market", error="disabled", card=card):
        verb(caller=TEST, card_id=card.id, changes={"market": None})


def test_a_verb_does_not_take_a_card_into_a_disabled_market():
    card = an_active_card()
    with refused(MarketDisabled, about="market", error="disabled", card=card):
        debit(caller=TEST, card_id=card.id, amount_cents=1, changes={"market": disabled(a_market())})


def test_a_caller_of_one_market_neither_frees_a_card_nor_sends_it_beyond_his_reach():
    berlin, paris = a_market(name="Berlin"), a_market(name="Paris")
    card = an_active_card(market=berlin)
    clerk = caller(markets=[berlin])

    with refused(Invalid, about="market", error="market_restricted", card=card):
        update_gift_card(caller=clerk, card_id=card.id, changes={"market": None})
    with refused(NotFound, card=card):
        update_gift_card(caller=clerk, card_id=card.id, changes={"market": paris})


def test_a_market_of_the_other_mode_is_not_there_for_a_card():
    card = an_active_card()
    with refused(NotFound, card=card):
        update_gift_card(caller=TEST, card_id=card.id, changes={"market": a_market(by=LIVE)})


def test_a_card_of_a_disabled_market_is_read_changed_switched_off_and_corrected():
    market = a_market()
    card = an_active_card(market=market)
    disabled(market)

    assert GiftCard.objects.visible_to(TEST).get(id=card.id).balance_cents == 10_000
    assert edit(card, reference="A").reference == "A"
    assert adjust(caller=TEST, card_id=card.id, balance_cents=5).balance_cents == 5
    assert deactivate(caller=TEST, card_id=card.id).status == "inactive"


def test_a_card_is_spent_again_when_its_market_is_enabled():
    market = a_market()
    card = an_active_card(market=market)
    disabled(market)
    update_market(caller=TEST, market_id=market.id, disabled=False)

    assert debit(caller=TEST, card_id=card.id, amount_cents=1).balance_cents == 9_999


def test_a_card_is_spent_in_its_own_market_and_the_entry_says_so():
    market = a_market()
    card = an_active_card(market=market)

    debit(caller=TEST, card_id=card.id, amount_cents=1, spent_in=market)

    assert card.ledger_entries.get(sequence=2).market == market


def test_a_card_of_one_market_is_refused_in_another():
    card = an_active_card(market=a_market(name="Berlin"))

    with refused(OtherMarket, about="spent_in", error="other_market", card=card):
        debit(caller=TEST, card_id=card.id, amount_cents=1, spent_in=a_market(name="Paris"))


def test_a_card_without_a_market_is_taken_in_any_of_its_currency():
    card = an_active_card()

    assert debit(caller=TEST, card_id=card.id, amount_cents=1, spent_in=a_market()).balance_cents == 9_999
    with refused(Invalid, about="spent_in", error="currency_mismatch", card=card):
        debit(caller=TEST, card_id=card.id, amount_cents=1, spent_in=a_market(currency_code="EUR"))


def test_a_disabled_market_takes_no_card():
    card = an_active_card()

    with refused(MarketDisabled, about="spent_in", card=card):
        debit(caller=TEST, card_id=card.id, amount_cents=1, spent_in=disabled(a_market()))


def test_a_caller_of_one_market_sees_its_cards_and_those_without_a_market():
    berlin, paris = a_market(name="Berlin"), a_market(name="Paris")
    cards = [a_draft(market=berlin), a_draft(market=paris), a_draft()]
    a_draft(by=LIVE)

    seen = GiftCard.objects.visible_to(caller(markets=[berlin]))

    assert set(seen) == {cards[0], cards[2]}
    assert set(GiftCard.objects.visible_to(TEST)) == set(cards)
    assert set(GiftCard.objects.visible_to(caller(markets=[]))) == {cards[2]}


@pytest.mark.parametrize(
    "verb",
    [
        purchase,
        activate,
        deactivate,
        partial(debit, amount_cents=1),
        partial(recharge, amount_cents=1),
        partial(adjust, balance_cents=1),
        partial(update_gift_card, changes={"reference": "A"}),
    ],
)
def test_a_caller_of_another_market_finds_nothing(verb):
    card = an_active_card(market=a_market(name="Berlin"))

    with refused(NotFound, card=card):
        verb(caller=caller(markets=[a_market(name="Paris")]), card_id=card.id)
