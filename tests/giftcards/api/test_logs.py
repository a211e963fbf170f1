"""`balance_log` and `usage_log`: the latest 100 changes after issue, oldest first."""

import pytest

from giftcards.operations import Occasion, debit, recharge
from tests.fixtures.cast import TEST, a_draft, an_active_card, an_inactive_card
from tests.giftcards.api.documents import of_card, time_text

pytestmark = pytest.mark.django_db


def logs(api, card):
    shown = api.get(f"gift_cards/{card.pk}").document["data"]["attributes"]
    return shown["balance_log"], shown["usage_log"]


def times(card):
    """When each entry was posted, by its sequence."""
    return {entry.sequence: time_text(entry.created_at) for entry in card.ledger_entries.all()}


@pytest.mark.parametrize("make", [a_draft, an_inactive_card, an_active_card])
def test_a_card_that_was_never_changed_has_empty_logs(api, make):
    assert logs(api, make()) == ([], {})


def test_every_change_is_logged_and_what_was_spent_for_an_order_as_its_use(api):
    card = an_active_card()
    address = f"gift_cards/{card.pk}"
    api.update(address, _balance_change_cents=-1_000, _reference="order-1", _order_number="#1001")
    api.update(address, _balance_change_cents=-500)
    api.update(address, _balance_change_cents=2_000, _reference="top-up")
    api.update(address, _balance_change_cents=-300, _reference="order-2", _reason="Second order")
    api.update(address, balance_cents=9_000, _reason="Miscounted")
    answer = api.update(address, _balance_change_cents=-700, _reference="order-1", _order_number="#1001")

    at = times(card)
    assert answer.document == of_card(
        card,
        status="active",
        balance_cents=8_300,
        balance_float=83.0,
        formatted_balance="$83.00",
        balance_log=[
            {"datetime": at[2], "balance_change_cents": -1_000},
            {"datetime": at[3], "balance_change_cents": -500},
            {"datetime": at[4], "balance_change_cents": 2_000},
            {"datetime": at[5], "balance_change_cents": -300},
            {"datetime": at[6], "balance_change_cents": -1_200},
            {"datetime": at[7], "balance_change_cents": -700},
        ],
        usage_log={
            "order-1": [
                {
                    "action": "use",
                    "amount_cents": -1_000,
                    "balance_cents": 9_000,
                    "order_number": "#1001",
                    "datetime": at[2],
                },
                {
                    "action": "use",
                    "amount_cents": -700,
                    "balance_cents": 8_300,
                    "order_number": "#1001",
                    "datetime": at[7],
                },
            ],
            "order-2": [
                {
                    "action": "use",
                    "amount_cents": -300,
                    "balance_cents": 10_200,
                    "order_number": None,
                    "datetime": at[5],
                }
            ],
        },
    )


def test_the_logs_end_with_the_latest_hundred_changes(api):
    card = an_active_card()
    for number in range(1, 52):
        debit(
            caller=TEST, card_id=card.pk, amount_cents=number, occasion=Occasion(reference=f"order-{number}")
        )
        recharge(caller=TEST, card_id=card.pk, amount_cents=number)

    balance_log, usage_log = logs(api, card)

    # 102 changes: the first debit and the first recharge have gone.
    assert [change["balance_change_cents"] for change in balance_log] == [
        sign * number for number in range(2, 52) for sign in (-1, 1)
    ]
    assert list(usage_log) == [f"order-{number}" for number in range(2, 52)]


def test_the_logs_of_a_list_are_each_cards_own(api):
    first, second = an_active_card(reference="1"), an_active_card(reference="2")
    a_draft(reference="3")
    debit(caller=TEST, card_id=first.pk, amount_cents=1, occasion=Occasion(reference="order-1"))
    debit(caller=TEST, card_id=second.pk, amount_cents=2, occasion=Occasion(reference="order-1"))

    cards = api.get("gift_cards?sort=reference").document["data"]

    assert [
        (
            [change["balance_change_cents"] for change in card["attributes"]["balance_log"]],
            [use["amount_cents"] for use in card["attributes"]["usage_log"].get("order-1", [])],
        )
        for card in cards
    ] == [([-1], [-1]), ([-2], [-2]), ([], [])]
