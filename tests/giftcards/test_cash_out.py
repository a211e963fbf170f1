"""A small balance is paid out to the holder, where the market has a rule for it."""

from datetime import UTC, datetime, timedelta

import pytest

from events.models import Event
from giftcards.exceptions import (
    AboveCashOut,
    CashOutNotAllowed,
    Expired,
    HeldForOrders,
    InvalidTransition,
    MarketDisabled,
    NothingToCashOut,
)
from giftcards.models import AuthorizationStatus, Kind
from giftcards.operations import Occasion, authorize, cash_out, debit, recharge, refund
from kernel.modes import Mode
from kernel.refusals import OPERATION, NotFound
from markets.operations import update_market
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
    last_entry,
    last_event,
)
from tests.fixtures.client import api_client
from tests.fixtures.frozen_clock import database_clock_at
from tests.fixtures.races import at_once, outcomes
from tests.fixtures.refusing import refused

THRESHOLD = 1_000
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def california(**policy):
    return a_market(name="California", **{"cash_out_below_cents": THRESHOLD, **policy})


def a_small_card(balance_cents=999, market=None, **attributes):
    return an_active_card(balance_cents=balance_cents, market=market or california(), **attributes)


def paid_out(card, **told):
    return cash_out(caller=TEST, card_id=card.id, **told)


@pytest.mark.django_db
def test_a_cash_out_posts_the_whole_balance():
    card = a_small_card()

    card = paid_out(card, occasion=Occasion(reason="Asked for it at the till"))

    entry = last_entry(card)
    assert (entry.kind, entry.amount_cents, entry.balance_cents) == (Kind.CASH_OUT, -999, 0)
    assert (entry.reason, entry.original_sequence, entry.payment_id) == (
        "Asked for it at the till",
        None,
        None,
    )
    event = last_event(card)
    assert (event.topic, event.reason) == ("gift_cards.cash_out", "Asked for it at the till")
    assert event.data == {
        "status": "active",
        "entry_sequence": entry.sequence,
        "amount_cents": -999,
        "balance_cents": 0,
    }


@pytest.mark.django_db
@pytest.mark.parametrize(("rechargeable", "status"), [(True, "active"), (False, "redeemed")])
def test_afterwards_a_card_is_redeemed_unless_it_is_rechargeable(rechargeable, status):
    card = a_small_card(rechargeable=rechargeable)

    assert paid_out(card).status == as_stored(card.id)["row"]["status"] == status


@pytest.mark.django_db
def test_the_remainder_of_a_redeemed_card_is_paid_out():
    card = a_redeemed_card(balance_cents=1_500, market=california())
    assert (card.status, card.balance_cents) == ("redeemed", 750)

    card = paid_out(card)

    assert (card.status, card.balance_cents) == ("redeemed", 0)


@pytest.mark.django_db
def test_what_was_paid_out_can_be_followed_by_a_recharge_or_a_refund():
    card = a_small_card()
    spent = last_entry(debit(caller=TEST, card_id=card.id, amount_cents=99))
    paid_out(card)

    refund(caller=TEST, transaction_id=spent.id)
    card = recharge(caller=TEST, card_id=card.id, amount_cents=1)

    assert card.balance_cents == 100


@pytest.mark.django_db
@pytest.mark.parametrize("balance_cents", [1, THRESHOLD - 1])
def test_a_balance_below_the_threshold_is_paid_out(balance_cents):
    assert paid_out(a_small_card(balance_cents)).balance_cents == 0


@pytest.mark.django_db
@pytest.mark.parametrize("balance_cents", [THRESHOLD, THRESHOLD + 1])
def test_a_balance_from_the_threshold_on_is_not(balance_cents):
    card = a_small_card(balance_cents)

    with refused(AboveCashOut, about=OPERATION, error="cash_out_below", card=card) as refusal:
        paid_out(card)

    assert refusal.value.count == THRESHOLD
    assert str(refusal.value) == "is only possible while the balance is less than 1000"


@pytest.mark.django_db
def test_there_is_nothing_to_pay_out_twice():
    card = paid_out(a_small_card())

    with refused(NothingToCashOut, about=OPERATION, error="nothing_to_cash_out", card=card):
        paid_out(card)


@pytest.mark.django_db
@pytest.mark.parametrize("policy", [None, {"cash_out_below_cents": None}])
def test_without_the_rule_nothing_is_paid_out(policy):
    card = an_active_card(balance_cents=1, market=None if policy is None else california(**policy))

    with refused(CashOutNotAllowed, about=OPERATION, error="cash_out_not_allowed", card=card):
        paid_out(card)


@pytest.mark.django_db
@pytest.mark.parametrize("a_card", [a_draft, an_inactive_card])
def test_a_card_that_is_not_switched_on_pays_nothing_out(a_card):
    card = a_card(balance_cents=1, market=california())

    with refused(InvalidTransition, about=OPERATION, card=card):
        paid_out(card)


