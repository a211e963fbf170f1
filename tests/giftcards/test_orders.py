"""An order is recorded as a shop tells it: its lines become gift cards, once."""

from datetime import timedelta
from decimal import Decimal
from typing import cast

import pytest
from django.db import IntegrityError, transaction

from events.models import Event
from giftcards.exceptions import ExpiryNotAllowed, MarketDisabled, TooManyGiftCards
from giftcards.models import Denomination, GiftCard, Kind, LedgerEntry, Order, OrderLine, Product, Status
from giftcards.operations import (
    LineTold,
    OrderChanges,
    RecipientTold,
    UnitTold,
    debit,
    place_order,
    selling,
    update_order,
)
from kernel.clock import database_now
from kernel.refusals import Invalid, NotFound
from kernel.secret import Secret
from recipients.models import GiftCardRecipient
from recipients.operations import create_recipient
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market, caller, disabled

pytestmark = pytest.mark.django_db


def a_denomination(*, by=TEST, amounts=None, name="25", market=None, image_url=None, **product):
    sold_as = Product.objects.create(mode=by.mode, name="Gift card", **product)
    if market is not None:
        sold_as.availabilities.create(mode=by.mode, market=market)
    return Denomination.objects.create(
        mode=by.mode, product=sold_as, name=name, amounts=amounts or {"USD": 2_500}, image_url=image_url
    )


def placed(*lines, by=TEST, market=None, **attributes):
    return place_order(
        caller=by, market=market or a_market(by=by), attributes=cast(OrderChanges, attributes), lines=lines
    )


def cards_of(order):
    return list(order.bought_gift_cards.order_by("order_line__position", "id"))


def last_event(order):
    return Event.objects.filter(subject_id=order.pk).latest("sequence")


# What an order sells


def test_each_unit_of_a_line_becomes_a_card_worth_the_unit():
    market = a_market(tax_rate=Decimal(7))
    order = placed(
        LineTold(quantity=2, amount_cents=2_500, tax_rate=Decimal(19), metadata={"colour": "red"}),
        LineTold(amount_cents=1_000),
        market=market,
        reference="order-1",
        display_number=17,
        customer_email="ada@example.com",
    )

    red, also_red, plain = cards_of(order)
    for card in (red, also_red):
        assert (card.balance_cents, card.initial_balance_cents, card.currency_code) == (2_500, 2_500, "USD")
        assert (card.status, card.market, card.metadata) == (Status.ACTIVE, market, {"colour": "red"})
        assert (card.tax_rate, card.order_line.position) == (Decimal(19), 1)
    assert (plain.balance_cents, plain.tax_rate, plain.own_tax_rate) == (1_000, Decimal(7), None)
    entries = LedgerEntry.objects.filter(gift_card__order=order)
    told = set(entries.values_list("kind", "reference", "order_number"))
    assert told == {(Kind.ISSUE, "order-1", "17")}
    lines = order.lines.order_by("position").values_list("unit_amount_cents", "quantity", "tax_rate")
    assert list(lines) == [(2_500, 2, Decimal(19)), (1_000, 1, None)]


def test_an_order_without_lines_sells_nothing():
    order = placed(reference="only-spending")

    assert (order.status, cards_of(order), order.currency_code) == ("placed", [], "USD")
    assert not GiftCard.objects.exists()


def test_the_event_tells_how_many_cards_and_for_how_much():
    order = placed(LineTold(quantity=3, amount_cents=500))

    event = last_event(order)
    assert (event.topic, event.subject_type) == ("gift_card_orders.create", "gift_card_orders")
    assert event.data == {"status": "placed", "bought_gift_cards": 3, "bought_amount_cents": 1_500}


def test_a_card_keeps_no_rate_where_cards_are_not_taxed_and_the_line_keeps_what_was_told():
    order = placed(
        LineTold(amount_cents=500, tax_rate=Decimal(19)), market=a_market(gift_cards_taxable=False)
    )

    (card,) = cards_of(order)
    assert (card.tax_rate, card.own_tax_rate, card.order_line.tax_rate) == (None, None, Decimal(19))


def test_cards_may_wait_to_be_activated():
    (card,) = cards_of(placed(LineTold(amount_cents=500, active=False)))

    assert card.status == Status.INACTIVE


# Denominations


def test_a_denomination_says_what_its_cards_are():
    market = a_market(currency_code="EUR", time_zone="Europe/Berlin")
    denomination = a_denomination(
        amounts={"USD": 2_500, "EUR": 2_300},
        image_url="https://example.com/25.png",
        validity_months=12,
        code_format="human",
    )

    (card,) = cards_of(placed(LineTold(denomination=denomination.pk), market=market))

    assert (card.balance_cents, card.currency_code) == (2_300, "EUR")
    assert card.image_url == "https://example.com/25.png"
    assert card.expires_at > database_now() + timedelta(days=364)
    assert card.code().reveal().count("-") == 4
    assert card.order_line.denomination == denomination


