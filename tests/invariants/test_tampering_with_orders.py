# ruff: noqa: S608 (put together from what stands in this file)
"""What `verify_ledger` says of authorizations, refunds and payments that somebody has changed.

Each tampering is told in the words of the one check that sees it: without that check, its test fails.
"""

from typing import Any, NamedTuple
from uuid import UUID

import pytest

from giftcards.models import GiftCard, Payment
from giftcards.operations import authorize, capture, debit, pay, refund, refund_payment, void
from tests.fixtures.cast import TEST, an_active_card, last_entry
from tests.fixtures.tampering import tampered
from tests.invariants.checks import assert_ledger_is_true, lies

pytestmark = pytest.mark.django_db

ISSUE, CAPTURE, DEBIT, REFUND, PART_OF_PAYMENT, REFUND_OF_PAYMENT = range(1, 7)
CREATED, RESOLVED = 1, 2


class Scene(NamedTuple):
    """A card of 10 000: 1 000 held, 500 of 700 captured, 200 voided, 300 spent and 100 of it given back, and
    250 of a payment of 400 (the rest from another card), of which 50 were given back."""

    card: UUID
    other: UUID
    open: UUID
    captured: UUID
    voided: UUID
    of_other: UUID
    payment: UUID


@pytest.fixture
def scene() -> Scene:
    card, other = an_active_card(), an_active_card(balance_cents=160)
    open_one, captured, voided = (
        authorize(caller=TEST, card_id=card.id, amount_cents=amount) for amount in (1_000, 700, 200)
    )
    of_other = authorize(caller=TEST, card_id=other.id, amount_cents=10)
    capture(caller=TEST, authorization_id=captured.id, amount_cents=500)
    void(caller=TEST, authorization_id=voided.id)
    debit(caller=TEST, card_id=card.id, amount_cents=300)
    refund(caller=TEST, transaction_id=last_entry(card).id, amount_cents=100)
    payment = pay(caller=TEST, amount_cents=400, gift_cards=[card.id, other.id])
    refund_payment(caller=TEST, payment_id=payment.id, amount_cents=50)
    return Scene(card.id, other.id, open_one.id, captured.id, voided.id, of_other.id, payment.id)


def hold(which: str, change: str) -> str:
    return f"UPDATE giftcards_authorization SET {change} WHERE id = %({which})s"


def card(change: str) -> str:
    return f"UPDATE giftcards_giftcard SET {change} WHERE id = %(card)s"


def entry(number: int, change: str) -> str:
    return f"UPDATE giftcards_ledgerentry SET {change} WHERE gift_card_id = %(card)s AND sequence = {number}"


def payment(change: str) -> str:
    return f"UPDATE giftcards_payment SET {change} WHERE id = %(payment)s"


def share(change: str) -> str:
    return f"UPDATE giftcards_paymentshare SET {change} WHERE gift_card_id = %(card)s"


def event(which: str, number: int, change: str) -> str:
    return f"UPDATE events_event SET {change} WHERE subject_id = %({which})s AND sequence = {number}"


def told(which: str, number: int, name: str, value: str) -> str:
    return event(which, number, f"data = jsonb_set(data, '{{{name}}}', '{value}')")


def no_event(which: str, number: int) -> str:
    return f"DELETE FROM events_event WHERE subject_id = %({which})s AND sequence = {number}"


AT_MOST = "giftcards_authorization.authorization_captures_at_most_what_it_holds"
SOUND_ENTRIES = "giftcards_ledgerentry.ledger_entry_is_sound"
ONCE = "giftcards_ledgerentry.ledger_captures_an_authorization_once"

ONLY_CAPTURES = "captures name an authorization of the card, others none"
WRONG_CAPTURE = "or tell another capture"

