"""The state table that the model's docstring shows is the table that the operations obey."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django_fsm import Transition, TransitionNotAllowed

from giftcards.exceptions import InvalidTransition
from giftcards.models import GiftCard, Kind, Status
from giftcards.models import gift_card as documented
from giftcards.models.gift_card import legal_moves
from giftcards.operations import (
    activate,
    adjust,
    authorize,
    cancel_order,
    capture,
    cash_out,
    deactivate,
    debit,
    place_order,
    purchase,
    recharge,
    refund,
)
from kernel.refusals import OPERATION
from markets.models import Market
from tests.fixtures.cast import CARD_IN, TEST, a_market
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db

STAYS = "stays"


def state_table() -> dict[tuple[str, str], str]:
    """(status, verb) → what the docstring's cell says."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (documented.__doc__ or "").splitlines()
        if line.startswith("|") and not re.fullmatch(r"[|\-]+", line)
    ]
    (_corner, *statuses), *lines = rows
    return {
        (status, verb): cell for verb, *cells in lines for status, cell in zip(statuses, cells, strict=True)
    }


def machine() -> list[Transition]:
    return list(GiftCard().get_all_status_transitions())  # type: ignore[attr-defined]


TABLE = state_table()


def authorized(card: GiftCard) -> GiftCard:
    authorize(caller=TEST, card_id=card.id, amount_cents=1)
    return GiftCard.objects.get(id=card.id)


def captured(card: GiftCard) -> GiftCard:
    """Of a card that is switched off, what was held before."""
    with switched_on(card):
        held = authorize(caller=TEST, card_id=card.id, amount_cents=1)
    capture(caller=TEST, authorization_id=held.id)
    return GiftCard.objects.get(id=card.id)


def refunded(card: GiftCard) -> GiftCard:
    with switched_on(card):
        if not card.ledger_entries.filter(kind=Kind.DEBIT).exists():
            debit(caller=TEST, card_id=card.id, amount_cents=1)
    refund(caller=TEST, transaction_id=card.ledger_entries.get(kind=Kind.DEBIT).id)
    return GiftCard.objects.get(id=card.id)


def taken_back(card: GiftCard) -> GiftCard:
    """As what was bought, elsewhere, with an order that is cancelled."""
    order = place_order(caller=TEST, market=a_market())
    GiftCard.objects.filter(id=card.id).update(order=order)
    cancel_order(caller=TEST, order_id=order.id)
    return GiftCard.objects.get(id=card.id)


def a_paying_market() -> Market:
    return a_market(cash_out_below_cents=100_000)


@contextmanager
def switched_on(card: GiftCard) -> Iterator[None]:
    if card.status != Status.INACTIVE:
        yield
        return
    activate(caller=TEST, card_id=card.id)
    yield
    deactivate(caller=TEST, card_id=card.id)


OPERATION_OF = {
    "purchase": lambda card: purchase(caller=TEST, card_id=card.id),
    "activate": lambda card: activate(caller=TEST, card_id=card.id),
    "deactivate": lambda card: deactivate(caller=TEST, card_id=card.id),
    "debit": lambda card: debit(caller=TEST, card_id=card.id, amount_cents=1),
    "authorize": authorized,
    "capture": captured,
    "refund": refunded,
    "cash_out": lambda card: cash_out(caller=TEST, card_id=card.id, changes={"market": a_paying_market()}),
    "take_back": taken_back,
    "recharge": lambda card: recharge(caller=TEST, card_id=card.id, amount_cents=1),
    "adjust": lambda card: adjust(caller=TEST, card_id=card.id, balance_cents=card.balance_cents - 1),
    # These two follow from a balance: of an active card that is spent, of a redeemed one that is filled up.
    "redeem": lambda card: debit(caller=TEST, card_id=card.id, amount_cents=card.balance_cents),
    "reopen": lambda card: adjust(caller=TEST, card_id=card.id, balance_cents=card.balance_cents + 1),
}

BY_ITSELF = {("inactive", "reopen"), ("active", "reopen")}
"""What leads to reopening is possible there, and reopens nothing."""


NOTHING_TO_NAME = {
    ("draft", "capture"),
    ("redeemed", "capture"),
    ("draft", "refund"),
    ("draft", "take_back"),
    ("redeemed", "take_back"),
}
"""No operation gets as far as the machine: such a card has no open authorization, a draft no entry and no
order, and a redeemed one has been used."""


def cells(*, possible: bool) -> list[tuple[str, str]]:
    return [cell for cell, result in TABLE.items() if bool(result) is possible]


def test_the_table_has_every_status_and_every_verb_of_the_machine():
    transitions = machine()

    assert {status for status, _verb in TABLE} == set(Status.values)
    assert {verb for _status, verb in TABLE} == {move.name for move in transitions} == set(OPERATION_OF)
    assert len(TABLE) == len(Status) * len(OPERATION_OF)


def test_the_table_says_what_the_machine_allows():
    transitions = machine()
    allowed = {(move.source, move.name): move.target or STAYS for move in transitions}

    assert {cell: result for cell, result in TABLE.items() if result} == allowed
    assert legal_moves() == {
        (status, status if result == STAYS else result) for (status, _verb), result in allowed.items()
    }


@pytest.mark.parametrize(("status", "verb"), cells(possible=True))
def test_a_possible_verb_leads_to_the_status_in_the_table(status, verb):
    card = CARD_IN[status](rechargeable=verb != "redeem")
    result = TABLE[status, verb]

    after = OPERATION_OF[verb](card)

    expected = status if result == STAYS else result
    assert (after.status, GiftCard.objects.get(id=card.id).status) == (expected, expected)


@pytest.mark.parametrize(
    ("status", "verb"), [cell for cell in cells(possible=False) if cell not in BY_ITSELF | NOTHING_TO_NAME]
)
def test_an_impossible_verb_is_refused_and_changes_nothing(status, verb):
    card = CARD_IN[status]()

    with refused(InvalidTransition, about=OPERATION, error="invalid_transition", card=card) as refusal:
        OPERATION_OF[verb](card)

    assert refusal.value.value == status
    assert status in str(refusal.value)


@pytest.mark.parametrize(("status", "verb"), sorted(BY_ITSELF))
def test_a_card_that_is_not_redeemed_is_not_reopened(status, verb):
    assert OPERATION_OF[verb](CARD_IN[status]()).status == status


@pytest.mark.parametrize(("status", "verb"), cells(possible=False))
def test_the_machine_itself_refuses_what_the_table_leaves_out(status, verb):
    card = CARD_IN[status]()

    with pytest.raises(TransitionNotAllowed):
        getattr(card, verb)()


def test_no_status_is_set_past_the_machine():
    card = CARD_IN[Status.INACTIVE]()

    with pytest.raises(AttributeError, match="status"):
        card.status = Status.ACTIVE
