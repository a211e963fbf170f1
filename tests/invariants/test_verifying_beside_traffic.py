"""The verification looks at one moment: a posting in between is no lie."""

from contextlib import contextmanager

import pytest
from django.db import transaction

from giftcards.operations import debit
from giftcards.verification import run
from tests.fixtures.cast import TEST, an_active_card
from tests.fixtures.races import at_once, outcomes
from tests.invariants.checks import lies

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def debit_in_between(monkeypatch):
    """Somebody spends after the cards have been read and before their entries are."""
    card = an_active_card()
    verify = run._verify

    def verify_late(cards):
        spent = at_once([lambda: debit(caller=TEST, card_id=card.id, amount_cents=1)])
        assert outcomes(spent) == {"won": 1}
        yield from verify(cards)

    monkeypatch.setattr(run, "_verify", verify_late)
    yield card
    monkeypatch.undo()


@pytest.mark.usefixtures("debit_in_between")
def test_a_debit_in_between_is_no_lie():
    assert lies() == []


def test_without_one_snapshot_it_would_be(debit_in_between, monkeypatch):
    @contextmanager
    def each_statement_for_itself():
        with transaction.atomic():
            yield

    monkeypatch.setattr(run, "one_moment", each_statement_for_itself)

    assert {lie.subject_id for lie in lies()} == {debit_in_between.id}


def test_verifying_writes_nothing_and_waits_for_nobody():
    """It goes on while a card is locked for change."""
    card = an_active_card()

    with transaction.atomic():
        debit(caller=TEST, card_id=card.id, amount_cents=1)
        (seen,) = at_once([lies])

    assert seen == []