HOLDS: dict[str, tuple[Any, ...]] = {
    "less held than is open": (card("authorized_cents = 0"), "it says that 0 are held"),
    "more held than there is": (hold("open", "amount_cents = 20000"), "20000 are held of a balance of 9100"),
    "a capture without its authorization": (
        entry(CAPTURE, "authorization_id = NULL"),
        ONLY_CAPTURES,
        SOUND_ENTRIES,
    ),
    "a debit with an authorization": (
        entry(DEBIT, "authorization_id = %(voided)s"),
        ONLY_CAPTURES,
        SOUND_ENTRIES,
    ),
    "a capture of another card's": (entry(CAPTURE, "authorization_id = %(of_other)s"), ONLY_CAPTURES),
    "mode": (hold("open", "mode = 'live'"), "{open}: its mode or currency is not the card's"),
    "currency": (hold("open", "currency_code = 'EUR'"), "{open}: its mode or currency is not the card's"),
    "more captured than held": (
        hold("captured", "captured_amount_cents = 701"),
        "{captured}: 701 captured of 700",
        AT_MOST,
    ),
    "voided and captured": (
        hold("voided", "captured_amount_cents = 5"),
        "{voided}: it is voided with 5 captured",
        AT_MOST,
    ),
    "captured and nothing taken": (
        hold("captured", "captured_amount_cents = 0"),
        "{captured}: it is captured with 0 captured",
        AT_MOST,
    ),
    "less captured than taken": (
        hold("captured", "captured_amount_cents = 400"),
        "{captured}: 400 captured, its entries take [500]",
    ),
    "captured without an entry": (
        hold("open", "status = 'captured', captured_amount_cents = 1000"),
        "{open}: 1000 captured, its entries take []",
    ),
    "captured twice": (
        entry(DEBIT, "kind = 'capture', authorization_id = %(captured)s"),
        "{captured}: 500 captured, its entries take [500, 300]",
        ONCE,
    ),
    "an event removed": (no_event("voided", CREATED), "{voided}: expected event 1 here"),
    "the mode of an event": (
        event("open", CREATED, "mode = 'live'"),
        "{open}: the mode of the event is another",
    ),
    "resolved twice": (
        told("voided", CREATED, "status", '"captured"'),
        "{voided}: gift_card_authorizations.void cannot take it from captured to voided",
    ),
    "another amount told": (
        told("captured", CREATED, "amount_cents", "701"),
        "{captured}: the event tells another amount",
    ),
    "opened again": (hold("voided", "status = 'open'"), "{voided}: it is open, its events end in voided"),
    "another capture told": (told("captured", RESOLVED, "captured_amount_cents", "1"), WRONG_CAPTURE),
    "no event left": (
        "DELETE FROM events_event WHERE subject_id = %(open)s",
        "{open}: it is open, its events end in None",
    ),
    "taken away with its own events": (
        """
        WITH hold AS (DELETE FROM giftcards_authorization WHERE id = %(open)s),
        story AS (DELETE FROM events_event WHERE subject_id = %(open)s)
        UPDATE giftcards_giftcard SET authorized_cents = 0 WHERE id = %(card)s
        """,
        "gift_cards.authorize tells of authorization {open}, which is not there",
    ),
}
REFUNDS: dict[str, tuple[Any, ...]] = {
    "of what took nothing": (entry(REFUND, "original_sequence = 1"), "it gives back entry 1, which took"),
    "of what came later": (
        entry(REFUND, "original_sequence = 5"),
        "it gives back entry 5, which took nothing before it",
        SOUND_ENTRIES,
    ),
    "of nothing": (entry(REFUND, "original_sequence = NULL"), "it gives back entry None", SOUND_ENTRIES),
    "by a debit": (
        entry(DEBIT, "original_sequence = 2"),
        "it is a debit and gives back entry 2",
        SOUND_ENTRIES,
    ),
    "of more than was taken": (entry(REFUND, "amount_cents = 301"), "number 3: 301 given back of 300"),
    "of another payment": (
        entry(REFUND_OF_PAYMENT, "payment_id = NULL"),
        "it is of another payment than entry 5",
    ),
}
PAYMENTS: dict[str, tuple[Any, ...]] = {
    "mode": (payment("mode = 'live'"), "the mode or currency of an entry of gift card {card} is another"),
    "currency": (payment("currency_code = 'EUR'"), "the mode or currency of an entry of gift card {other}"),
    "a capture for it": (
        entry(CAPTURE, "payment_id = %(payment)s"),
        "a capture of gift card {card} is none of a payment's",
        SOUND_ENTRIES,
    ),
    "twice from one card": (
        entry(DEBIT, "payment_id = %(payment)s"),
        "it took from one gift card more than once",
    ),
    "more than its amount": (payment("amount_cents = 399"), "it is of 399, its entries took 400"),
    "nothing at all": (
        "UPDATE giftcards_ledgerentry SET payment_id = NULL WHERE payment_id = %(payment)s",
        "it is of 400, its entries took 0",
    ),
    "less than all": (payment("amount_cents = 401"), "all or nothing of 401, its entries took 400"),
    "more given back than taken": (
        entry(REFUND_OF_PAYMENT, "amount_cents = 401"),
        "{payment}: 401 given back of 400",
    ),
    "more of a share": (share("amount_cents = 251"), "its shares are not what it took from each gift card"),
    "a share removed": (
        "DELETE FROM giftcards_paymentshare WHERE gift_card_id = %(card)s",
        "its shares are not what it took from each gift card",
    ),
    "mode of a share": (share("mode = 'live'"), "order of the share of gift card {card} is another"),
    "currency of a share": (
        share("currency_code = 'X'"),
        "order of the share of gift card {card} is another",
    ),
    "order of a share": (
        share("order_id = gen_random_uuid()"),
        "order of the share of gift card {card} is another",
    ),
    "an event removed": (no_event("payment", CREATED), "{payment}, number 2: expected event 1 here"),
    "the mode of an event": (event("payment", 2, "mode = 'live'"), "the mode of the event is another"),
    "another amount told": (told("payment", 2, "amount_cents", "1"), "the event tells another amount"),
    "another currency told": (
        told("payment", CREATED, "currency_code", '"EUR"'),
        "the event tells another amount",
    ),
    "another share told": (told("payment", CREATED, "paid_amount_cents", "1"), "tells that [1] was paid"),
    "a refund told that was none": (
        told("payment", 2, "refunded_amount_cents", "51"),
        "its events tell of 51 given back",
    ),
}
STRAYS: dict[str, tuple[Any, ...]] = {
    "a payment removed": (
        "DELETE FROM giftcards_payment WHERE id = %(payment)s",
        "the entry is there, its payment {payment} is not",
    ),
    "a card removed": (
        "DELETE FROM giftcards_giftcard WHERE id = %(card)s",
        "its authorization {voided} is there, the card is not",
    ),
    "a card removed, its entries left": (
        "DELETE FROM giftcards_giftcard WHERE id = %(card)s",
        "{card}, number 3: the entry is there, the card is not",
    ),
    "a card removed with all but its events": (
        """
        WITH card AS (DELETE FROM giftcards_giftcard WHERE id = %(card)s),
        hold AS (DELETE FROM giftcards_authorization WHERE gift_card_id = %(card)s)
        DELETE FROM giftcards_ledgerentry WHERE gift_card_id = %(card)s
        """,
        "Gift card {card}: its events tell of entries, and it is not there",
    ),
    "a payment removed with all but its events": (
        """
        WITH payment AS (DELETE FROM giftcards_payment WHERE id = %(payment)s)
        UPDATE giftcards_ledgerentry SET payment_id = NULL WHERE payment_id = %(payment)s
        """,
        "Payment {payment}: its events are there, it is not",
    ),
    "an authorization removed": (
        "DELETE FROM giftcards_authorization WHERE id = %(voided)s",
        "Authorization {voided}: its events are there, it is not",
    ),
}
TAMPERINGS = {
    f"{what}: {name}": tampering
    for what, tamperings in {
        "holds": HOLDS,
        "refunds": REFUNDS,
        "payments": PAYMENTS,
        "strays": STRAYS,
    }.items()
    for name, tampering in tamperings.items()
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_it_is_told_what_was_changed(scene, tampering):
    statement, text, *without = TAMPERINGS[tampering]

    with tampered((statement, scene._asdict()), without=without):
        found = [str(lie) for lie in lies()]

    expected = text.format(**scene._asdict())
    assert any(expected in lie for lie in found), found
    assert_ledger_is_true()


def test_a_payment_that_took_what_there_was_may_come_to_less(scene):
    card = GiftCard.objects.get(id=scene.other)
    made = pay(caller=TEST, amount_cents=50_000, gift_cards=[scene.card, card.id], partial=True)

    assert Payment.objects.get(id=made.id).amount_cents == 50_000
    assert_ledger_is_true()


def test_a_lapsed_hold_that_nobody_has_written_down_is_no_lie(scene):
    past = hold("open", "expires_at = now() - interval '1 day'")

    with tampered((past, scene._asdict())):
        assert lies() == []
