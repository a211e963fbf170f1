"""Whatever is done with several cards in whatever order, they end as a model without a database ends
(tests/fixtures/model.py): holds, captures, lapses, refunds, payments over several cards, cash-outs, requests
that are repeated with their `Idempotency-Key`.

The same steps every time, so that whoever did not break it does not see it fail. MONEY_MACHINE=long looks
much further, and elsewhere each time (CONTRIBUTING.md).
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, NamedTuple, TypeVar, cast
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api import idempotency
from api.credential import Credential
from api.errors import Rejection
from api.idempotency import REPLAYED, Written, once
from giftcards import operations
from giftcards.models import LedgerEntry
from giftcards.operations import GiftCardChanges, holds, posting, refunding
from kernel.keys import uuid7
from kernel.refusals import Refusal
from tests.fixtures import model
from tests.fixtures.as_modelled import as_modelled
from tests.fixtures.cast import TEST, a_draft, a_market
from tests.invariants.checks import assert_ledger_is_true

LONG: Final = os.environ.get("MONEY_MACHINE") == "long"
EXAMPLES, STEPS_EACH = (3_000, 200) if LONG else (116, 135)
MIDNIGHT: Final = datetime(2030, 1, 1, tzinfo=UTC)
AMOUNT: Final = st.integers(-1, 12) | st.sampled_from(["all", "too much"])
PART: Final = st.none() | st.integers(0, 8)
WHICH: Final = st.integers(0, 50)
"""One of those that there are, whatever their number: counted round."""


Thing = TypeVar("Thing")


def at(hour: int) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


@dataclass
class Pair:
    """A thing of the service, by its key, and what the model has in its place."""

    key: UUID
    modelled: Any


class Sent(NamedTuple):
    """A request that succeeded, as it may arrive again."""

    key: str
    body: bytes
    answer: bytes


STEPS: Counter[str] = Counter()
"""How often each rule came to something that both sides did, or both refused."""


class MoneyMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.cards: list[Pair] = []
        self.holds: list[Pair] = []
        self.payments: list[Pair] = []
        self.sent: list[Sent] = []
        self.steps = 0
        self.credential = cast(
            Credential, SimpleNamespace(caller=TEST, scopes=frozenset(), application_id=uuid7())
        )

    @initialize(
        cards=st.lists(
            st.fixed_dictionaries(
                {
                    "balance": st.integers(1, 20),
                    "rechargeable": st.booleans(),
                    "single_use": st.sampled_from([False, False, True]),
                    "room": st.none() | st.integers(0, 6),
                    "expires": st.none() | st.integers(10, 60),
                    "status": st.sampled_from(["draft", "active", "active", "active"]),
                    "market": st.integers(0, 2),
                }
            ),
            min_size=2,
            max_size=4,
        )
    )
    def begin(self, cards: list[dict[str, Any]]) -> None:
        markets = [
            None,
            a_market(cash_out_below_cents=7),
            a_market(cash_out_below_cents=30, keeps_single_use_remainder=False),
        ]
        for given in cards:
            self.make(market=markets[given.pop("market")], **given)

    def make(self, *, market: Any, room: int | None, expires: int | None, status: str, **given: Any) -> None:
        maximum = None if room is None else given["balance"] + room
        card = a_draft(
            balance_cents=given["balance"],
            rechargeable=given["rechargeable"],
            single_use=given["single_use"],
            balance_max_cents=maximum,
            expires_at=None if expires is None else at(expires),
            test_clock_at=at(0),
            market=market,
        )
        modelled = model.Card(
            **given,
            key=card.pk,
            maximum=maximum,
            expires=expires,
            cash_out_below=market.cash_out_below_cents if market else None,
            keeps_remainder=market is None or market.keeps_single_use_remainder,
        )
        if status == "active":
            for verb in ("purchase", "activate"):
                getattr(modelled, verb)()
                getattr(operations, verb)(caller=TEST, card_id=card.pk)
        self.cards.append(Pair(card.pk, modelled))

    # Of one card

    @rule(which=WHICH, verb=st.sampled_from(["purchase", "activate", "deactivate", "cash_out", "delete"]))
    def turn(self, which: int, verb: str) -> None:
        card = nth(self.cards, which)
        operation = getattr(operations, "delete_gift_card" if verb == "delete" else verb)
        self.both(verb, getattr(card.modelled, verb), lambda: operation(caller=TEST, card_id=card.key), card)

    @rule(which=WHICH, amount=AMOUNT)
    def debit(self, which: int, amount: int | str) -> None:
        card = nth(self.cards, which)
        amount = cents(amount, card)
        self.both(
            "debit",
            lambda: card.modelled.debit(amount),
            lambda: operations.debit(caller=TEST, card_id=card.key, amount_cents=amount),
            card,
        )

    @rule(which=WHICH, amount=st.integers(-1, 12))
    def recharge(self, which: int, amount: int) -> None:
        card = nth(self.cards, which)
        self.both(
            "recharge",
            lambda: card.modelled.recharge(amount),
            lambda: operations.recharge(caller=TEST, card_id=card.key, amount_cents=amount),
            card,
        )

    @rule(which=WHICH, balance=st.integers(-1, 25))
    def adjust(self, which: int, balance: int) -> None:
        card = nth(self.cards, which)
        self.both(
            "adjust",
            lambda: card.modelled.adjust(balance),
            lambda: operations.adjust(caller=TEST, card_id=card.key, balance_cents=balance),
            card,
        )

    @rule(which=WHICH, hours=st.sampled_from([1, 1, 2, 5, 20]))
    def let_time_pass(self, which: int, hours: int) -> None:
        """Holds lapse by it, and cards expire."""
        card = nth(self.cards, which)
        now = card.modelled.now + hours
        self.both(
            "time", lambda: card.modelled.move_clock(now), self.editing(card, test_clock_at=at(now)), card
        )

    @rule(which=WHICH, single_use=st.booleans())
    def change_use(self, which: int, single_use: bool) -> None:  # noqa: FBT001
        card = nth(self.cards, which)
        self.both(
            "single use",
            lambda: card.modelled.set_single_use(single_use),
            self.editing(card, single_use=single_use),
            card,
        )

    def editing(self, card: Pair, **changes: Any) -> Callable[[], Any]:
        given = cast(GiftCardChanges, changes)
        return lambda: operations.update_gift_card(caller=TEST, card_id=card.key, changes=given)

    # Holds

    @rule(which=WHICH, amount=AMOUNT, hours=st.integers(-1, 12))
    def authorize(self, which: int, amount: int | str, hours: int) -> None:
        card = nth(self.cards, which)
        amount = cents(amount, card)
        until = card.modelled.now + hours
        done = self.both(
            "authorize",
            lambda: card.modelled.authorize(amount, until),
            lambda: operations.authorize(
                caller=TEST, card_id=card.key, amount_cents=amount, expires_at=at(until)
            ),
            card,
        )
        if done:
            self.holds.append(Pair(done[1].pk, done[0]))

    @precondition(lambda self: self.holds)
    @rule(which=WHICH, part=PART)
    def capture(self, which: int, part: int | None) -> None:
        hold = nth(self.holds, -which)
        self.both(
            "capture",
            lambda: hold.modelled.capture(part),
            lambda: operations.capture(caller=TEST, authorization_id=hold.key, amount_cents=part),
            self.of(hold.modelled.card),
        )

    @precondition(lambda self: self.holds)
    @rule(which=WHICH)
    def void(self, which: int) -> None:
        hold = nth(self.holds, -which)
        self.both(
            "void",
            hold.modelled.void,
            lambda: operations.void(caller=TEST, authorization_id=hold.key),
            self.of(hold.modelled.card),
        )

    # Over several cards, and back

    @rule(
        which=st.lists(WHICH, min_size=1, max_size=4),
        amount=st.integers(-1, 25),
        partial=st.booleans(),
    )
    def pay(self, which: list[int], amount: int, partial: bool) -> None:  # noqa: FBT001
        """A card that is named twice counts once."""
        named = [nth(self.cards, each) for each in which]
        cards = [card for card in self.cards if card in named]
        done = self.both(
            "pay",
            lambda: model.pay([card.modelled for card in cards], amount, partial=partial),
            lambda: operations.pay(
                caller=TEST,
                amount_cents=amount,
                gift_cards=[card.key for card in named],
                partial=partial,
            ),
            *cards,
        )
        if done:
            self.payments.append(Pair(done[1].pk, done[0]))

    @precondition(lambda self: self.payments)
    @rule(which=WHICH, part=PART)
    def refund_payment(self, which: int, part: int | None) -> None:
        payment = nth(self.payments, -which)
        self.both(
            "refund payment",
            lambda: payment.modelled.refund(part),
            lambda: operations.refund_payment(caller=TEST, payment_id=payment.key, amount_cents=part),
            *(self.of(entry.card) for entry in payment.modelled.entries),
        )

    @rule(which=WHICH, entry=WHICH, part=PART)
    def refund(self, which: int, entry: int, part: int | None) -> None:
        """Of any entry, whatever it was for."""
        card = nth(self.cards, which)
        if card.modelled.entries:
            place = entry % len(card.modelled.entries)
            original = LedgerEntry.objects.get(gift_card_id=card.key, sequence=place + 1)
            self.both(
                "refund",
                lambda: card.modelled.entries[place].refund(part),
                lambda: operations.refund(caller=TEST, transaction_id=original.pk, amount_cents=part),
                card,
            )

    # Again

    @precondition(lambda self: self.sent)
    @rule(which=WHICH, same=st.booleans())
    def repeat(self, which: int, same: bool) -> None:  # noqa: FBT001
        """Nothing is done: the first answer comes back, or a refusal for what is another request."""
        STEPS["repeat" if same else "reuse a key"] += 1
        sent = nth(self.sent, -which)
        if same:
            answer = once(request(sent.key, sent.body), self.credential, never)
            assert (answer.content, answer[REPLAYED]) == (sent.answer, "true")
        else:
            with pytest.raises(Rejection, match="used for another request"):
                once(request(sent.key, sent.body + b" "), self.credential, never)

    # How the two are compared

    def both(
        self, name: str, in_model: Callable[[], Any], in_service: Callable[[], Any], *cards: Pair
    ) -> tuple[Any, Any] | None:
        """What both came to, or None where both refuse. Every fourth is a request with a key, which stays
        free for the next one if it is refused."""
        STEPS[name] += 1
        self.steps += 1
        in_service = self.with_a_key(name, in_service) if self.steps % 4 == 0 else in_service
        try:
            modelled = in_model()
        except model.No:
            with pytest.raises(Refusal):
                in_service()
            done = None
        else:
            done = modelled, in_service()
        for card in cards:
            assert as_modelled(card.key) == card.modelled.told()
        return done

    def with_a_key(self, name: str, in_service: Callable[[], Any]) -> Callable[[], Any]:
        key = f"request {len(self.sent)}"
        body = f"{name} {key}".encode()
        results = []

        def write() -> Written:
            results.append(in_service())
            return Written(HttpResponse(b"done: " + body), "gift_cards", uuid7())

        def requested() -> Any:
            answer = once(request(key, body), self.credential, write)
            self.sent.append(Sent(key, body, answer.content))
            (result,) = results
            return result

        return requested

    def of(self, card: model.Card) -> Pair:
        return next(pair for pair in self.cards if pair.modelled is card)

    def teardown(self) -> None:
        try:
            assert [as_modelled(card.key) for card in self.cards] == [
                card.modelled.told() for card in self.cards
            ]
            assert_ledger_is_true()
        finally:
            self.example.__exit__(Undo, Undo(), None)


class Undo(Exception):
    """Takes an example's cards away, else each would verify the cards of all before it."""


