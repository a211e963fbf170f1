"""Content negotiation, row by row of JSON:API 1.1's server responsibilities."""

import pytest

from tests.api.conftest import MEDIA_TYPE

PROFILE = f'{MEDIA_TYPE};profile="https://example.com/one https://example.com/two"'
EXT = f'{MEDIA_TYPE};ext="https://jsonapi.org/ext/atomic"'


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (MEDIA_TYPE, 200),
        (MEDIA_TYPE.upper(), 200),
        ("*/*", 200),
        ("application/*", 200),
        ("text/html, application/xhtml+xml, */*;q=0.8", 200),
        (PROFILE, 200),
        (f"{MEDIA_TYPE};q=0.5", 200),
        (f"{MEDIA_TYPE};charset=utf-8, {MEDIA_TYPE}", 200),
        (f"{EXT}, {MEDIA_TYPE};q=0.1", 200),
        (f'{MEDIA_TYPE};profile="a,b", text/html', 200),
        ("", 200),
        (f"{MEDIA_TYPE};charset=utf-8", 406),
        (EXT, 406),
        (f"{EXT}, */*", 406),
        (f"{MEDIA_TYPE};q=0", 406),
        ("*/*;q=0", 406),
        ("text/html", 406),
        ("application/json", 406),
        ("nonsense", 406),
        (',;="', 406),
    ],
)
def test_accept(wire, book, accept, status):
    answer = wire.get("books", accept=accept)
    assert answer.status == status
    assert answer.response.headers["Vary"] == "Accept"
    if status == 406:
        assert answer.error == {
            "title": "Not acceptable",
            "detail": f"This service answers {MEDIA_TYPE} without parameters.",
            "code": "NOT_ACCEPTABLE",
            "status": "406",
            "source": {"header": "Accept"},
        }


@pytest.mark.parametrize(
    ("content_type", "with_body", "without_body"),
    [
        (MEDIA_TYPE, 200, 200),
        (MEDIA_TYPE.upper(), 200, 200),
        (PROFILE, 200, 200),
        (f"{MEDIA_TYPE};charset=utf-8", 415, 415),
        (f"{MEDIA_TYPE}; foo=bar", 415, 415),
        (EXT, 415, 415),
        ("application/json", 415, 200),
        ("text/plain", 415, 200),
        ("multipart/form-data; boundary=x", 415, 200),
        ("", 415, 200),
    ],
)
def test_content_type(wire, book, content_type, with_body, without_body):
    body = {"data": {"type": "books", "id": str(book.pk), "attributes": {}}}
    changed = wire.patch(f"books/{book.pk}", body, content_type=content_type)
    assert changed.status == with_body
    assert wire.get("books", content_type=content_type).status == without_body
    if with_body == 415:
        assert changed.error["code"] == "UNSUPPORTED_MEDIA_TYPE"
        assert changed.error["source"] == {"header": "Content-Type"}


def test_a_delete_without_a_body_may_name_the_media_type(wire, book):
    answer = wire.delete(f"books/{book.pk}")
    assert (answer.status, answer.response.content) == (204, b"")


@pytest.mark.parametrize("path", ["books", "books/1", "nowhere", "crash", "books?foo=1"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_every_answer_varies_by_accept(wire, path, method):
    assert wire.request(method, path).response.headers["Vary"] == "Accept"