def test_without_a_word_of_the_product_the_market_decides():
    market = a_market(default_validity_months=1, code_format="grouped_16")

    (card,) = cards_of(placed(LineTold(denomination=a_denomination().pk), market=market))

    assert card.expires_at < database_now() + timedelta(days=33)
    assert card.code().reveal().count("-") == 3


@pytest.mark.parametrize(
    ("error", "product"),
    [
        ("currency_mismatch", {"amounts": {"EUR": 100}}),
        ("disabled", {"disabled_at": "2020-01-01T00:00Z"}),
    ],
)
def test_what_is_not_offered_is_not_sold(error, product):
    denomination = a_denomination(**product)

    with pytest.raises(Invalid) as refusal:
        placed(LineTold(denomination=denomination.pk))

    assert (refusal.value.about, refusal.value.error) == ("lines/0/denomination", error)
    assert not Order.objects.exists()


def test_a_product_of_other_markets_is_not_sold():
    denomination = a_denomination(market=a_market(name="Paris"))

    with pytest.raises(Invalid, match="is not sold in the market Berlin"):
        placed(LineTold(denomination=denomination.pk))


def test_a_denomination_of_the_other_mode_does_not_exist():
    with pytest.raises(NotFound, match="gift_card_denominations"):
        placed(LineTold(denomination=a_denomination(by=LIVE).pk))


def test_a_validity_that_the_market_forbids_is_refused_for_its_line():
    denomination = a_denomination(validity_months=12)

    with pytest.raises(Invalid) as refusal:
        placed(LineTold(denomination=denomination.pk), market=a_market(allows_expiry=False))

    assert (refusal.value.about, refusal.value.error) == ("lines/0/denomination", "expiry_not_allowed")
    assert isinstance(refusal.value.__cause__, ExpiryNotAllowed)


# Recipients and messages


def test_each_unit_may_have_a_recipient_and_a_message():
    known = create_recipient(caller=TEST, email="Ada@example.com", first_name="Ada")
    order = placed(
        LineTold(
            quantity=4,
            amount_cents=500,
            units=[
                UnitTold(recipient=RecipientTold("ada@EXAMPLE.com", "Somebody"), message="Enjoy!"),
                UnitTold(recipient=RecipientTold("grace@example.com", "Grace", "Hopper")),
                UnitTold(gift_card_recipient=known.pk),
            ],
        )
    )

    ada, grace, again, nobody = cards_of(order)
    assert (ada.gift_card_recipient, ada.message) == (known, "Enjoy!")
    assert (grace.gift_card_recipient.first_name, grace.gift_card_recipient.last_name) == ("Grace", "Hopper")
    assert (again.gift_card_recipient, again.message) == (known, None)
    assert (nobody.gift_card_recipient, nobody.message) == (None, None)
    known.refresh_from_db()
    assert (known.first_name, GiftCardRecipient.objects.count()) == ("Ada", 2)


def test_a_recipient_of_the_other_mode_does_not_exist():
    live = create_recipient(caller=LIVE, email="ada@example.com")

    with pytest.raises(NotFound, match="gift_card_recipients"):
        placed(LineTold(amount_cents=5, units=[UnitTold(gift_card_recipient=live.pk)]))


# Refusals


@pytest.mark.parametrize(
    ("about", "error", "line"),
    [
        ("lines/1/quantity", "greater_than", LineTold(quantity=0, amount_cents=5)),
        ("lines/1/amount_cents", "greater_than", LineTold(amount_cents=0)),
        ("lines/1/amount_cents", "blank", LineTold()),
        ("lines/1/amount_cents", "less_than_or_equal_to", LineTold(amount_cents=10**14)),
        ("lines/1/tax_rate", "greater_than_or_equal_to", LineTold(amount_cents=5, tax_rate=Decimal(-1))),
        ("lines/1/metadata", "invalid", LineTold(amount_cents=5, metadata={"a": "\0"})),
        ("lines/1/units", "too_many", LineTold(amount_cents=5, units=[UnitTold(), UnitTold()])),
        (
            "lines/1/units/0/message",
            "too_long",
            LineTold(amount_cents=5, units=[UnitTold(message="a" * 1001)]),
        ),
        (
            "lines/1/units/0/recipient/email",
            "invalid",
            LineTold(amount_cents=5, units=[UnitTold(recipient=RecipientTold("nowhere"))]),
        ),
    ],
)
def test_a_refusal_names_the_line_and_nothing_is_sold(about, error, line):
    with pytest.raises(Invalid) as refusal:
        placed(LineTold(amount_cents=5), line)

    assert (refusal.value.about, refusal.value.error) == (about, error)
    for model in (Order, OrderLine, GiftCard, GiftCardRecipient):
        assert not model.objects.exists()


def test_an_order_sells_a_bounded_number_of_cards():
    most = selling.MOST_GIFT_CARDS

    with pytest.raises(TooManyGiftCards, match=f"maximum is {most} gift cards"):
        placed(LineTold(quantity=most, amount_cents=5), LineTold(amount_cents=5))


