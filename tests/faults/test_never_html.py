"""Whatever arrives under /api, and whatever breaks there: the answer is a JSON:API document, never a page."""

from typing import Any

import pytest

from giftcards.models import GiftCard
from markets.models import Market
from tests.faults.only_for_the_log import SECRET
from tests.faults.wire import Answer, send
from tests.fixtures.cast import a_market
from tests.server import Server, a_key, serving

pytestmark = pytest.mark.django_db(transaction=True)

NIL = b"00000000-0000-0000-0000-000000000000"
CARD = b'{"data": {"type": "gift_cards", "attributes": {"currency_code": "EUR", "balance_cents": %s}}}'

BODIES = {
    "nothing": (b"", 400, "BAD_REQUEST"),
    "no JSON": (b"balance_cents=100", 400, "BAD_REQUEST"),
    "an end too early": (b'{"data": {"type": "gift_cards"', 400, "BAD_REQUEST"),
    "NaN": (CARD % b"NaN", 400, "BAD_REQUEST"),
    "no UTF-8": (CARD % b'"\xff\xfe"', 400, "BAD_REQUEST"),
    "UTF-16": ((CARD % b"100").decode().encode("utf-16"), 400, "BAD_REQUEST"),
    "half a surrogate pair": (CARD % rb'"\ud800"', 400, "BAD_REQUEST"),
    "one name twice": (CARD % b'1, "balance_cents": 2', 400, "BAD_REQUEST"),
    "a list": (b"[]", 400, "BAD_REQUEST"),
    "a hundred thousand brackets": (b"[" * 100_000, 400, "BAD_REQUEST"),
    "ten thousand digits": (CARD % (b"9" * 10_000), 400, "BAD_REQUEST"),
    "an exponent without end": (CARD % b"1e400", 400, "BAD_REQUEST"),
    "a fraction": (CARD % b"1.5", 422, "VALIDATION_ERROR"),
    "NUL in a text": (CARD % rb'100, "reference": "a\u0000b"', 422, "VALIDATION_ERROR"),
    "NUL in an address": (CARD % rb'100, "recipient_email": "a\u0000b@example.com"', 422, "VALIDATION_ERROR"),
    "NUL in a code": (CARD % rb'100, "code": "abcdefgh\u0000"', 422, "VALIDATION_ERROR"),
    "NUL in the metadata": (CARD % rb'100, "metadata": {"a": "\u0000"}', 422, "VALIDATION_ERROR"),
    "NUL in a name": (CARD % rb'100, "\u0000": 1', 400, "PARAM_NOT_ALLOWED"),
    "three megabytes": (CARD % b'100, "reference": "%s"' % (b"x" * 3_000_000), 413, "PAYLOAD_TOO_LARGE"),
}


@pytest.fixture
def key() -> str:
    return a_key()


def told(answers: dict[Any, Answer]) -> dict[Any, list[Any]]:
    """Status and code of each; an answer that is not a document of errors fails here."""
    return {
        name: [answer.status, answer.error_code() if answer.status >= 400 else None]
        for name, answer in answers.items()
    }


def test_a_body_that_cannot_be_taken_makes_no_card(server: Server, key: str):
    answers = {name: send(server, key, method=b"POST", body=body) for name, (body, *_) in BODIES.items()}

    assert told(answers) == {name: expected for name, (_body, *expected) in BODIES.items()}
    assert not GiftCard.objects.exists()


