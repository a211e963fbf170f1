"""One amount from several cards: which gives how much, all of it or nothing, and back the way it came."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from giftcards.exceptions import InsufficientBalance, MarketDisabled, UnusableCodes
from giftcards.models import Authorization, AuthorizationStatus, GiftCard, Kind, LedgerEntry, Payment, Status
from giftcards.operations import (
    authorize,
    debit,
    pay,
)
from kernel.clock import database_now
from kernel.refusals import Invalid, NotFound
from kernel.secret import Secret
from tests.fixtures.cast import (
    LIVE,
    TEST,
    a_draft,
    a_market,
    a_redeemed_card,
    an_active_card,
    an_inactive_card,
    as_stored,
    caller,
    disabled,
    edit,
)

pytestmark = pytest.mark.django_db

SOON = datetime(2100, 1, 1, tzinfo=UTC)
LATER = datetime(2100, 1, 2, tzinfo=UTC)
PAST = datetime(2020, 1, 1, tzinfo=UTC)


def pay_with(*cards, amount_cents=1_000, by=TEST, **more):
    return pay(caller=by, amount_cents=amount_cents, gift_cards=[card.id for card in cards], **more)


def pay_by_codes(*codes, amount_cents=1_000, by=TEST, **more):
    return pay(caller=by, amount_cents=amount_cents, codes=[Secret(code) for code in codes], **more)


def split(payment):
    """(card, amount) of its entries, in the order of their posting."""
    entries = LedgerEntry.objects.filter(payment=payment).order_by("created_at")
    return [(entry.gift_card_id, entry.amount_cents) for entry in entries]


def balances(*cards):
    return [GiftCard.objects.get(id=card.id).balance_cents for card in cards]


def again(card):
    return GiftCard.objects.get(id=card.id)


def nothing_happened(*cards):
    return not Payment.objects.exists() and all(again(card).ledger_sequence <= 1 for card in cards)


# Which card gives how much


def test_a_payment_takes_its_amount_from_several_cards():
    first, second = an_active_card(balance_cents=300), an_active_card(balance_cents=900)

    payment = pay_with(second, first, attributes={"reference": "order-1", "order_number": "#1"})

    assert (payment.amount_cents, payment.currency_code, payment.mode) == (1_000, "USD", "test")
    assert split(payment) == [(first.id, -300), (second.id, -700)]
    entry = LedgerEntry.objects.get(gift_card=second, kind=Kind.DEBIT)
    assert (entry.payment, entry.reference, entry.order_number) == (payment, "order-1", "#1")
    assert balances(first, second) == [0, 200]


def test_what_expires_first_gives_first_then_what_has_less_then_the_elder():
    """However they are named."""
    kinds: list[dict[str, Any]] = [
        {"expires_at": SOON, "balance_cents": 50},
        {"expires_at": SOON, "balance_cents": 100},
        {"expires_at": LATER, "balance_cents": 10},
        {"balance_cents": 5},
        {"balance_cents": 20},
        {"balance_cents": 20},
    ]
    for named in [range(6), reversed(range(6)), *list(permutations(range(6)))[77::300]]:
        cards = [an_active_card(**kind) for kind in kinds]

        payment = pay_with(*(cards[place] for place in named), amount_cents=205)

        gave = [50, 100, 10, 5, 20, 20]
        assert split(payment) == [(card.id, -cents) for card, cents in zip(cards, gave, strict=True)]


@pytest.mark.parametrize(
    ("amount_cents", "shares"),
    [
        (1, [1]),
        (99, [99]),
        (100, [100]),
        (101, [100, 1]),
        (300, [100, 200]),
        (301, [100, 200, 1]),
        (600, [100, 200, 300]),
    ],
)
def test_a_card_that_is_not_needed_gives_nothing(amount_cents, shares):
    cards = [an_active_card(balance_cents=cents) for cents in (100, 200, 300)]

    payment = pay_with(*cards, amount_cents=amount_cents)

    assert [-cents for _, cents in split(payment)] == shares


def test_what_is_held_is_neither_given_nor_counted():
    """Of two that never expire, the one with less available goes first, whatever its balance is."""
    held, free = an_active_card(balance_cents=1_000), an_active_card(balance_cents=500)
    authorize(caller=TEST, card_id=held.id, amount_cents=600)

    payment = pay_with(free, held, amount_cents=900)

    assert split(payment) == [(held.id, -400), (free.id, -500)]


def test_a_lapsed_hold_is_released_first():
    card, other = an_active_card(balance_cents=1_000), an_active_card(balance_cents=5)
    held = authorize(caller=TEST, card_id=card.id, amount_cents=1_000)
    Authorization.objects.filter(id=held.id).update(expires_at=database_now() - timedelta(microseconds=1))

    payment = pay_with(card, other, amount_cents=1_000)

    assert split(payment) == [(other.id, -5), (card.id, -995)]
    assert Authorization.objects.get(id=held.id).status == AuthorizationStatus.EXPIRED


def test_a_card_named_twice_counts_once():
    card = an_active_card(balance_cents=700, code="aaaaaaaa-1111-4222-8333-bbbbbbbbbbbb")

    with pytest.raises(InsufficientBalance) as refusal:
        pay_with(card, card)
    assert refusal.value.count == 700
    with pytest.raises(InsufficientBalance):
        pay_by_codes("aaaaaaaa-1111-4222-8333-bbbbbbbbbbbb", "AAAAAAAA 1111 4222 8333 BBBBBBBBBBBB")

    payment = pay_by_codes(
        "aaaaaaaa-1111-4222-8333-bbbbbbbbbbbb", "AAAAAAAA11114222-8333bbbbbbbbbbbb", amount_cents=700
    )
    assert split(payment) == [(card.id, -700)]


def test_a_card_is_used_up_as_by_any_debit():
    single = an_active_card(single_use=True, balance_cents=300)
    disposable = an_active_card(rechargeable=False, balance_cents=400)
    lasting = an_active_card(balance_cents=500)

    pay_with(single, disposable, lasting, amount_cents=1_200)

    assert [again(card).status for card in (single, disposable, lasting)] == [
        Status.REDEEMED,
        Status.REDEEMED,
        Status.ACTIVE,
    ]


# All of it or nothing


def test_too_little_on_all_cards_takes_nothing():
    cards = [an_active_card(balance_cents=400), an_active_card(balance_cents=599)]

    with pytest.raises(InsufficientBalance) as refusal:
        pay_with(*cards)

    assert refusal.value.count == 999
    assert nothing_happened(*cards)


def test_a_partial_payment_takes_what_there_is():
    cards = [an_active_card(balance_cents=400), an_active_card(balance_cents=599)]

    payment = pay_with(*cards, partial=True)

    assert payment.partial
    assert payment.amount_cents == 1_000
    assert balances(*cards) == [0, 0]


def test_a_partial_payment_takes_no_more_than_asked():
    card = an_active_card()

    pay_with(card, partial=True)

    assert balances(card) == [9_000]


def test_a_partial_payment_of_nothing_is_refused():
    card = an_active_card(balance_cents=100)
    authorize(caller=TEST, card_id=card.id, amount_cents=100)

    with pytest.raises(InsufficientBalance) as refusal:
        pay_with(card, partial=True)

    assert refusal.value.count == 0
    assert nothing_happened(card)


@pytest.mark.parametrize("amount_cents", [0, -1, 10**13 + 1, 2**63])
def test_a_payment_is_of_something(amount_cents):
    card = an_active_card()

    with pytest.raises(Invalid) as refusal:
        pay_with(card, amount_cents=amount_cents, partial=True)

    assert refusal.value.about == "amount_cents"
    assert nothing_happened(card)


def test_the_largest_amount_may_be_asked_for_in_part():
    card = an_active_card(balance_cents=10**13)

    assert split(pay_with(card, amount_cents=10**13)) == [(card.id, -(10**13))]


# Which cards may pay


def with_open_hold():
    card = an_active_card(single_use=True)
    authorize(caller=TEST, card_id=card.id, amount_cents=1)
    return card


UNSPENDABLE = {
    "draft": (a_draft, "invalid_transition"),
    "inactive": (an_inactive_card, "invalid_transition"),
    "redeemed": (a_redeemed_card, "invalid_transition"),
    "expired": (lambda: edit(an_active_card(), expires_at=PAST), "expired"),
    "of another currency": (lambda: an_active_card(currency_code="EUR"), "currency_mismatch"),
    "single-use and held": (with_open_hold, "already_authorized"),
}


@pytest.mark.parametrize("kind", UNSPENDABLE)
def test_every_card_that_is_named_must_be_spendable(kind):
    """Also one that would not be needed; the refusal says which it is."""
    make, error = UNSPENDABLE[kind]
    good, bad = an_active_card(expires_at=SOON), make()
    before = as_stored(bad.id)

    with pytest.raises(Invalid) as refusal:
        pay_with(bad, good, amount_cents=1, currency_code="USD")

    refused = refusal.value
    assert (refused.about, refused.error, refused.value) == ("gift_cards", error, str(bad.id))
    assert nothing_happened(good)
    assert as_stored(bad.id) == before


def test_no_card_of_a_disabled_market():
    market = a_market()
    card = an_active_card(market=market)
    disabled(market)

    with pytest.raises(Invalid) as refusal:
        pay_with(card)

    assert (refusal.value.about, refusal.value.error) == ("gift_cards", "disabled")


def test_a_payment_may_say_where():
    here, there = a_market(), a_market(name="Paris")
    bound, free = an_active_card(market=here, balance_cents=500), an_active_card()

    payment = pay_with(bound, free, spent_in=here)

    assert payment.market == here
    assert {entry.market_id for entry in payment.transactions.all()} == {here.id}
    with pytest.raises(Invalid) as refusal:
        pay_with(bound, free, spent_in=there)
    assert (refusal.value.about, refusal.value.error) == ("spent_in", "other_market")
    with pytest.raises(MarketDisabled):
        pay_with(free, spent_in=disabled(there))


def test_the_currency_is_the_cards_unless_told():
    assert pay_with(an_active_card(currency_code="EUR")).currency_code == "EUR"
    assert pay_with(an_active_card(), currency_code="USD").currency_code == "USD"
    for told in ("EUR", "XYZ"):
        with pytest.raises(Invalid):
            pay_with(an_active_card(), currency_code=told)


def test_two_currencies_do_not_add_up():
    with pytest.raises(Invalid) as refusal:
        pay_with(an_active_card(), an_active_card(currency_code="EUR"))

    assert refusal.value.error == "currency_mismatch"


@pytest.mark.parametrize(
    ("naming", "about"),
    [
        ({}, "gift_cards"),
        ({"gift_cards": []}, "gift_cards"),
        ({"codes": []}, "codes"),
        ({"codes": [Secret("CODE-0001")], "gift_cards": []}, "codes"),
        ({"codes": [Secret("CODE-0001")] * 51}, "codes"),
    ],
)
def test_cards_are_named_in_one_way_and_not_without_end(naming, about):
    with pytest.raises(Invalid) as refusal:
        pay(caller=TEST, amount_cents=1, **naming)

    assert refusal.value.about == about


def test_cards_beyond_reach_do_not_exist():
    here, there = a_market(), a_market(name="Paris")
    elsewhere = an_active_card(market=there)
    live = an_active_card(by=LIVE)
    mine = an_active_card()

    for stranger in (elsewhere, live):
        with pytest.raises(NotFound):
            pay_with(mine, stranger, by=caller(markets=[here]))
    with pytest.raises(NotFound):
        pay_with(mine, live)
    assert nothing_happened(mine, elsewhere, live)


# Codes


def test_cards_are_named_by_their_codes_too():
    cards = [an_active_card(code=f"CODE-000{number}", balance_cents=500) for number in (1, 2)]

    payment = pay_by_codes("CODE-0002", "CODE-0001")

    assert split(payment) == [(card.id, -500) for card in cards]


def refusal_of(codes, **more):
    with pytest.raises(UnusableCodes) as refusal:
        pay_by_codes(*codes, **more)
    refused = refusal.value
    return str(refused), refused.about, refused.error, refused.value, refused.count


def test_every_unusable_code_is_refused_in_the_same_words():
    market, there = a_market(), a_market(name="Paris")
    an_active_card(code="GOOD-CODE")
    a_draft(code="DRAFT-CODE")
    an_inactive_card(code="INACTIVE-CODE")
    a_redeemed_card(code="REDEEMED-CODE")
    an_active_card(code="EXPIRED-CODE", expires_at=PAST)
    an_active_card(code="EURO-CODE", currency_code="EUR")
    an_active_card(code="LIVE-CODE", by=LIVE)
    an_active_card(code="ELSEWHERE-CODE", market=there)
    held = an_active_card(code="HELD-CODE", single_use=True)
    authorize(caller=TEST, card_id=held.id, amount_cents=1)
    an_active_card(code="CLOSED-CODE", market=market)
    disabled(market)
    bad = ("UNKNOWN", "DRAFT", "INACTIVE", "REDEEMED", "EXPIRED", "EURO", "LIVE", "HELD", "CLOSED")

    refusals = {refusal_of([f"{name}-CODE", "GOOD-CODE"], currency_code="USD") for name in bad}
    refusals.add(refusal_of(["ELSEWHERE-CODE"], by=caller(markets=[])))
    refusals.add(refusal_of(["ELSEWHERE-CODE"], spent_in=a_market(name="Rome")))

    assert refusals == {("codes include one that can't be used", "codes", "unusable", None, None)}
    assert not Payment.objects.exists()


def test_the_rules_of_a_debit_and_of_a_payment_are_the_same_code(monkeypatch):
    """What `debit` asks of a card, a payment asks as well: there is one place to ask. A debit that comes
    alone asks by its statement, and test_one_statement.py compares; this one does not come alone."""
    asked: list[GiftCard] = []
    monkeypatch.setattr("giftcards.operations.balance.require_unexpired", asked.append)
    cards = [an_active_card(balance_cents=500), an_active_card(balance_cents=600)]

    debit(caller=TEST, card_id=cards[0].id, amount_cents=1, changes={"reference": "7"})
    pay_with(*cards)

    assert [card.id for card in asked] == [cards[0].id, *(card.id for card in cards)]
