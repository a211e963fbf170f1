"""Holds: a part of the balance is spoken for, and stays so until it is captured, given up, or too late."""

from datetime import UTC, datetime, timedelta

import pytest

from giftcards.exceptions import (
    AlreadyAuthorized,
    AlreadyUsed,
    AuthorizationResolved,
    BelowAuthorized,
    Expired,
    InsufficientBalance,
)
from giftcards.models import Authorization, AuthorizationStatus, GiftCard, Kind, LedgerEntry, Status
from giftcards.operations import (
    activate,
    adjust,
    authorize,
    authorizing,
    capture,
    deactivate,
    debit,
    refund,
    update_authorization,
    update_gift_card,
    void,
)
from giftcards.operations.locking import lock_card
from giftcards.queries import available_balances
from kernel.clock import database_now
from kernel.refusals import Invalid, NotFound
from tests.fixtures.cast import LIVE, TEST, a_market, an_active_card, caller, edit, last_entry, last_event
from tests.fixtures.refusing import refused

pytestmark = pytest.mark.django_db


def hold(card, amount_cents=4_000, **more):
    return authorize(caller=TEST, card_id=card.id, amount_cents=amount_cents, **more)


def take(authorization, amount_cents=None):
    return capture(caller=TEST, authorization_id=authorization.id, amount_cents=amount_cents)


def again(card):
    return GiftCard.objects.get(id=card.id)


def lapsed(authorization):
    """Its time is over; nobody has written that down yet."""
    past = database_now() - timedelta(microseconds=1)
    Authorization.objects.filter(id=authorization.id).update(expires_at=past)
    return Authorization.objects.get(id=authorization.id)


def test_an_authorization_holds_a_part_of_the_balance_and_posts_nothing():
    card = an_active_card()

    authorization = hold(card, attributes={"reference": "order-1", "order_number": "#1"})

    assert (authorization.status, authorization.amount_cents) == ("open", 4_000)
    card = again(card)
    assert (card.balance_cents, card.available_balance_cents) == (10_000, 6_000)
    assert available_balances([card.id]) == {card.id: 6_000}
    assert card.ledger_sequence == 1


def test_it_holds_for_seven_days_unless_told(settings):
    authorization = hold(an_active_card())

    assert authorization.expires_at - authorization.created_at < timedelta(days=7, seconds=5)
    assert authorization.expires_at - authorization.created_at > timedelta(days=7, seconds=-5)


def test_what_is_held_cannot_be_spent():
    card = an_active_card()
    hold(card)

    with pytest.raises(InsufficientBalance) as refusal:
        debit(caller=TEST, card_id=card.id, amount_cents=6_001)

    assert refusal.value.count == 6_000
    assert debit(caller=TEST, card_id=card.id, amount_cents=6_000).balance_cents == 4_000


def test_what_is_held_cannot_be_held_again():
    card = an_active_card()
    hold(card, 6_000)

    with pytest.raises(InsufficientBalance):
        hold(card, 4_001)


def test_a_capture_takes_all_that_was_held():
    card = an_active_card()

    authorization = take(hold(card, attributes={"reference": "order-1", "order_number": "#1"}))

    assert (authorization.status, authorization.captured_amount_cents) == ("captured", 4_000)
    entry = last_entry(card)
    assert (entry.kind, entry.amount_cents, entry.authorization) == (Kind.CAPTURE, -4_000, authorization)
    assert (entry.reference, entry.order_number) == ("order-1", "#1")
    assert again(card).available_balance_cents == 6_000


def test_a_capture_of_a_part_releases_the_rest():
    card = an_active_card()

    assert take(hold(card), 1_500).captured_amount_cents == 1_500

    assert (again(card).balance_cents, again(card).available_balance_cents) == (8_500, 8_500)


@pytest.mark.parametrize("amount_cents", [0, -1, 4_001, 10**13 + 1])
def test_a_capture_is_of_something_and_at_most_of_what_is_held(amount_cents):
    card = an_active_card()
    authorization = hold(card)

    with pytest.raises(Invalid):
        take(authorization, amount_cents)

    assert again(card).available_balance_cents == 6_000