def test_nothing_is_sold_in_a_disabled_market():
    with pytest.raises(MarketDisabled):
        placed(market=disabled(a_market()))


def test_a_market_beyond_the_callers_reach_does_not_exist():
    berlin, paris = a_market(), a_market(name="Paris")

    for by, market in ((caller(markets=[paris]), berlin), (LIVE, berlin)):
        with pytest.raises(NotFound, match="markets"):
            place_order(caller=by, market=market)


@pytest.mark.parametrize("taken", [{"reference": "order-1"}, {"display_number": 17}])
def test_an_order_is_told_once_in_its_mode(taken):
    placed(LineTold(amount_cents=5), **taken)

    with pytest.raises(Invalid) as refusal:
        placed(LineTold(amount_cents=5), **taken)

    (name, value) = next(iter(taken.items()))
    assert (refusal.value.about, refusal.value.error, refusal.value.value) == (name, "taken", value)
    assert GiftCard.objects.count() == 1
    assert placed(by=LIVE, **taken).mode == "live"


@pytest.mark.parametrize(
    ("error", "attributes"),
    [
        ("greater_than", {"display_number": 0}),
        ("less_than_or_equal_to", {"display_number": 2**31}),
        ("not_a_number", {"display_number": True}),
        ("invalid", {"customer_email": "nowhere"}),
        ("too_long", {"reference": "a" * 256}),
    ],
)
def test_an_attribute_against_a_rule_is_refused(error, attributes):
    with pytest.raises(Invalid) as refusal:
        placed(**attributes)

    assert (refusal.value.about, refusal.value.error) == (next(iter(attributes)), error)


# What is noted about it


def test_what_is_noted_can_be_changed_and_is_recorded_by_name():
    order = placed(reference="a", customer_email="ada@example.com")

    changed = update_order(
        caller=TEST,
        order_id=order.pk,
        changes={"display_number": 4, "customer_email": "", "metadata": {"a": 1}, "reference": "a"},
        reason="typo",
    )

    assert (changed.display_number, changed.customer_email, changed.metadata) == (4, None, {"a": 1})
    assert changed.updated_at > order.updated_at
    event = last_event(order)
    assert (event.topic, event.reason) == ("gift_card_orders.update", "typo")
    assert event.data == {
        "status": "placed",
        "changed": ["display_number", "customer_email", "metadata"],
    }


def test_what_changes_nothing_records_nothing():
    order = placed(reference="a")

    update_order(caller=TEST, order_id=order.pk, changes={"reference": "a"})

    assert last_event(order).topic == "gift_card_orders.create"


def test_what_was_sold_is_redeemed_when_nothing_is_left():
    (card,) = cards_of(placed(LineTold(amount_cents=1_000)))

    assert debit(caller=TEST, card_id=card.pk, amount_cents=1_000).status == Status.REDEEMED


def test_a_reference_of_another_order_is_taken():
    placed(reference="a")
    order = placed(reference="b")

    with pytest.raises(Invalid, match="reference has already been taken"):
        update_order(caller=TEST, order_id=order.pk, changes={"reference": "a"})

    assert Order.objects.get(pk=order.pk).reference == "b"


def test_an_order_beyond_the_callers_reach_does_not_exist():
    order = placed()

    for by in (LIVE, caller(markets=[a_market(name="Paris")])):
        with pytest.raises(NotFound, match="gift_card_orders"):
            update_order(caller=by, order_id=order.pk, changes={"reference": "a"})


# What the database holds


@pytest.mark.parametrize("draft", [{"by": LIVE}, {"currency_code": "EUR"}])
def test_a_card_agrees_with_its_order(draft):
    card, order = a_draft(**draft), placed()

    with pytest.raises(IntegrityError, match="gift_card_agrees_with_its_order"), transaction.atomic():
        GiftCard.objects.filter(pk=card.pk).update(order=order)


def test_a_card_of_a_line_is_of_its_order():
    order = placed(LineTold(amount_cents=5))

    with pytest.raises(IntegrityError, match="gift_card_of_a_line_is_of_its_order"), transaction.atomic():
        GiftCard.objects.filter(order=order).update(order=None)


def test_the_line_of_a_card_is_of_its_order():
    order, other = placed(LineTold(amount_cents=5)), placed()

    with pytest.raises(IntegrityError, match="gift_card_is_of_a_line_of_its_order"), transaction.atomic():
        GiftCard.objects.filter(order=order).update(order=other)


def test_an_order_agrees_with_its_market():
    order, live = placed(), a_market(by=LIVE)

    with pytest.raises(IntegrityError, match="order_agrees_with_its_market"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(market=live)


def test_no_code_is_told_by_the_event():
    order = placed(LineTold(amount_cents=5))
    (card,) = cards_of(order)

    assert card.code().reveal() not in str(list(Event.objects.values()))
    assert isinstance(card.code(), Secret)
