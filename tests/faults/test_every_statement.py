"""Every operation is broken off after every one of its statements, at COMMIT and just after it: the database
is exactly as before, or exactly as after, and never anything else."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext, suppress
from functools import partial
from itertools import count
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from api.models import IdempotencyKey
from giftcards import operations
from giftcards.exceptions import InvalidTransition
from giftcards.models import GiftCard, LedgerEntry
from giftcards.operations import locking
from tests.faults.doing import ONE_STATEMENT, PREPARED, Action
from tests.faults.rehearsing import contents, rehearsed
from tests.fixtures.cast import TEST, an_active_card
from tests.fixtures.client import Answer, api_client
from tests.fixtures.failpoints import Failpoint, at_commit, lose_the_connection
from tests.fixtures.fingerprint import fingerprint
from tests.giftcards.api.raw import send_raw

pytestmark = pytest.mark.django_db(transaction=True)


def broken_off(action: Action, *failpoints: Any) -> None:
    with ExitStack() as stack:
        for failpoint in failpoints:
            stack.enter_context(failpoint)
        with pytest.raises(OperationalError):
            action()


@pytest.fixture(params=PREPARED, ids=str)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def action(name: str, transactional_db: None) -> Action:
    return PREPARED[name]()


def test_broken_off_after_any_statement_nothing_has_happened_and_after_commit_all_of_it(
    name: str, action: Action
):
    before, after = fingerprint(), rehearsed(action)
    broken_off(action, at_commit(before=lose_the_connection))
    assert fingerprint() == before, "broken off at COMMIT"

    for nth in count(1):
        failpoint = Failpoint(nth, lose_the_connection)
        broken_off(action, connection.execute_wrapper(failpoint), at_commit(after=lose_the_connection))
        if failpoint.count < nth:
            break  # it has no further statement, and was broken off after COMMIT
        assert fingerprint() == before, f"broken off after statement {nth}"

    assert nth == 1 if name in ONE_STATEMENT else nth > 2
    assert contents() == after


@pytest.fixture
def administrator() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres", autocommit=True) as elsewhere:
        yield elsewhere


def test_the_same_when_postgresql_ends_the_connection(action: Action, administrator: psycopg.Connection[Any]):
    """As its restart would, or a person: the next statement finds nobody there, and so does COMMIT."""
    before, after = fingerprint(), rehearsed(action)

    def end_our_backend() -> None:
        ours = connection.connection.info.backend_pid
        ended = administrator.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
        assert ended.fetchone() == (True,)

    for nth in count(1):
        failpoint = Failpoint(nth, end_our_backend)
        broken_off(action, connection.execute_wrapper(failpoint), at_commit(after=lose_the_connection))
        connection.close()
        if failpoint.count < nth:
            break
        assert fingerprint() == before, f"the connection ended after statement {nth}"

    assert contents() == after


# --- Over the API, where whoever sent a key repeats the request


def debit_of(card: GiftCard) -> tuple[str, str, dict[str, Any]]:
    return (
        "PATCH",
        f"gift_cards/{card.pk}",
        {"id": str(card.pk), "attributes": {"_balance_change_cents": -400}},
    )


def payment_with(card: GiftCard) -> tuple[str, str, dict[str, Any]]:
    attributes = {"amount_cents": 400, "codes": [card.code().reveal()]}
    return "POST", "gift_card_payments", {"attributes": attributes}


@pytest.mark.parametrize("request_for", [debit_of, payment_with])
def test_whoever_repeats_a_broken_off_request_with_its_key_is_told_what_happened(request_for: Any):
    card, api = an_active_card(), api_client()
    method, path, data = request_for(card)
    body = json.dumps({"data": {"type": path.partition("/")[0], **data}})
    before = fingerprint()

    def ask() -> Answer:
        return send_raw(api, method, path, body, **{"idempotency-key": "order 7"})

    for nth in count(1):
        failpoint = Failpoint(nth, lose_the_connection)
        with connection.execute_wrapper(failpoint), at_commit(after=lose_the_connection):
            answer = ask()
        assert answer.status == 503, answer.document
        assert "Retry with the same key" in answer.error["detail"]
        assert "Retry-After" not in answer.headers
        if failpoint.count < nth:
            break
        assert fingerprint() == before, f"broken off after statement {nth}"

    repeated = ask()
    assert repeated.status in {200, 201}
    assert repeated.headers["Idempotency-Replayed"] == "true"
    assert IdempotencyKey.objects.count() == 1
    assert LedgerEntry.objects.filter(gift_card=card, kind="debit", amount_cents=-400).count() == 1


# --- The control


@pytest.mark.tampers
def test_without_its_transaction_a_verb_would_be_left_half_done(monkeypatch: pytest.MonkeyPatch):
    card = an_active_card()
    switch_off = partial(operations.deactivate, caller=TEST, card_id=card.pk)
    before, after = contents(), rehearsed(switch_off)
    monkeypatch.setattr(locking, "lock_card", lambda card_id, caller: GiftCard.objects.get(pk=card_id))
    monkeypatch.setattr(transaction, "atomic", nullcontext)

    left = []
    for nth in count(1):
        failpoint = Failpoint(nth, lose_the_connection)
        with connection.execute_wrapper(failpoint), suppress(OperationalError, InvalidTransition):
            switch_off()
        if failpoint.count < nth:
            break
        left.append(contents())
    assert any(each not in (before, after) for each in left)
