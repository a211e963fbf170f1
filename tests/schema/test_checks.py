"""The checks that every answer of the suite goes through: what they let pass, and that nothing else does."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path

from tests.schema.checks import MEDIA_TYPE, Exchange, check, violations, violations_of_document

ROOT = "https://books.example/api"


def resource(key="1", resource_type="books", **members) -> dict[str, Any]:
    return {
        "type": resource_type,
        "id": key,
        "links": {"self": f"{ROOT}/{resource_type}/{key}"},
        "attributes": {
            "title": "Ronia",
            "created_at": "2026-11-21T10:00:00.123Z",
            "metadata": {"any key?": 1},
        },
        "relationships": {
            "author": {
                "links": {"related": f"{ROOT}/books/1/author"},
                "data": {"type": "authors", "id": "9"},
            }
        },
        **members,
    }


def document(**members) -> dict[str, Any]:
    return {
        "jsonapi": {"version": "1.1"},
        "links": {"self": f"{ROOT}/books/1"},
        "data": resource(),
        **members,
    }


AUTHOR = {"type": "authors", "id": "9"}
PROBLEM = {"status": "400", "code": "BAD_REQUEST", "title": "Bad request", "detail": "It is bad."}


def errors(*problems, **members) -> dict[str, Any]:
    return {"jsonapi": {"version": "1.1"}, "errors": list(problems), **members}


def exchange(
    answered: Any, *, sent: Any = None, parameters=(), method="GET", status=200, **headers: str
) -> Exchange:
    content = answered if isinstance(answered, bytes) else json.dumps(answered).encode()
    return Exchange(
        method=method,
        path="/api/books/1",
        parameters=frozenset(parameters),
        sent=b"" if sent is None else json.dumps(sent).encode(),
        status=status,
        headers={"content-type": MEDIA_TYPE, "vary": "origin, Accept", **headers},
        content=content,
    )


GOOD = [
    document(),
    document(data=None),
    document(data=[]),
    document(data=[resource(), resource("2")]),
    document(data=[AUTHOR]),
    document(meta={"page": {"rangeTruncated": True}}),
    {"jsonapi": {"version": "1.1", "profile": ["https://example.com/p"]}, "meta": {}},
    document(links={"self": {"href": ROOT, "title": "here", "meta": {}}, "next": None}),
    errors(
        PROBLEM, {**PROBLEM, "source": {"parameter": "page[size]"}, "links": {"type": "https://x.example/t"}}
    ),
    errors({**PROBLEM, "source": {"pointer": ""}}),
]


@pytest.mark.parametrize("good", GOOD)
def test_what_the_specification_allows_passes(good):
    assert violations_of_document(good) == []


def changed(way: str, value: Any) -> dict[str, Any]:
    """A good document with one member set otherwise."""
    bad = copy.deepcopy(document())
    *steps, last = way.split(".")
    at = bad
    for step in steps:
        at = at[step]
    at[last] = value
    return bad


BAD: list[Any] = [
    [],
    None,
    {},
    {"jsonapi": {"version": "1.1"}},
    {"data": None},
    {**document(), "errors": [PROBLEM]},
    {**document(), "unknown": 1},
    {**errors(PROBLEM), "included": []},
    changed("jsonapi.version", "1.0"),
    changed("jsonapi.unknown", "1.0"),
    changed("links.self", "/api/books/1"),
    changed("links.self", f"{ROOT}/books?page[size]=1"),
    changed("links.self", {"title": "no href"}),
    changed("links.other", ROOT),
    changed("data", "books"),
    changed("data", [None]),
    changed("data", [resource(), resource()]),
    changed("data.id", 1),
    changed("data.id", ""),
    changed("data.type", "_books"),
    changed("data.lid", "local"),
    changed("data.unknown", {}),
    changed("data.links", []),
    changed("data.meta", None),
    changed("data.attributes", []),
    changed("data.attributes.id", "1"),
    changed("data.attributes.type", "books"),
    changed("data.attributes._shelve", "x"),
    changed("data.attributes.a/b", "x"),
    changed("data.attributes.created_at", "2026-11-21T10:00:00Z"),
    changed("data.attributes.created_at", "2026-13-21T10:00:00.123Z"),
    changed("data.attributes.created_at", "2026-11-21T10:00:00.123+01:00"),
    changed("data.attributes.image_url", "not an address"),
    changed("data.attributes.balance_cents", "15000"),
    changed("data.attributes.metadata", None),
    changed("data.attributes.author", "Astrid"),
    changed("data.relationships.id", {"data": None}),
    changed("data.relationships.author", {}),
    changed("data.relationships.author", None),
    changed("data.relationships.author.links", {}),
    changed("data.relationships.author.data", {"type": "authors"}),
    changed("data.relationships.author.data", {"type": "authors", "id": 9}),
    changed("data.relationships.author.data", [AUTHOR, AUTHOR]),
    changed("included", {}),
    changed("included", [resource()]),
    changed("included", [AUTHOR, AUTHOR]),
    errors(),
    errors({}),
    errors({**PROBLEM, "status": 400}),
    errors({**PROBLEM, "status": "200"}),
    errors({**PROBLEM, "title": ""}),
    errors({**PROBLEM, "source": {}}),
    errors({**PROBLEM, "source": {"pointer": "data"}}),
    errors({**PROBLEM, "source": {"pointer": "/data/~2"}}),
    errors({**PROBLEM, "links": {"type": ["https://x.example/t"]}}),
    errors({**PROBLEM, "unknown": 1}),
    *(errors({name: value for name, value in PROBLEM.items() if name != missing}) for missing in PROBLEM),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: json.dumps(bad)[-60:])
def test_everything_else_is_seen(bad):
    assert violations_of_document(bad)


REFUSED = errors(PROBLEM)


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (exchange(document(), vary="Origin"), "Vary does not name Accept"),
        (exchange(document(), **{"content-type": "text/html"}), "the media type is text/html"),
        (
            exchange(document(), **{"content-type": f"{MEDIA_TYPE};charset=utf-8"}),
            "the media type has the parameters ['charset']",
        ),
        (exchange(b""), "the body is no JSON: Expecting value: line 1 column 1 (char 0)"),
        (exchange(b'{"data": 1, "data": 2}'), "the body is no JSON: an object has the same member twice"),
        (exchange(document(), status=204), "204 has no body"),
        (exchange(document(), status=400), "400 and errors don't go together"),
        (exchange(REFUSED), "200 and errors don't go together"),
        (exchange(REFUSED, status=422), "the errors say {'400'} and the answer 422"),
        (exchange(document(), parameters=["include"]), "included is there exactly when it is asked for"),
        (exchange(document(included=[])), "included is there exactly when it is asked for"),
        (
            exchange(document(included=[resource("8", "authors")]), parameters=["include"]),
            "nothing leads to ('authors', '8')",
        ),
        (exchange(document(links={"self": f"{ROOT}/books/2"})), f"links.self is {ROOT}/books/2"),
        (exchange(document(), status=201), "Location is not the new resource's links.self"),
        (
            exchange(
                errors({**PROBLEM, "source": {"pointer": "/data/x"}}), status=400, sent={"data": {"y": 1}}
            ),
            "the pointer '/data/x' leads nowhere in the request",
        ),
        (
            exchange(errors({**PROBLEM, "source": {"pointer": "/data/1"}}), status=400, sent={"data": [1]}),
            "the pointer '/data/1' leads nowhere in the request",
        ),
        (
            exchange(errors({**PROBLEM, "source": {"pointer": ""}}), status=400),
            "the pointer '' leads nowhere in the request",
        ),
        (
            exchange(errors({**PROBLEM, "source": {"parameter": "sort"}}), status=400),
            "the request has no parameter 'sort'",
        ),
    ],
)
def test_what_is_wrong_about_an_exchange(bad, complaint):
    assert complaint in violations(bad)
    with pytest.raises(AssertionError):
        check(bad)


@pytest.mark.parametrize(
    "good",
    [
        exchange(document()),
        exchange(b"", method="HEAD"),
        exchange(b"", status=204),
        exchange(document(included=[AUTHOR]), parameters=["include"]),
        exchange(document(included=[resource("8", "authors")]), parameters=["include", "fields[books]"]),
        exchange(document(), status=201, location=f"{ROOT}/books/1"),
        exchange(
            errors({**PROBLEM, "source": {"pointer": "/data/a~1b~0/0"}}),
            status=400,
            sent={"data": {"a/b~": [1]}},
        ),
        exchange(document(), **{"content-type": f'{MEDIA_TYPE};profile="https://x.example/p"'}),
        exchange(errors(PROBLEM, {**PROBLEM, "status": "403"}), status=400),
    ],
)
def test_what_is_right_about_one(good):
    assert violations(good) == []
    check(good)


def test_other_addresses_are_none_of_its_business():
    check(replace(exchange(b"<html>", **{"content-type": "text/html"}), path="/back-office/"))


urlpatterns = [path("api/wrong", lambda request: HttpResponse('{"data": 1}', content_type=MEDIA_TYPE))]


def test_a_wrong_answer_fails_the_test_that_asks_for_it():
    """The control: without it the suite could look at nothing and be content."""
    with override_settings(ROOT_URLCONF=__name__), pytest.raises(AssertionError, match="GET /api/wrong: "):
        Client().get("/api/wrong")