@pytest.mark.django_db
def test_an_expired_card_pays_nothing_out():
    card = a_small_card(expires_at=NOON)

    with database_clock_at(NOON), refused(Expired, about=OPERATION, card=card):
        paid_out(card)
    with database_clock_at(NOON - timedelta(microseconds=1)):
        assert paid_out(card).balance_cents == 0


@pytest.mark.django_db
def test_a_disabled_market_pays_nothing_out():
    card = a_small_card()
    disabled(card.market)

    with refused(MarketDisabled, card=card):
        paid_out(card)


@pytest.mark.django_db
def test_what_is_held_for_an_order_is_not_paid_out():
    card = a_small_card()
    authorize(caller=TEST, card_id=card.id, amount_cents=1)

    with refused(HeldForOrders, about=OPERATION, error="open_authorization", card=card) as refusal:
        paid_out(card)

    assert refusal.value.count == 1


@pytest.mark.django_db
def test_a_hold_that_has_lapsed_keeps_nothing_back():
    card = a_small_card()
    with database_clock_at(NOON):
        held = authorize(
            caller=TEST, card_id=card.id, amount_cents=1, expires_at=NOON + timedelta(microseconds=1)
        )

    with database_clock_at(NOON + timedelta(microseconds=1)):
        card = paid_out(card)

    held = card.authorizations.get(id=held.id)
    assert (card.balance_cents, card.authorized_cents, held.status) == (0, 0, AuthorizationStatus.EXPIRED)


@pytest.mark.django_db
def test_attributes_of_the_same_request_stand_or_fall_with_it():
    card = a_small_card(2_000)

    with refused(AboveCashOut, card=card):
        paid_out(card, changes={"reference": "A"})


@pytest.mark.django_db
def test_the_rule_of_the_moment_counts():
    card = a_small_card()
    update_market(caller=TEST, market_id=card.market_id, changes={"cash_out_below_cents": 500})

    with refused(AboveCashOut, card=card):
        paid_out(card)


@pytest.mark.django_db
def test_a_stranger_pays_nothing_out():
    card = a_small_card()

    for stranger in (LIVE, caller(markets=[a_market(name="Elsewhere")])):
        with refused(NotFound, card=card):
            cash_out(caller=stranger, card_id=card.id)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_paid_out():
    card = a_small_card()

    results = at_once([lambda: paid_out(card)] * 8)

    assert outcomes(results) == {"won": 1, "NothingToCashOut": 7}
    assert card.ledger_entries.filter(kind=Kind.CASH_OUT).count() == 1


# --- On the wire


@pytest.mark.django_db
@pytest.mark.parametrize("asks", [True, "true"])
def test_the_trigger_cashes_out(asks):
    card = a_small_card()

    answer = api_client().update(f"gift_cards/{card.pk}", _cash_out=asks, _reason="Asked for")

    assert answer.status == 200
    assert answer.document["data"]["attributes"]["balance_cents"] == 0
    assert last_entry(card).reason == "Asked for"


@pytest.mark.django_db
@pytest.mark.parametrize("nothing", [False, None])
def test_a_trigger_that_asks_for_nothing_pays_nothing_out(nothing):
    card = a_small_card()

    assert api_client().update(f"gift_cards/{card.pk}", _cash_out=nothing).status == 200
    assert Event.objects.filter(subject_id=card.pk, topic="gift_cards.cash_out").count() == 0


@pytest.mark.django_db
def test_a_refusal_names_the_trigger_and_the_rule():
    card = a_small_card(THRESHOLD)

    answer = api_client().update(f"gift_cards/{card.pk}", _cash_out=True)

    assert answer.refusal == (
        422,
        "VALIDATION_ERROR",
        "is only possible while the balance is less than 1000",
        "/data/attributes/_cash_out",
    )
    assert (answer.error["meta"]["error"], answer.error["meta"]["count"]) == ("cash_out_below", THRESHOLD)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scope", "status"),
    [("gift_cards:spend", 200), *((f"gift_cards:{verb}", 403) for verb in ("issue", "recharge", "adjust"))],
)
def test_only_who_may_spend_cashes_out(scope, status):
    card = a_small_card()

    answer = api_client(Mode.TEST, scopes=[scope]).update(f"gift_cards/{card.pk}", _cash_out=True)

    assert answer.status == status
    assert card.ledger_entries.filter(kind=Kind.CASH_OUT).exists() is (status == 200)


@pytest.mark.django_db
def test_who_may_only_spend_changes_nothing_beside_it():
    card = a_small_card()
    before = as_stored(card.id)

    till = api_client(Mode.TEST, scopes=["gift_cards:spend"])
    assert till.update(f"gift_cards/{card.pk}", _cash_out=True, reference="A").status == 403
    assert as_stored(card.id) == before


@pytest.mark.django_db
def test_it_is_no_order_and_names_none():
    card = a_small_card()

    answer = api_client().update(f"gift_cards/{card.pk}", _cash_out=True, _reference="order-1")

    assert (answer.status, answer.error["meta"]["error"]) == (422, "missing_trigger")
    assert edit(card, reference="unharmed").balance_cents == 999
