"""The control of what every test's answers are held to: the wrong ones are seen."""

import json
from typing import Any

import pytest
from django.http import HttpResponse

from tests.schema.described import description_of, violations

BOOK: dict[str, Any] = {
    "id": "01a1fea0-88d1-761c-a960-80e5c28156ec",
    "type": "books",
    "links": {"self": "http://testserver/api/books/01a1fea0-88d1-761c-a960-80e5c28156ec"},
    "attributes": {"title": "Emil", "pages": None, "created_at": "2026-11-21T10:00:00.123Z"},
    "relationships": {},
    "meta": {"mode": "test", "organization_id": "01a1fea0-88d1-761c-a960-80e5c28156ec"},
}


def found(data, status=200):
    description = description_of("tests.library.urls")
    operation = description.document["paths"]["/books/{id}"]["get"]
    document = {"jsonapi": {"version": "1.1"}, "links": {"self": BOOK["links"]["self"]}, "data": data}
    return violations(description, operation, HttpResponse(json.dumps(document), status=status))


def test_a_right_answer_is_right():
    assert found(BOOK) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "cards"},
        {"id": "7"},
        {"links": {}},
        {"attributes": {"title": 7}},
        {"attributes": {"created_at": "2026-11-21"}},
        {"attributes": {"unheard_of": 1}},
        {"relationships": {"unheard_of": {"links": {"self": "http://x", "related": "http://x"}}}},
        {"meta": {}},
    ],
    ids=str,
)
def test_a_wrong_one_is_seen(wrong):
    assert found({**BOOK, **wrong})


def test_a_status_that_the_document_does_not_tell_of_is_seen():
    assert found(BOOK, status=204) == ["the document does not tell of 204"]
