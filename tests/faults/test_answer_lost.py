"""The answer never arrives: whoever sent an `Idempotency-Key` repeats the request, and it was done once."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest
from django.db import connection, transaction

from api.models import IdempotencyKey
from giftcards.models import GiftCard, Kind, LedgerEntry
from tests.concurrency.crowd import assert_ledger_is_true
from tests.fixtures.cast import an_active_card
from tests.fixtures.locks import until_someone_waits_for_us
from tests.server import MEDIA_TYPE, PATIENCE, Server, a_key

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS_ARE_BOTH_MET = 6  # connections, each of which the kernel gives to any of the two


def body(card: GiftCard) -> bytes:
    data = {"type": "gift_cards", "id": str(card.id), "attributes": {"_balance_change_cents": -100}}
    return json.dumps({"data": data}).encode()


def send_and_hang_up(server: Server, key: str, card: GiftCard, headers: dict[str, str]) -> None:
    """Nobody is there any more when the answer comes."""
    content = body(card)
    fields = {
        "Host": f"127.0.0.1:{server.port}",
        "Authorization": f"Bearer {key}",
        "Accept": MEDIA_TYPE,
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(content)),
        **headers,
    }
    lines = [f"PATCH /api/gift_cards/{card.id} HTTP/1.1", *(": ".join(field) for field in fields.items())]
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as connected:
        connected.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        until_spent(card, times=1)


def debits_of(card: GiftCard) -> int:
    return LedgerEntry.objects.filter(gift_card_id=card.id, kind=Kind.DEBIT).count()


def until_spent(card: GiftCard, *, times: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while debits_of(card) < times:
        assert time.monotonic() < deadline, "nothing was committed"


def repeat(server: Server, key: str, card: GiftCard, headers: dict[str, str]) -> httpx.Response:
    with server.caller(key) as caller:
        return caller.patch(f"/gift_cards/{card.id}", content=body(card), headers=headers)


def test_what_was_committed_is_not_done_again_by_whichever_process_gets_the_retry(server: Server):
    key = a_key()
    for number in range(WORKERS_ARE_BOTH_MET):
        card, headers = an_active_card(), {"Idempotency-Key": f"order {number}"}
        send_and_hang_up(server, key, card, headers)

        answers = [repeat(server, key, card, headers) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200, 200]
        assert {answer.headers.get("Idempotency-Replayed") for answer in answers} == {"true"}
        assert answers[0].json()["data"]["attributes"]["balance_cents"] == 9900
        assert debits_of(card) == 1
    assert_ledger_is_true()


def test_the_same_without_a_key_is_done_again(server: Server):
    key, card = a_key(), an_active_card()
    send_and_hang_up(server, key, card, {})

    assert repeat(server, key, card, {}).status_code == 200
    assert debits_of(card) == 2


def test_when_the_connection_to_the_database_is_lost_the_key_is_there_to_retry_with(server: Server):
    key, card, headers = a_key(), an_active_card(), {"Idempotency-Key": "checkout"}

    with ThreadPoolExecutor() as threads, transaction.atomic():
        GiftCard.objects.select_for_update().get(pk=card.id)
        first = threads.submit(repeat, server, key, card, headers)
        until_someone_waits_for_us()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
        lost = first.result()
        transaction.set_rollback(True)

    (error,) = lost.json()["errors"]
    assert (lost.status_code, "Retry-After" in lost.headers) == (503, False)
    assert "Retry with the same key" in error["detail"]
    assert not IdempotencyKey.objects.exists()
    answer = repeat(server, key, card, headers)
    assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (200, False)
    assert repeat(server, key, card, headers).headers["Idempotency-Replayed"] == "true"
    assert debits_of(card) == 1
