"""Requests with one `Idempotency-Key` at the same moment, through real server processes: one effect, and
nobody is told anything else."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.db import transaction

from api.models import IdempotencyKey
from giftcards.models import GiftCard, Kind, LedgerEntry
from tests.concurrency.crowd import all_at_once, assert_ledger_is_true
from tests.fixtures.cast import an_active_card
from tests.fixtures.locks import until_someone_waits_for_us
from tests.server import Api, Server, a_key, serving

pytestmark = pytest.mark.django_db(transaction=True)

BALANCE = 5000


@pytest.fixture(scope="module")
def server_without_retry_lock(django_db_setup: None) -> Iterator[Server]:
    with serving("tests.concurrency.without_retry_lock:application") as running:
        yield running


def spend_everything(caller: Api, card: GiftCard, key: str) -> httpx.Response:
    data = {"type": "gift_cards", "id": str(card.id), "attributes": {"_balance_change_cents": -BALANCE}}
    content = json.dumps({"data": data})
    return caller.patch(f"/gift_cards/{card.id}", content=content, headers={"Idempotency-Key": key})


def order(server: Server, api_key: str, card: GiftCard) -> httpx.Response:
    with server.caller(api_key) as caller:
        return spend_everything(caller, card, "checkout")


def code_of(answer: httpx.Response) -> str:
    code: str = answer.json()["errors"][0]["code"]
    return code


def assert_spent_once(*cards: GiftCard) -> None:
    for card in cards:
        assert LedgerEntry.objects.filter(gift_card_id=card.id, kind=Kind.DEBIT).count() == 1
    assert IdempotencyKey.objects.count() == len(cards)
    assert_ledger_is_true()


def test_of_many_at_once_one_is_done_and_all_learn_of_it(server: Server):
    cards = [an_active_card(balance_cents=BALANCE) for _ in range(3)]

    def insist(card: GiftCard):
        def ask(caller: Api) -> tuple[httpx.Response, set[str]]:
            """As a client does that repeats whatever it is told to repeat."""
            told = set()
            while (answer := spend_everything(caller, card, f"order of {card.id}")).status_code == 409:
                assert answer.headers["Retry-After"] == "1"
                told.add(code_of(answer))
            return answer, told

        return ask

    answers = all_at_once(server, a_key(), [insist(card) for card in cards for _ in range(6)])

    assert Counter(answer.status_code for answer, _ in answers) == {200: 18}
    assert set().union(*(told for _, told in answers)) <= {"IDEMPOTENCY_KEY_IN_USE"}
    assert len({answer.content for answer, _ in answers}) == len(cards)
    first = [answer for answer, _ in answers if "Idempotency-Replayed" not in answer.headers]
    assert len(first) == len(cards)
    assert_spent_once(*cards)


def test_a_retry_does_not_wait_for_the_first_request(server: Server):
    card, key = an_active_card(balance_cents=BALANCE), a_key()

    with ThreadPoolExecutor() as threads, transaction.atomic():
        GiftCard.objects.select_for_update().get(pk=card.id)
        first = threads.submit(order, server, key, card)
        until_someone_waits_for_us()
        retry = order(server, key, card)
        assert not first.done()
        transaction.set_rollback(True)

    assert (retry.status_code, code_of(retry)) == (409, "IDEMPOTENCY_KEY_IN_USE")
    assert first.result().status_code == 200
    assert order(server, key, card).content == first.result().content
    assert_spent_once(card)


def test_without_the_lock_a_retry_would_be_told_that_nothing_was_spent(server_without_retry_lock: Server):
    """The unique key alone keeps a second effect away, but the second request looks before the first commits,
    and acts after it: an empty card, "insufficient balance", for a debit that was done."""
    server = server_without_retry_lock
    card, key = an_active_card(balance_cents=BALANCE), a_key()

    with ThreadPoolExecutor() as threads, transaction.atomic():
        GiftCard.objects.select_for_update().get(pk=card.id)
        both = [threads.submit(order, server, key, card) for _ in range(2)]
        until_someone_waits_for_us(how_many=2)
        transaction.set_rollback(True)

    answers = sorted((each.result() for each in both), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 422]
    assert answers[1].json()["errors"][0]["meta"]["error"] == "insufficient_balance"
    assert_spent_once(card)
