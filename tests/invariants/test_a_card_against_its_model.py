"""Any sequence of operations ends where a model of twenty lines ends: nobody mints money, nobody loses it."""

from dataclasses import dataclass, field

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from giftcards.models import GiftCard
from giftcards.operations import activate, adjust, change_balance, deactivate, purchase
from kernel.refusals import Refusal
from tests.fixtures.cast import TEST, a_draft, edit
from tests.invariants.checks import assert_ledger_is_true

SMALL = st.integers(0, 12)


class No(Exception):
    """The model refuses."""


@dataclass
class Model:
    """A card as the contract describes it."""

    balance: int
    rechargeable: bool
    single_use: bool
    maximum: int | None
    status: str = "draft"
    entries: list[int] = field(default_factory=list)

    def purchase(self) -> None:
        self.move({"draft": "inactive"})
        self.entries.append(self.balance)

    def activate(self) -> None:
        self.move({"inactive": "active"})

    def deactivate(self) -> None:
        self.move({"active": "inactive"})

    def move(self, ways: dict[str, str]) -> None:
        if self.status not in ways:
            raise No
        self.status = ways[self.status]

    def change(self, amount: int) -> None:
        if amount > 0:
            self.refuse_unless(self.status in {"inactive", "active"} and self.rechargeable)
            self.refuse_unless(self.maximum is None or self.balance + amount <= self.maximum)
        else:
            self.refuse_unless(amount != 0 and self.status == "active" and -amount <= self.balance)
        self.post(amount)
        if amount < 0 and (self.single_use or (self.balance == 0 and not self.rechargeable)):
            self.status = "redeemed"

    def adjust(self, balance: int) -> None:
        self.refuse_unless(self.status != "draft")
        difference = balance - self.balance
        if difference == 0:
            return
        self.post(difference)
        if self.status == "redeemed" and difference > 0:
            self.status = "active"
        elif self.status == "active" and balance == 0 and not self.rechargeable:
            self.status = "redeemed"

    def face_value(self, balance: int) -> None:
        """A balance alone: a draft's face value, an issued card's adjustment."""
        if self.status != "draft":
            self.adjust(balance)
            return
        self.refuse_unless(balance > 0 or self.rechargeable)
        self.refuse_unless(self.maximum is None or balance <= self.maximum)
        self.balance = balance

    def post(self, amount: int) -> None:
        self.entries.append(amount)
        self.balance += amount

    @staticmethod
    def refuse_unless(possible: bool) -> None:  # noqa: FBT001 (reads as a sentence)
        if not possible:
            raise No


class CardBesideItsModel(RuleBasedStateMachine):
    card: GiftCard
    model: Model

    def __init__(self):
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()

    @initialize(
        balance=st.integers(1, 12),
        rechargeable=st.booleans(),
        single_use=st.booleans(),
        room=st.none() | st.integers(0, 6),
    )
    def create(self, balance, rechargeable, single_use, room):
        maximum = None if room is None else balance + room
        self.model = Model(balance, rechargeable, single_use, maximum)
        self.card = a_draft(
            balance_cents=balance,
            rechargeable=rechargeable,
            single_use=single_use,
            balance_max_cents=maximum,
        )

    @rule()
    def purchase(self):
        self.both(self.model.purchase, lambda: purchase(caller=TEST, card_id=self.card.id))

    @rule()
    def activate(self):
        self.both(self.model.activate, lambda: activate(caller=TEST, card_id=self.card.id))

    @rule()
    def deactivate(self):
        self.both(self.model.deactivate, lambda: deactivate(caller=TEST, card_id=self.card.id))

    @rule(amount=st.integers(-12, 12))
    def change_balance(self, amount):
        self.both(
            lambda: self.model.change(amount),
            lambda: change_balance(caller=TEST, card_id=self.card.id, amount_cents=amount),
        )

    @rule(balance=SMALL)
    def adjust(self, balance):
        self.both(
            lambda: self.model.adjust(balance),
            lambda: adjust(caller=TEST, card_id=self.card.id, balance_cents=balance),
        )

    @rule(balance=SMALL)
    def set_balance(self, balance):
        self.both(lambda: self.model.face_value(balance), lambda: edit(self.card, balance_cents=balance))

    def both(self, in_model, in_service):
        """Both do it, or both refuse."""
        try:
            in_model()
        except No:
            with pytest.raises(Refusal):
                in_service()
        else:
            in_service()

    @invariant()
    def the_card_is_as_its_model(self):
        card = GiftCard.objects.get(id=self.card.id)
        entries = list(card.ledger_entries.order_by("sequence").values_list("amount_cents", flat=True))
        assert (card.status, card.balance_cents, entries) == (
            self.model.status,
            self.model.balance,
            self.model.entries,
        )

    def teardown(self):
        try:
            assert_ledger_is_true()
        finally:
            self.example.__exit__(Undo, Undo(), None)


class Undo(Exception):
    """Takes an example's card away, else each would verify the cards of all before it."""


@pytest.mark.django_db
def test_any_sequence_of_operations_ends_where_the_model_ends():
    run_state_machine_as_test(
        CardBesideItsModel,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
