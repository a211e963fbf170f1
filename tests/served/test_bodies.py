"""Bodies as they come over a real connection: with a length, in chunks, too large, and not at all."""

import http.client
import json
from collections.abc import Iterator

import pytest
from django.conf import settings

from giftcards.models import GiftCard
from tests.schema.checks import violations_of_document
from tests.server import MEDIA_TYPE, a_key

pytestmark = pytest.mark.django_db(transaction=True)

CARD = json.dumps(
    {"data": {"type": "gift_cards", "attributes": {"balance_cents": 5000, "currency_code": "EUR"}}}
).encode()
CHUNKED = {"Transfer-Encoding": "chunked"}


@pytest.fixture
def send(server):
    """Says exactly what it is told to: httpx would add a length by itself."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    key = a_key()

    def answer(method, path, body=None, **headers):
        sent = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE, "Authorization": f"Bearer {key}", **headers}
        connection.request(method, f"/api/{path}", body, sent, encode_chunked="Transfer-Encoding" in headers)
        response = connection.getresponse()
        content = response.read()
        document = json.loads(content) if content else None
        assert document is None or violations_of_document(document) == []
        return response.status, document

    yield answer
    connection.close()


def in_chunks(body: bytes, size: int = 7) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def test_a_body_in_chunks_is_a_body(send):
    status, document = send("POST", "gift_cards", in_chunks(CARD), **CHUNKED)
    assert status == 201
    assert GiftCard.objects.get().pk.hex == document["data"]["id"].replace("-", "")


def test_so_is_that_of_an_update_and_the_connection_goes_on(send):
    _, created = send("POST", "gift_cards", CARD)
    key = created["data"]["id"]
    body = {"data": {"type": "gift_cards", "id": key, "attributes": {"reference": "7", "_purchase": True}}}
    status, document = send("PATCH", f"gift_cards/{key}", in_chunks(json.dumps(body).encode()), **CHUNKED)
    assert (status, document["data"]["attributes"]["status"]) == (200, "inactive")
    assert send("GET", f"gift_cards/{key}")[1]["data"]["attributes"]["reference"] == "7"


@pytest.mark.parametrize("body", [CARD[:-1], b"{}", b""])
def test_a_broken_one_is_refused_like_any(send, body):
    status, document = send("POST", "gift_cards", in_chunks(body), **CHUNKED)
    assert (status, document["errors"][0]["code"]) == (400, "BAD_REQUEST")
    assert not GiftCard.objects.exists()


@pytest.mark.parametrize("headers", [{}, CHUNKED])
def test_one_that_is_too_large_is_refused(send, headers):
    body = b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    status, document = send("POST", "gift_cards", in_chunks(body, 65536) if headers else body, **headers)
    assert (status, document["errors"][0]["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_one_of_another_kind_is_refused_before_it_is_understood(send):
    status, document = send(
        "POST", "gift_cards", in_chunks(CARD), **CHUNKED, **{"Content-Type": "application/json"}
    )
    assert (status, document["errors"][0]["source"]) == (415, {"header": "Content-Type"})


def test_no_body_at_all(send):
    status, document = send("POST", "gift_cards")
    assert (status, document["errors"][0]["code"]) == (400, "BAD_REQUEST")
    status, document = send(
        "DELETE", f"gift_cards/{'0' * 8}-0000-7000-8000-{'0' * 12}", in_chunks(b""), **CHUNKED
    )
    assert (status, document["errors"][0]["code"]) == (404, "RECORD_NOT_FOUND")
