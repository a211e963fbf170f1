"""PATCH /api/gift_cards/{id} against a rule: the whole errors document, and everything stored as before."""

from typing import Any, NamedTuple

import pytest

from giftcards.models import GiftCard
from giftcards.operations import debit, update_gift_card
from recipients.operations import create_recipient
from tests.fixtures.cast import (
    TEST,
    a_draft,
    an_active_card,
    an_inactive_card,
    as_stored,
)
from tests.giftcards.api.documents import (
    absent,
    errors,
    identifier,
    invalid,
    not_allowed,
    of_card,
    problem,
)
from tests.giftcards.api.refusing import refuses

pytestmark = pytest.mark.django_db

DEBIT = "_balance_change_cents"
PAST = "2000-01-01T00:00:00Z"


class Row(NamedTuple):
    says: str
    make: Any
    has: dict[str, Any]
    sends: dict[str, Any]
    refusals: list[dict[str, Any]]


MAXIMUM = "would exceed the maximum balance of 12000"

COMPANIONS: list[tuple[str, Any]] = [("_deactivate", True), (DEBIT, -1)]

NO_BOOLEANS: list[Any] = [1, 0, "True", "yes", "", "1", []]

TABLE = [
    Row(
        "nobody spends more than there is",
        an_active_card,
        {},
        {DEBIT: -10_001},
        [
            invalid(
                DEBIT,
                "insufficient_balance",
                "exceeds the available balance of 10000",
                value=-10_001,
                count=10_000,
            )
        ],
    ),
    Row(
        "the command line is refused in the same words",
        an_active_card,
        {},
        {DEBIT: "-10001"},
        [
            invalid(
                DEBIT,
                "insufficient_balance",
                "exceeds the available balance of 10000",
                value="-10001",
                count=10_000,
            )
        ],
    ),
    Row(
        "an expired card is not spent",
        an_active_card,
        {"expires_at": None},
        {DEBIT: -1, "expires_at": PAST},
        [invalid(DEBIT, "expired", "is not possible because the gift card has expired", value=-1)],
    ),
    Row(
        "a card that cannot be recharged is not",
        an_active_card,
        {"rechargeable": False},
        {DEBIT: 1},
        [
            invalid(
                DEBIT,
                "not_rechargeable",
                "is not possible because the gift card is not rechargeable",
                value=1,
            )
        ],
    ),
    Row(
        "a recharge stays within the maximum",
        an_inactive_card,
        {"balance_max_cents": 12_000},
        {DEBIT: 2_001},
        [invalid(DEBIT, "balance_max_exceeded", MAXIMUM, value=2_001, count=12_000)],
    ),
    Row(
        "a face value stays within the maximum",
        a_draft,
        {"balance_max_cents": 12_000},
        {"balance_cents": 12_001},
        [invalid("balance_cents", "balance_max_exceeded", MAXIMUM, value=12_001, count=12_000)],
    ),
    Row(
        "a draft that cannot be recharged is worth something",
        a_draft,
        {"rechargeable": False},
        {"balance_cents": 0},
        [
            invalid(
                "balance_cents",
                "greater_than",
                "must be greater than 0 unless rechargeable",
                value=0,
                count=0,
            )
        ],
    ),
    Row(
        "the currency is what it was at the purchase",
        an_inactive_card,
        {},
        {"currency_code": "EUR"},
        [invalid("currency_code", "immutable", "can't be changed after the purchase", value="EUR")],
    ),
    Row(
        "a code never changes",
        a_draft,
        {},
        {"code": "ANOTHER-CODE-1"},
        [not_allowed("code")],
    ),
    Row(
        "a balance that was read before a debit is stale",
        an_active_card,
        {},
        {"balance_cents": 9_999, "reference": "gc-1"},
        [invalid("balance_cents", "stale", "has changed since it was read", value=9_999)],
    ),
    *(
        Row(
            f"{two[1]} does not go with {two[0]}",
            an_active_card,
            {},
            {two[0]: value, two[1]: other},
            [invalid(two[1], "single_trigger", f"can't be combined with {two[0]}", value=other)],
        )
        for two, value, other in [
            (("_purchase", "_activate"), True, True),
            (("_purchase", "_deactivate"), True, True),
            (("_activate", "_deactivate"), True, True),
            (("_deactivate", DEBIT), True, -1),
            (("_activate", DEBIT), True, 0),
        ]
    ),
    *(
        Row(
            f"an issued card's balance does not go with {name}",
            an_active_card,
            {},
            {"balance_cents": 10_000, name: value},
            [
                invalid(
                    "balance_cents", "single_trigger", "can't be combined with another trigger", value=10_000
                )
            ],
        )
        for name, value in COMPANIONS
    ),
    *(
        Row(
            f"{name} says nothing without a balance change",
            an_active_card,
            {},
            {name: "x", **beside},
            [invalid(name, "missing_trigger", f"is only allowed with {DEBIT}", value="x")],
        )
        for name in ("_reference", "_order_number", "_market_id")
        for beside in ({}, {"_deactivate": True}, {DEBIT: None}, {"reference": "gc-1"})
    ),
    *(
        Row(
            f"a {name} is kept whole or not at all",
            an_active_card,
            {},
            {DEBIT: -1, name: "x" * (longest + 1)},
            [invalid(name, "too_long", f"is too long (maximum is {longest} characters)", count=longest)],
        )
        for name, longest in (("_reference", 255), ("_order_number", 255), ("_reason", 1_000))
    ),
    Row(
        "a reason beside an adjustment is kept whole or not at all",
        an_active_card,
        {},
        {"balance_cents": 1, "_reason": "x" * 1_001},
        [invalid("_reason", "too_long", "is too long (maximum is 1000 characters)", count=1_000)],
    ),
    *(
        Row(
            f"a {name} has no NUL",
            an_active_card,
            {},
            {DEBIT: -1, name: "nul\0"},
            [invalid(name, "invalid", "is invalid")],
        )
        for name in ("_reference", "_order_number", "_reason", "_market_id")
    ),
    *(
        Row(
            f"{name}={value!r} is neither true nor false",
            an_active_card,
            {},
            {name: value},
            [
                invalid(
                    name,
                    "inclusion",
                    "is not included in the list",
                    value=None if isinstance(value, list) else value,
                )
            ],
        )
        for name in ("_purchase", "_activate", "_deactivate", "single_use")
        for value in NO_BOOLEANS
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.says)
def test_a_change_against_a_rule_is_refused(api, row):
    refuses(api, row.make(**row.has), row.sends, *row.refusals, status=400 if "code" in row.sends else 422)


def test_everything_wrong_with_the_attributes_is_said_at_once(api):
    refuses(
        api,
        a_draft(),
        {"balance_cents": "1e3", "single_use": "yes", "metadata": [], "image_url": "ftp://x"},
        invalid("balance_cents", "not_a_number", "is not a number", value="1e3"),
        invalid("single_use", "inclusion", "is not included in the list", value="yes"),
        invalid("metadata", "not_an_object", "must be an object"),
        invalid("image_url", "invalid", "is invalid", value="ftp://x"),
    )


def test_an_e_mail_beside_a_recipient_must_be_theirs(api):
    ada = create_recipient(caller=TEST, email="ada@example.com")
    named = {"gift_card_recipient": {"data": identifier("gift_card_recipients", ada)}}

    title = "is not the e-mail of the gift card recipient"
    at_fault = invalid("recipient_email", "conflict", title, value="bob@example.com")
    refuses(api, a_draft(), {"recipient_email": "bob@example.com"}, at_fault, relationships=named)


def test_an_expired_card_is_active_and_spent_again_once_its_date_is_moved(api):
    card = an_active_card()
    update_gift_card(caller=TEST, card_id=card.pk, changes={"rechargeable": True})
    api.update(f"gift_cards/{card.pk}", expires_at=PAST)

    assert api.get(f"gift_cards/{card.pk}").document == of_card(
        card, status="active", expires_at="2000-01-01T00:00:00.000Z"
    )
    answer = api.update(f"gift_cards/{card.pk}", expires_at="2100-01-01", _balance_change_cents=-1)
    assert (answer.status, answer.document["data"]["attributes"]["balance_cents"]) == (200, 9_999)


def test_a_maximum_below_the_balance_is_kept_for_the_next_recharge(api):
    card = an_active_card()

    assert api.update(f"gift_cards/{card.pk}", balance_max_cents=1).status == 200
    title = "would exceed the maximum balance of 1"
    refuses(api, card, {DEBIT: 1}, invalid(DEBIT, "balance_max_exceeded", title, value=1, count=1))


def test_a_purchased_card_cannot_be_deleted(api):
    for card in (an_inactive_card(), an_active_card()):
        before = as_stored(card.pk)

        answer = api.delete(f"gift_cards/{card.pk}")

        detail = "This gift card can't be deleted: it has been purchased and has a ledger."
        assert (answer.status, answer.document) == (423, errors(problem(423, "LOCKED", "Locked", detail)))
        assert as_stored(card.pk) == before


def test_a_draft_can_be_deleted_and_is_gone(api):
    card = a_draft()

    assert (api.delete(f"gift_cards/{card.pk}").status, GiftCard.objects.count()) == (204, 0)
    for answer in (api.delete(f"gift_cards/{card.pk}"), api.get(f"gift_cards/{card.pk}")):
        assert (answer.status, answer.document) == (404, errors(absent("gift_cards", card.pk)))


def test_a_debit_that_loses_the_race_for_the_balance_is_an_overdraft(api):
    card = an_active_card()
    debit(caller=TEST, card_id=card.pk, amount_cents=10_000)

    title = "exceeds the available balance of 0"
    refuses(api, card, {DEBIT: -1}, invalid(DEBIT, "insufficient_balance", title, value=-1, count=0))