def test_a_void_gives_everything_up():
    card = an_active_card()

    assert void(caller=TEST, authorization_id=hold(card).id).status == AuthorizationStatus.VOIDED

    assert again(card).available_balance_cents == 10_000
    assert again(card).ledger_sequence == 1


@pytest.mark.parametrize("first", ["captured", "voided", "expired"])
@pytest.mark.parametrize("second", [take, lambda held: void(caller=TEST, authorization_id=held.id)])
def test_it_resolves_once(first, second):
    card = an_active_card()
    held = hold(card)
    if first == "captured":
        take(held, 1)
    elif first == "voided":
        void(caller=TEST, authorization_id=held.id)
    else:
        lapsed(held)
    before = list(LedgerEntry.objects.filter(gift_card=card).values())

    with pytest.raises(AuthorizationResolved) as refusal:
        second(held)

    assert refusal.value.value == first
    assert list(LedgerEntry.objects.filter(gift_card=card).values()) == before


def test_a_lapsed_one_stops_counting_by_the_clock():
    card = an_active_card()
    held = lapsed(hold(card, 10_000))

    assert available_balances([card.id]) == {card.id: 10_000}
    assert debit(caller=TEST, card_id=card.id, amount_cents=10_000).balance_cents == 0
    assert Authorization.objects.get(id=held.id).status == AuthorizationStatus.EXPIRED


def test_a_lapsed_one_makes_room_for_another():
    card = an_active_card(single_use=True)
    lapsed(hold(card, 10_000))

    assert hold(card, 10_000).status == AuthorizationStatus.OPEN


def test_a_card_of_its_own_time_lets_its_authorizations_lapse_by_it():
    card = an_active_card()
    held = hold(card, 10_000)
    edit(card, test_clock_at=datetime.now(UTC) + timedelta(days=8))

    assert available_balances([card.id]) == {card.id: 10_000}
    with pytest.raises(AuthorizationResolved):
        take(held)


