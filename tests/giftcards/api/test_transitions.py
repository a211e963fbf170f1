"""The transition table over the wire: every status and trigger, as the whole document that answers."""

from typing import Any, NamedTuple

import pytest

from tests.fixtures.cast import CARD_IN, a_draft, an_active_card, as_stored
from tests.giftcards.api.documents import errors, invalid, of_card, stored, time_text

pytestmark = pytest.mark.django_db


def money(cents: int) -> dict[str, Any]:
    return {
        "balance_cents": cents,
        "balance_float": cents / 100,
        "formatted_balance": f"${cents / 100:.2f}",
    }


START: dict[str, dict[str, Any]] = {
    "draft": {"status": "draft"},
    "inactive": {"status": "inactive"},
    "active": {"status": "active"},
    # A single-use card after a debit of one half.
    "redeemed": {"status": "redeemed", "single_use": True, **money(5_000)},
}
"""How the cards of the cast look, beside the draft of 100.00 USD that `documents.gift_card` describes."""


class Row(NamedTuple):
    status: str
    trigger: dict[str, Any]
    after: dict[str, Any] | None
    """Attributes that differ afterwards; None where the state machine refuses."""
    posted: int | None = None


TABLE = [
    Row("draft", {"_purchase": True}, {"status": "inactive"}),
    Row("inactive", {"_purchase": True}, None),
    Row("active", {"_purchase": True}, None),
    Row("redeemed", {"_purchase": True}, None),
    Row("draft", {"_activate": True}, None),
    Row("inactive", {"_activate": True}, {"status": "active"}),
    Row("active", {"_activate": True}, None),
    Row("redeemed", {"_activate": True}, None),
    Row("draft", {"_deactivate": True}, None),
    Row("inactive", {"_deactivate": True}, None),
    Row("active", {"_deactivate": True}, {"status": "inactive"}),
    Row("redeemed", {"_deactivate": True}, None),
    Row("draft", {"_balance_change_cents": -1}, None),
    Row("inactive", {"_balance_change_cents": -1}, None),
    Row("active", {"_balance_change_cents": -1}, money(9_999), -1),
    Row("redeemed", {"_balance_change_cents": -1}, None),
    Row("draft", {"_balance_change_cents": 1}, None),
    Row("inactive", {"_balance_change_cents": 1}, money(10_001), 1),
    Row("active", {"_balance_change_cents": 1}, money(10_001), 1),
    Row("redeemed", {"_balance_change_cents": 1}, None),
    Row(
        "draft",
        {"balance_cents": 7_000},
        {
            **money(7_000),
            "initial_balance_cents": 7_000,
            "initial_balance_float": 70.0,
            "formatted_initial_balance": "$70.00",
        },
    ),
    Row("inactive", {"balance_cents": 7_000}, money(7_000), -3_000),
    Row("active", {"balance_cents": 7_000}, money(7_000), -3_000),
    Row("active", {"balance_cents": 0}, money(0), -10_000),
    Row("redeemed", {"balance_cents": 7_000}, {"status": "active", **money(7_000)}, 2_000),
    Row("redeemed", {"balance_cents": 3_000}, money(3_000), -2_000),
]


def sentence(row: Row) -> str:
    ((trigger, value),) = row.trigger.items()
    return f"{row.status} {trigger}={value}"


def log_of(card: Any) -> list[dict[str, Any]]:
    """The balance log of entries after `issue`."""
    entries = card.ledger_entries.filter(sequence__gt=1).order_by("sequence")
    return [
        {"datetime": time_text(entry.created_at), "balance_change_cents": entry.amount_cents}
        for entry in entries
    ]


def test_the_table_has_every_status_and_every_trigger():
    triggers = ("_purchase", "_activate", "_deactivate", "_balance_change_cents", "balance_cents")

    assert {(row.status, name) for row in TABLE for name in row.trigger} == {
        (status, trigger) for status in CARD_IN for trigger in triggers
    }


@pytest.mark.parametrize("row", [row for row in TABLE if row.after is not None], ids=sentence)
def test_a_possible_trigger_answers_with_the_card_as_it_now_is(api, row):
    card = CARD_IN[row.status]()
    entries_before = card.ledger_entries.filter(sequence__gt=1).count()

    answer = api.update(f"gift_cards/{card.pk}", **row.trigger)

    log = log_of(card)
    posted = [change["balance_change_cents"] for change in log[entries_before:]]
    assert posted == ([] if row.posted is None else [row.posted])
    assert answer.status == 200
    assert answer.document == of_card(card, **{**START[row.status], **row.after, "balance_log": log})