def nth(pairs: Sequence[Thing], which: int) -> Thing:
    return pairs[which % len(pairs)]


def cents(amount: int | str, card: Pair) -> int:
    """All that is available on it by the model, or one more than that."""
    available: int = card.modelled.available
    return {"all": available, "too much": available + 1}.get(str(amount), cast(int, amount))


def request(key: str, body: bytes) -> Any:
    headers = {"Idempotency-Key": key}
    return RequestFactory().post("/api/gift_cards", body, "application/json", headers=headers)


def never() -> Written:
    raise AssertionError("it was done again")


def run_machine(examples: int, phases: Sequence[Phase]) -> None:
    run_state_machine_as_test(
        MoneyMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS_EACH,
            derandomize=not LONG,
            database=None,
            report_multiple_bugs=False,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=phases,
        ),
    )


@pytest.mark.slow
@pytest.mark.django_db
def test_whatever_is_done_with_several_cards_ends_where_the_model_ends():
    STEPS.clear()

    run_machine(EXAMPLES, [Phase.generate, Phase.shrink])

    print(STEPS.total(), "steps:", dict(STEPS.most_common()))  # noqa: T201 (for whoever asks with -s)
    assert STEPS.total() >= 10_000
    assert min(STEPS.values()) > 50


@pytest.mark.django_db
def test_both_switch_on_a_card_that_was_debited_before_it_became_single_use():
    """Found by half a million steps. The same ten thousand don't come by."""
    state = MoneyMachine()
    card = {"balance": 9, "status": "active", "rechargeable": True, "single_use": False}
    state.begin(cards=[{**card, "room": None, "market": 0, "expires": None}])
    state.debit(which=0, amount=1)
    state.change_use(which=0, single_use=True)
    for verb in ("deactivate", "activate"):
        state.turn(which=0, verb=verb)
    state.teardown()


def that_uses_nothing_up(kind: str, verb: str, true: Any = posting._statement) -> str:
    return str(true(kind, verb)).replace("THEN 'redeemed'", "THEN locked.status")


MISTAKES: Final[dict[str, tuple[object, str, Callable[..., Any]]]] = {
    "refunds are forgotten": (refunding, "refundable_cents", lambda original: -original.amount_cents),
    "lapsed holds stay": (holds, "release_lapsed", lambda card: 0),
    "a card is not used up": (posting, "_statement", that_uses_nothing_up),
    "keys are forgotten": (
        idempotency,
        "lock_and_look",
        lambda credential, key: idempotency.Standing(locked=True, is_known=False),
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_service_that_is_mistaken_is_found_out(mistake: str, monkeypatch: pytest.MonkeyPatch):
    """The controls: the machine is not blind."""
    monkeypatch.setattr(*MISTAKES[mistake])

    with pytest.raises((AssertionError, pytest.fail.Exception, DatabaseError, Refusal)):
        run_machine(EXAMPLES, [Phase.generate])
