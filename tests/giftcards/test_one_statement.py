"""A debit or recharge that comes alone is one statement. What it lets through is what the rules let through,
and what it writes is what the long way writes."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from events.models import Event
from giftcards import operations
from giftcards.models import GiftCard, Kind, Status
from giftcards.models.gift_card import legal_moves, moves_of
from giftcards.operations import Occasion, balance, posting
from kernel.caller import Caller
from kernel.refusals import Refusal
from markets.models import Market
from tests.fixtures.cast import (
    CARD_IN,
    LIVE,
    TEST,
    a_draft,
    a_market,
    an_active_card,
    an_archived_card,
    as_stored,
    caller,
    disabled,
    last_event,
)
from tests.fixtures.client import api_client
from tests.giftcards.api.raw import send_raw

pytestmark = pytest.mark.django_db

NOON: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)
STATEMENTS: Final = [(kind, verb) for kind, verb in posting._VERBS.items()] + [(Kind.CASH_OUT, "take_back")]


# --- How many statements


def kinds_of_statements(act: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"].split()[0] for query in captured.captured_queries]


@pytest.mark.parametrize("verb", [operations.debit, operations.recharge])
def test_a_posting_that_comes_alone_is_one_statement(verb):
    card = an_active_card()

    assert kinds_of_statements(lambda: verb(caller=TEST, card_id=card.pk, amount_cents=1)) == ["WITH"]


def test_what_else_a_debit_changes_is_written_under_the_lock_before_it():
    card = an_active_card()

    def act():
        operations.debit(caller=TEST, card_id=card.pk, amount_cents=1, changes={"reference": "7"})

    assert kinds_of_statements(act) == ["SAVEPOINT", "SELECT", "UPDATE", "WITH", "RELEASE"]
    assert last_event(card).data["changed"] == ["reference"]


def test_what_is_refused_is_looked_at_again_under_the_lock():
    card = an_active_card(balance_cents=5)

    def act():
        with pytest.raises(Refusal):
            operations.debit(caller=TEST, card_id=card.pk, amount_cents=6)

    assert kinds_of_statements(act) == [
        "WITH",
        "SAVEPOINT",
        "SELECT",
        "SELECT",
        "SELECT",
        "ROLLBACK",
        "RELEASE",
    ]


def test_a_draft_alone_is_one_statement():
    a_draft()  # makes the key of its code known

    assert kinds_of_statements(partial(a_draft, code="CHOSEN-CODE", market=a_market())) == ["WITH"]


def test_what_else_a_draft_writes_comes_after_the_lock_on_code_keys():
    a_draft()

    statements = kinds_of_statements(partial(a_draft, recipient_email="ada@example.com"))

    assert statements[:2] == ["SAVEPOINT", "SELECT"]
    assert statements[-2:] == ["WITH", "RELEASE"]


def test_a_debit_with_a_key_is_one_statement_among_those_of_the_key():
    card, client = an_active_card(), api_client()
    address = f"gift_cards/{card.pk}"
    client.update(address, _reason="so that the use of the key is noted")

    def act():
        body = {
            "data": {"type": "gift_cards", "id": str(card.pk), "attributes": {"_balance_change_cents": -1}}
        }
        answer = send_raw(client, "PATCH", address, json.dumps(body), **{"idempotency-key": "7"})
        assert answer.status == 200

    statements = kinds_of_statements(act)

    writes = [each for each in statements if each in {"INSERT", "UPDATE", "WITH"}]
    assert writes == ["WITH", "WITH"]  # the posting, the key with the stored answer


@pytest.mark.parametrize(("kind", "verb"), STATEMENTS)
def test_psycopg_reads_the_statement_once(kind, verb):
    """Longer ones, or those with more values, it takes to pieces at every call."""
    assert len(posting._statement(kind, verb).encode()) <= 4096
    assert len(posting._told(UUID(int=0), kind, 1, TEST, Occasion())) <= 50


def test_postgresql_plans_it_once_for_each_connection_whatever_the_values(django_db_blocker):
    card, statement = an_active_card(), posting._statement(Kind.DEBIT, "debit")
    other = caller(markets=[a_market()])
    occasion = Occasion("why", reference="7", order_number="#7")
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"]) as ours:
        for number in range(12):
            by, why = ((TEST, Occasion()), (other, occasion))[number % 2]
            told = posting._told(card.pk, Kind.DEBIT, -(10**number), by, why)
            texts = {name: None if value is None else str(value) for name, value in told.items()}
            ours.execute(statement, texts, prepare=True)
        plans = ours.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE 'WITH locked%'"
        ).fetchall()

    assert plans == [(7, 5)]


# --- It lets through what the rules let through


def with_a_hold(card: GiftCard, *, lapsed: bool) -> GiftCard:
    operations.authorize(caller=TEST, card_id=card.pk, amount_cents=600, expires_at=NOON + timedelta(hours=1))
    if lapsed:
        late: Any = {"test_clock_at": NOON + timedelta(hours=2)}
        operations.update_gift_card(caller=TEST, card_id=card.pk, changes=late)
    return card


def of_a_disabled_market() -> GiftCard:
    card = an_active_card(balance_cents=1_000, market=a_market())
    assert card.market
    disabled(card.market)
    return card


CARDS: Final[dict[str, Callable[[], GiftCard]]] = {
    **{status: partial(CARD_IN[status], balance_cents=1_000) for status in Status},
    "archived": lambda: an_archived_card(balance_cents=1_000),
    "of a market": lambda: an_active_card(balance_cents=1_000, market=a_market()),
    "of a disabled market": of_a_disabled_market,
    "that can't be recharged": lambda: an_active_card(balance_cents=1_000, rechargeable=False),
    "with a maximum": lambda: an_active_card(balance_cents=1_000, balance_max_cents=1_400),
    "single-use": lambda: an_active_card(balance_cents=1_000, single_use=True),
    "single-use, held": lambda: with_a_hold(
        an_active_card(balance_cents=1_000, single_use=True, test_clock_at=NOON), lapsed=False
    ),
    "single-use, once held": lambda: with_a_hold(
        an_active_card(balance_cents=1_000, single_use=True, test_clock_at=NOON), lapsed=True
    ),
    "that gives up its remainder": lambda: an_active_card(
        balance_cents=1_000, single_use=True, market=a_market(keeps_single_use_remainder=False)
    ),
    "that may be used again": lambda: an_active_card(
        balance_cents=1_000, market=a_market(keeps_single_use_remainder=False)
    ),
    "held": lambda: with_a_hold(an_active_card(balance_cents=1_000, test_clock_at=NOON), lapsed=False),
    "once held": lambda: with_a_hold(an_active_card(balance_cents=1_000, test_clock_at=NOON), lapsed=True),
    "expired": lambda: an_active_card(balance_cents=1_000, expires_at=datetime(2020, 1, 1, tzinfo=UTC)),
    "not yet expired": lambda: an_active_card(balance_cents=1_000, expires_at=NOON + timedelta(days=36_500)),
    "expired by its own clock": lambda: an_active_card(
        balance_cents=1_000, expires_at=NOON, test_clock_at=NOON
    ),
    "not yet expired by its own clock": lambda: an_active_card(
        balance_cents=1_000, expires_at=NOON, test_clock_at=NOON - timedelta(microseconds=1)
    ),
    "of live mode": lambda: an_active_card(by=LIVE, balance_cents=1_000),
}
SPENT_IN: Final[dict[str, Callable[[GiftCard], Market | None]]] = {
    "nowhere said": lambda card: None,
    "its market": lambda card: card.market,
    "another market": lambda card: a_market(name="Rome"),
    "a disabled market": lambda card: disabled(a_market(name="Rome")),
    "a market of another currency": lambda card: a_market(name="Zurich", currency_code="CHF"),
}
ALSO_NEEDED: Final = {"that gives up its remainder", "once held", "single-use, once held"}
"""Cards of which the long way does something beside posting, for some amounts at least."""


def outcome(act: Callable[[], GiftCard], card_id: UUID) -> tuple[Any, Any]:
    """What the caller is told, and all that is stored but keys, times and hashes. Nothing of it stays."""
    with transaction.atomic():
        try:
            after = act()
            told: Any = (
                after.status,
                after.balance_cents,
                after.ledger_sequence,
                after.market_id,
                after.mode,
            )
        except Refusal as refusal:
            told = (type(refusal), str(refusal), vars(refusal))
        stored = without_what_differs(as_stored(card_id))
        transaction.set_rollback(True)
    return told, stored


def without_what_differs(stored: Any) -> Any:
    if isinstance(stored, list):
        return [without_what_differs(each) for each in stored]
    own = {"id", "created_at", "updated_at", "hash", "ledger_hash"}
    kept = {name: value for name, value in stored.items() if name not in own}
    return {k: without_what_differs(v) if isinstance(v, list) or k == "row" else v for k, v in kept.items()}


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], GiftCard], UUID], bool]:
    """Whether the one statement did it; fails if the long way would have done anything else."""
    alone, posted = posting.post_alone, []

    def noted(*args: Any, **keywords: Any) -> GiftCard | None:
        posted.append(alone(*args, **keywords))
        return posted[-1]

    def both_ways(act: Callable[[], GiftCard], card_id: UUID) -> bool:
        posted.clear()
        monkeypatch.setattr(balance, "post_alone", noted)
        at_once = outcome(act, card_id)
        monkeypatch.setattr(balance, "post_alone", lambda *args, **keywords: None)
        assert at_once == outcome(act, card_id)
        is_done = not isinstance(at_once[0][0], type)
        assert is_done or not any(posted)
        return any(posted) if is_done else True

    return both_ways


@pytest.mark.parametrize("where", SPENT_IN)
@pytest.mark.parametrize("which", CARDS)
def test_a_debit_is_done_or_refused_as_the_rules_say(which: str, where: str, compare: Any):
    card = CARDS[which]()
    market = SPENT_IN[where](card)
    for amount in (1, 400, 401, 1_000, 1_001):

        def act(by: Caller = TEST, amount: int = amount) -> GiftCard:
            return operations.debit(caller=by, card_id=card.pk, amount_cents=amount, spent_in=market)

        assert compare(act, card.pk) or which in ALSO_NEEDED


@pytest.mark.parametrize("which", CARDS)
def test_a_recharge_is_done_or_refused_as_the_rules_say(which: str, compare: Any):
    card = CARDS[which]()
    for amount in (1, 400, 401, 10**13 - 1_000, 10**13 - 999):

        def act(amount: int = amount) -> GiftCard:
            return operations.recharge(caller=TEST, card_id=card.pk, amount_cents=amount)

        assert compare(act, card.pk) or which in ALSO_NEEDED


@pytest.mark.parametrize("which", ["of a market", Status.ACTIVE, "of live mode"])
def test_who_reaches_which_card_is_as_the_choke_point_says(which: str, compare: Any):
    card = CARDS[which]()
    reaches: Any = ([], [a_market(name="Rome")], [card.market] if card.market else [])
    callers = [TEST, LIVE, *(caller(markets=markets) for markets in reaches)]
    for by in callers:

        def act(by: Caller = by) -> GiftCard:
            return operations.debit(caller=by, card_id=card.pk, amount_cents=1)

        assert compare(act, card.pk)
        is_seen = GiftCard.objects.visible_to(by).filter(pk=card.pk).exists()
        assert (outcome(act, card.pk)[0][0] == Status.ACTIVE) is is_seen


def test_the_statement_lets_a_verb_through_where_the_state_machine_does():
    """For all verbs that post: whatever the status in the database, and whatever is asked before."""
    for kind, verb in STATEMENTS:
        condition = posting._is_one_of(moves_of(verb))
        assert condition in posting._statement(kind, verb)
        for source, target in moves_of(verb).items():
            assert (source, target) in legal_moves()
            assert f"'{source}'" in condition


def test_what_the_statement_returns_is_the_card_as_it_is_stored():
    card = an_active_card(market=a_market(), reference="7")

    after = operations.debit(caller=TEST, card_id=card.pk, amount_cents=1)

    stored = GiftCard.objects.get(pk=card.pk)
    names = [field.attname for field in GiftCard._meta.concrete_fields]
    assert [getattr(after, name) for name in names] == [getattr(stored, name) for name in names]


def test_the_event_of_a_posting_says_what_it_always_said():
    card = an_active_card()
    by = caller(markets=[])
    operations.debit(caller=by, card_id=card.pk, amount_cents=1, occasion=Occasion("why"))
    recorded = Event.objects.filter(subject_id=card.pk).latest("sequence")

    assert (recorded.mode, recorded.subject_type, recorded.topic) == (
        "test",
        "gift_cards",
        "gift_cards.debit",
    )
    assert (recorded.actor_kind, recorded.actor_id, recorded.actor_name) == ("api_key", "till", "The till")
    assert (recorded.reason, recorded.sequence) == ("why", 5)
    assert recorded.data == {
        "status": "active", "entry_sequence": 2, "amount_cents": -1, "balance_cents": 9_999,
    }  # fmt: skip
    assert recorded.created_at >= card.ledger_entries.latest("sequence").created_at


def test_a_draft_posts_its_face_value_from_nothing():
    card = operations.purchase(caller=TEST, card_id=a_draft(balance_cents=70).pk)

    assert list(card.ledger_entries.values_list("amount_cents", "balance_cents")) == [(70, 70)]