@pytest.mark.parametrize("row", [row for row in TABLE if row.after is None], ids=sentence)
def test_an_impossible_trigger_is_refused_at_its_pointer_and_changes_nothing(api, row):
    card = CARD_IN[row.status]()
    before = as_stored(card.pk)

    answer = api.update(f"gift_cards/{card.pk}", reference="along", **row.trigger)

    (trigger,) = row.trigger
    title = f"is not possible while the gift card is {row.status}"
    assert answer.status == 422
    assert answer.document == errors(invalid(trigger, "invalid_transition", title, value=row.status))
    assert as_stored(card.pk) == before


@pytest.mark.parametrize("row", [row for row in TABLE if row.after is not None], ids=sentence)
def test_triggers_are_taken_as_text_too(api, row):
    card = CARD_IN[row.status]()
    ((trigger, value),) = row.trigger.items()

    answer = api.update(f"gift_cards/{card.pk}", **{trigger: str(value).lower()})

    assert (answer.status, answer.document["data"]["attributes"]["status"]) == (
        200,
        row.after.get("status", row.status),
    )


def test_the_issue_is_posted_by_the_purchase_with_the_face_value(api):
    card = a_draft()

    api.update(f"gift_cards/{card.pk}", _purchase=True)

    (entry,) = card.ledger_entries.all()
    assert (entry.kind, entry.sequence) == ("issue", 1)
    assert (entry.amount_cents, entry.balance_cents) == (10_000, 10_000)


@pytest.mark.parametrize("status", CARD_IN)
@pytest.mark.parametrize(
    "idle",
    [
        {},
        {"_purchase": False},
        {"_activate": "false", "_deactivate": None},
        {"_balance_change_cents": None, "_reference": None, "_order_number": "", "_market_id": None},
    ],
)
def test_a_trigger_that_is_false_or_null_asks_for_nothing(api, status, idle):
    card = CARD_IN[status]()
    before, log = as_stored(card.pk), log_of(card)

    answer = api.update(f"gift_cards/{card.pk}", **idle)

    assert (answer.status, answer.document) == (200, of_card(card, **START[status], balance_log=log))
    assert as_stored(card.pk) == before


@pytest.mark.parametrize(
    ("status", "trigger", "after"),
    [
        ("draft", {"_purchase": True}, {"status": "inactive"}),
        ("inactive", {"_activate": True}, {"status": "active"}),
        ("active", {"_deactivate": True}, {"status": "inactive"}),
        ("active", {"_balance_change_cents": -100}, {"status": "redeemed", **money(9_900)}),
        ("active", {"_balance_change_cents": 100}, {"status": "active", **money(10_100)}),
    ],
)
def test_attributes_beside_a_trigger_are_applied_first(api, status, trigger, after):
    card = CARD_IN[status]()

    answer = api.update(
        f"gift_cards/{card.pk}", single_use=True, metadata={"till": 7}, reference="gc-1", **trigger
    )

    assert answer.document == of_card(
        card, single_use=True, metadata={"till": 7}, reference="gc-1", balance_log=log_of(card), **after
    )


@pytest.mark.parametrize(
    ("setting", "change", "after"),
    [
        ({"single_use": True}, -1, "redeemed"),
        ({"single_use": True}, 1, "active"),
        ({"rechargeable": False}, -9_999, "active"),
        ({"rechargeable": False}, -10_000, "redeemed"),
        ({"rechargeable": True}, -10_000, "active"),
    ],
)
def test_a_debit_redeems_a_single_use_card_and_a_spent_one_that_cannot_be_recharged(
    api, setting, change, after
):
    card = an_active_card(**setting)

    answer = api.update(f"gift_cards/{card.pk}", _balance_change_cents=change)

    expected = {"status": after, **setting, **money(10_000 + change)}
    assert answer.document == of_card(card, **expected, balance_log=log_of(card))


def test_an_adjustment_of_a_card_that_cannot_be_recharged_redeems_and_reopens_it(api):
    card = an_active_card(rechargeable=False)

    statuses = [
        api.update(f"gift_cards/{card.pk}", balance_cents=cents).document["data"]["attributes"]["status"]
        for cents in (0, 0, 1)
    ]

    assert statuses == ["redeemed", "redeemed", "active"]
    assert [entry["balance_change_cents"] for entry in log_of(card)] == [-10_000, 1]


def test_a_reason_is_kept_with_the_entry_and_shown_in_no_log(api):
    card = an_active_card()

    answer = api.update(f"gift_cards/{card.pk}", balance_cents=9_000, _reason="Miscounted")

    assert answer.document == of_card(card, status="active", **money(9_000), balance_log=log_of(card))
    assert stored(card.pk).ledger_entries.get(sequence=2).reason == "Miscounted"