def test_a_capture_goes_through_after_the_card_expired_or_was_switched_off():
    expired, off = an_active_card(), an_active_card()
    holds = [hold(expired), hold(off)]
    edit(expired, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    deactivate(caller=TEST, card_id=off.id)

    assert [take(held).status for held in holds] == ["captured", "captured"]
    assert again(off).status == Status.INACTIVE


def test_none_is_taken_of_an_expired_card():
    card = an_active_card(expires_at=datetime(2020, 1, 1, tzinfo=UTC))

    with pytest.raises(Expired):
        hold(card)


def test_a_single_use_card_carries_one():
    card = an_active_card(single_use=True)
    held = hold(card, 1)

    with pytest.raises(AlreadyAuthorized):
        hold(card, 1)
    with pytest.raises(AlreadyAuthorized):
        debit(caller=TEST, card_id=card.id, amount_cents=1)

    take(held)
    assert again(card).status == Status.REDEEMED


def test_a_card_with_several_does_not_become_single_use():
    """The capture of one would redeem it, and the promise of the other could not be kept."""
    card = an_active_card()
    held = [hold(card, 3_000), hold(card, 3_000)]
    with refused(Invalid, about="single_use", error="already_authorized", card=card):
        edit(card, single_use=True)
    lapsed(held[0])

    edit(card, single_use=True)
    take(held[1])

    assert again(card).status == Status.REDEEMED


def test_a_single_use_card_captured_while_off_is_not_switched_on_again_until_money_comes_back():
    card = an_active_card(single_use=True)
    held = hold(card)
    deactivate(caller=TEST, card_id=card.id)
    take(held)

    with pytest.raises(AlreadyUsed):
        activate(caller=TEST, card_id=card.id)

    refund(caller=TEST, transaction_id=last_entry(card).id)
    assert activate(caller=TEST, card_id=card.id).status == Status.ACTIVE


def test_a_card_that_was_spent_from_before_it_became_single_use_may_be_switched_on_again():
    card = an_active_card()
    debit(caller=TEST, card_id=card.id, amount_cents=1)
    edit(card, single_use=True)
    deactivate(caller=TEST, card_id=card.id)

    assert activate(caller=TEST, card_id=card.id).status == Status.ACTIVE


def test_a_card_that_cannot_be_recharged_is_redeemed_by_its_last_capture():
    card = an_active_card(rechargeable=False)
    held = hold(card)
    debit(caller=TEST, card_id=card.id, amount_cents=6_000)
    assert again(card).status == Status.ACTIVE

    take(held)

    assert again(card).status == Status.REDEEMED


def test_an_adjustment_leaves_what_is_held():
    card = an_active_card()
    hold(card)

    with pytest.raises(BelowAuthorized) as refusal:
        adjust(caller=TEST, card_id=card.id, balance_cents=3_999)

    assert refusal.value.count == 4_000
    assert adjust(caller=TEST, card_id=card.id, balance_cents=4_000).available_balance_cents == 0


def test_it_is_taken_where_the_card_may_be_spent():
    here, there = a_market(), a_market(name="Paris")
    card = an_active_card(market=here)

    with pytest.raises(Invalid):
        hold(card, spent_in=there)

    assert take(hold(card, spent_in=here)).market == here
    assert last_entry(card).market == here


def test_its_end_lies_in_the_future():
    card = an_active_card()

    with pytest.raises(Invalid) as refusal:
        hold(card, expires_at=database_now() - timedelta(seconds=1))

    assert refusal.value.about == "expires_at"


def test_what_a_shop_notes_changes_alone_or_with_a_verb():
    held = hold(an_active_card())

    update_authorization(caller=TEST, authorization_id=held.id, changes={"metadata": {"a": 1}})
    captured = capture(caller=TEST, authorization_id=held.id, changes={"reference": "order-2"})

    assert (captured.metadata, captured.reference) == ({"a": 1}, "order-2")
    assert captured.transactions.get().reference == "order-2"


@pytest.mark.parametrize("resolve", [capture, void])
def test_what_a_verb_changes_beside_the_status_is_told_by_its_event(resolve):
    plain, noted = hold(an_active_card()), hold(an_active_card(), attributes={"reference": "order-1"})

    resolve(caller=TEST, authorization_id=plain.id)
    resolve(
        caller=TEST,
        authorization_id=noted.id,
        changes={"reference": "order-2", "metadata": {"a": 1}, "order_number": None},
    )

    assert "changed" not in last_event(plain).data
    assert last_event(noted).data["changed"] == ["reference", "metadata"]


def test_a_card_that_leaves_the_reach_meanwhile_takes_its_authorization_along(monkeypatch):
    market, other = a_market(), a_market(name="Paris")
    held = hold(an_active_card(market=market))

    def lock_too_late(card_id, by):
        GiftCard.objects.filter(id=card_id).update(market=other)
        return lock_card(card_id, by)

    monkeypatch.setattr(authorizing, "lock_card", lock_too_late)

    with pytest.raises(NotFound) as refusal:
        void(caller=caller(markets=[market]), authorization_id=held.id)
    assert (refusal.value.resource_type, refusal.value.identifier) == (
        "gift_card_authorizations",
        str(held.id),
    )


@pytest.mark.parametrize("by", [LIVE, caller(markets=[])])
def test_a_stranger_finds_neither_card_nor_authorization(by):
    held = hold(an_active_card(market=a_market()))

    with pytest.raises(NotFound):
        capture(caller=by, authorization_id=held.id)
    with pytest.raises(NotFound):
        authorize(caller=by, card_id=held.gift_card_id, amount_cents=1)
    assert not Authorization.objects.visible_to(by).exists()


def test_a_card_of_live_mode_has_no_clock_of_its_own():
    with pytest.raises(Invalid) as refusal:
        update_gift_card(
            caller=LIVE,
            card_id=an_active_card(by=LIVE).id,
            changes={"test_clock_at": datetime(2030, 1, 1, tzinfo=UTC)},
        )

    assert (refusal.value.about, refusal.value.error) == ("test_clock_at", "test_mode_only")