TARGETS = {
    b"/api": [404, "RECORD_NOT_FOUND"],
    b"/api/": [404, "RECORD_NOT_FOUND"],
    b"/api/orders": [404, "RECORD_NOT_FOUND"],
    b"/api/gift_cards/": [404, "RECORD_NOT_FOUND"],
    b"/api/gift_cards/" + NIL + b"/market/name": [404, "RECORD_NOT_FOUND"],
    b"/api/gift_cards/" + NIL + b"/relationships/": [404, "RECORD_NOT_FOUND"],
    b"/api//gift_cards": [404, "RECORD_NOT_FOUND"],
    b"/api/../api/gift_cards": [404, "RECORD_NOT_FOUND"],
    b"/api/%00": [404, "RECORD_NOT_FOUND"],
    b"/api/gift_cards/%00": [404, "RECORD_NOT_FOUND"],
    b"/api/gift_cards/%ff%fe": [404, "RECORD_NOT_FOUND"],
    b"/api/gift_cards/%c3%28/market": [404, "RECORD_NOT_FOUND"],
    b"/api/gift_cards/" + NIL + b"/%00": [404, "RECORD_NOT_FOUND"],
    b"/api/gift_cards/" + b"9" * 5000: [404, "RECORD_NOT_FOUND"],
    b"/api/gift_cards?%00=1": [200, None],
    b"/api/gift_cards?%ff=1": [200, None],
    b"/api/gift_cards?filter[q][%00]=1": [400, "FILTER_NOT_ALLOWED"],
    b"/api/gift_cards?filter[q][reference_eq]=%00": [400, "INVALID_FILTER_VALUE"],
    b"/api/gift_cards?filter[q][code_eq]=%00": [400, "INVALID_FILTER_VALUE"],
    b"/api/gift_cards?filter[q][market_name_cont]=a%00": [400, "INVALID_FILTER_VALUE"],
    b"/api/gift_cards?filter[q][reference_eq]=%ff%fe": [200, None],
    b"/api/gift_cards?filter[q][reference_eq]=%ed%a0%80": [200, None],
    b"/api/gift_cards?filter[q][balance_cents_eq]=%00": [400, "INVALID_FILTER_VALUE"],
    b"/api/gift_cards?filter[q][balance_cents_gt]=" + b"9" * 100: [400, "INVALID_FILTER_VALUE"],
    b"/api/gift_cards?filter[q][created_at_gt]=99999-01-01": [400, "INVALID_FILTER_VALUE"],
    b"/api/gift_cards?filter[q][metadata_jcont]={%22a%22:%22%5Cu0000%22}": [400, "INVALID_FILTER_VALUE"],
    b"/api/gift_card_transactions?filter[q][actor_jcont]={%22id%22:%22%5Cu0000%22}": [
        400,
        "INVALID_FILTER_VALUE",
    ],
    b"/api/gift_cards?include=%00": [400, "INVALID_INCLUDE"],
    b"/api/gift_cards?sort=%00": [400, "INVALID_SORT_CRITERIA"],
    b"/api/gift_cards?fields[gift_cards]=%00": [400, "INVALID_FIELD"],
    b"/api/gift_cards?fields[%00]=code": [400, "INVALID_FIELD"],
    b"/api/gift_cards?page[number]=%00": [400, "INVALID_PAGE_VALUE"],
    b"/api/gift_cards?" + b"&".join(b"A%d=1" % number for number in range(1500)): [400, "BAD_REQUEST"],
}


def test_an_address_that_leads_nowhere(server: Server, key: str):
    answers = {target: send(server, key, target) for target in TARGETS}

    assert told(answers) == TARGETS


HEADERS = {
    (b"content-type", b"application/json"): [415, "UNSUPPORTED_MEDIA_TYPE"],
    (b"content-type", b"text/html"): [415, "UNSUPPORTED_MEDIA_TYPE"],
    (b"content-type", b"multipart/form-data; boundary=x"): [415, "UNSUPPORTED_MEDIA_TYPE"],
    (b"content-type", b""): [415, "UNSUPPORTED_MEDIA_TYPE"],
    (b"content-type", b"application/vnd.api+json; charset=utf-8"): [415, "UNSUPPORTED_MEDIA_TYPE"],
    (b"content-type", b"application/vnd.api+json; charset=\xff"): [415, "UNSUPPORTED_MEDIA_TYPE"],
    (b"accept", b"text/html"): [406, "NOT_ACCEPTABLE"],
    (b"authorization", b""): [401, "INVALID_TOKEN"],
    (b"authorization", b"Bearer"): [401, "INVALID_TOKEN"],
    (b"authorization", b"Bearer \xff\xfe"): [401, "INVALID_TOKEN"],
    (b"authorization", b"Basic dXNlcjpwYXNz"): [401, "INVALID_TOKEN"],
    (b"host", b"elsewhere.example"): [400, "BAD_REQUEST"],
    (b"host", b"a b"): [400, "BAD_REQUEST"],
}


def test_a_header_that_is_refused_makes_no_card(server: Server, key: str):
    answers = {
        (name, value): send(server, key, method=b"POST", headers={name: value}, body=CARD % b"100")
        for name, value in HEADERS
    }

    assert told(answers) == HEADERS
    assert not GiftCard.objects.exists()


def test_a_method_that_the_address_does_not_know(server: Server, key: str):
    answers = {
        method: send(server, key, method=method)
        for method in (b"PUT", b"OPTIONS", b"TRACE", b"PROPFIND", b"DELETE")
    }

    assert told(answers) == {method: [405, "METHOD_NOT_ALLOWED"] for method in answers}
    for answer in answers.values():
        assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("debug", ["0", "1"], ids=["in production", "under DEBUG"])
def test_a_crash_is_recorded_and_tells_the_client_nothing(debug: str, key: str):
    market = a_market()
    address = f"/api/markets/{market.id}".encode()

    with serving("tests.faults.crashing:application", GIFTCARDS_DEBUG=debug) as server:
        for method in (b"GET", b"DELETE"):
            answer = send(server, key, address, method=method)
            assert (answer.status, answer.error_code()) == (500, "INTERNAL_SERVER_ERROR")
            assert SECRET.encode() not in answer.body
        log = server.log()

    assert f"RuntimeError: {SECRET}" in log
    assert "Traceback" in log
    assert key not in log
    assert Market.objects.filter(pk=market.id).exists()
