"""The Cursor Pagination profile: https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"""

from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import quote, urlsplit

import pytest
from django.core.signing import Signer
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.keyset import find_page
from tests.api.conftest import MEDIA_TYPE, ROOT
from tests.library.models import Author, Book, Genre, Library

PROFILE = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"
BY_CURSOR = f'{MEDIA_TYPE};profile="{PROFILE}"'
SORTS = [
    *("", "id", "-id", "pages", "-pages", "due_at", "-due_at", "signed,-status", "-signed,pages,-title"),
    *("author_name", "-author_name,-reference", "status", "-status,due_at", "-created_at,title"),
]
"""Columns with ties and with NULLs, of every kind, up and down and both."""


def page(wire, path, **headers):
    answer = wire.get(path, accept=BY_CURSOR, **headers)
    assert answer.status == 200, answer.document
    assert answer.response.headers["Content-Type"] == BY_CURSOR
    return answer.document


def follow(wire, link):
    assert link.startswith(f"{ROOT}/"), link
    parts = urlsplit(link)
    return page(wire, f"{parts.path.removeprefix('/api/')}?{parts.query}")


def walk(wire, path, relation, each=lambda: None):
    """All pages that the links lead to from the first, or from the last back to the first."""
    documents = [page(wire, path)]
    while link := documents[-1]["links"][relation]:
        each()
        documents.append(follow(wire, link))
        assert len(documents) < 50, "the links lead in a circle"
    return documents


def ids(documents):
    return [item["id"] for document in documents for item in document["data"]]


def cursors(document):
    return [item["meta"]["page"]["cursor"] for item in document["data"]]


@pytest.fixture
def many(author):
    """Every combination of having a value and not, each twice."""
    other = Author.objects.create(mode="test", name="erich Kästner")
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    rows = product(
        (None, 1, 2), (None, noon, noon + timedelta(microseconds=1)), (None, True), ("ordered", "shelved")
    )
    for number, (pages, due_at, signed, status) in enumerate(rows):
        Book.objects.create(
            mode="test",
            title=f"Volume {number % 5}",
            pages=pages,
            due_at=due_at,
            signed=signed,
            status=status,
            reference="ü" * 255 if number % 3 else None,
            author=other if number % 2 else author,
            created_at=noon + timedelta(microseconds=number // 4),
        )


@pytest.mark.parametrize("sort", SORTS)
def test_there_and_back_every_row_is_met_once_in_the_lists_own_order(wire, many, sort):
    """What page numbers show, in the same order, through NULLs and ties, in pages of five."""
    order = f"sort={sort}&" if sort else ""
    numbers = range(1, 9)
    by_number = [wire.get(f"books?{order}page[size]=5&page[number]={number}").document for number in numbers]
    there = walk(wire, f"books?{order}page[size]=5", "next")
    assert ids(there) == ids(by_number)
    assert [len(document["data"]) for document in there] == [5] * 7 + [1]
    assert there[0]["links"]["prev"] is None
    back = [there[-1]]
    while link := back[-1]["links"]["prev"]:
        back.append(follow(wire, link))
    assert back[-1]["links"]["prev"] is None
    assert ids(reversed(back)) == ids(there)
    assert len(set(ids(there))) == Book.objects.count() == 36


def test_the_whole_document(wire, author):
    book, other = (Book.objects.create(mode="test", title=title, author=author) for title in "ab")
    document = page(wire, "books?sort=title&page[size]=1&fields[books]=title")
    (cursor,) = cursors(document)
    assert document == {
        "jsonapi": {"version": "1.1", "profile": [PROFILE]},
        "links": {
            "self": f"{ROOT}/books?sort=title&page%5Bsize%5D=1&fields%5Bbooks%5D=title",
            "prev": None,
            "next": (
                f"{ROOT}/books?sort=title&fields%5Bbooks%5D=title"
                f"&page%5Bafter%5D={quote(cursor)}&page%5Bsize%5D=1"
            ),
        },
        "data": [
            {
                "id": str(book.pk),
                "type": "books",
                "links": {"self": f"{ROOT}/books/{book.pk}"},
                "attributes": {"title": "a"},
                "relationships": {},
                "meta": {
                    "mode": "test",
                    "organization_id": "00000000-0000-7000-8000-00000000acee",
                    "page": {"cursor": cursor},
                },
            }
        ],
    }
    (last,) = follow(wire, document["links"]["next"])["data"]
    assert last["id"] == str(other.pk)


def test_without_cursors_a_list_is_what_it_was(wire, book):
    answer = wire.get("books")
    assert answer.response.headers["Content-Type"] == MEDIA_TYPE
    assert answer.document["meta"] == {"record_count": 1, "page_count": 1}
    assert "page" not in answer.document["data"][0]["meta"]
    numbered = wire.get("books?page[number]=1", accept=BY_CURSOR)
    assert numbered.response.headers["Content-Type"] == MEDIA_TYPE
    assert numbered.document["meta"] == {"record_count": 1, "page_count": 1}


def test_a_cursor_asks_for_the_profile_by_itself(wire, many):
    (*_, last) = cursors(page(wire, "books"))
    answer = wire.get(f"books?page[after]={quote(last)}")
    assert answer.response.headers["Content-Type"] == BY_CURSOR
    assert answer.response.headers["Vary"] == "Accept"
    assert len(answer.document["data"]) == 10
    assert answer.document["links"]["prev"]


def test_an_empty_list(wire):
    assert page(wire, "books") == {
        "jsonapi": {"version": "1.1", "profile": [PROFILE]},
        "links": {"self": f"{ROOT}/books", "prev": None, "next": None},
        "data": [],
    }


def test_included_filters_and_a_related_list(wire, many, author):
    path = f"authors/{author.pk}/books?include=author&page[size]=4&filter[q][pages_not_null]=true"
    documents = walk(wire, path, "next")
    wanted = Book.objects.filter(author=author, pages__isnull=False).order_by("-created_at", "-pk")
    assert ids(documents) == [str(key) for key in wanted.values_list("pk", flat=True)]
    assert all([each["id"] for each in document["included"]] == [str(author.pk)] for document in documents)


def test_linkage(wire, book):
    for name in "abcd":
        book.genres.add(Genre.objects.create(mode="test", name=name))
    path = f"books/{book.pk}/relationships/genres"
    documents = walk(wire, f"{path}?page[size]=2&sort=id", "next")
    assert ids(documents) == [str(each.pk) for each in book.genres.order_by("pk")]
    assert documents[0]["data"][0].keys() == {"type", "id", "meta"}
    assert documents[0]["links"]["related"] == f"{ROOT}/books/{book.pk}/genres"


class TestRanges:
    def test_what_lies_between_two_cursors(self, wire, many):
        everything = [item for document in walk(wire, "books", "next") for item in document["data"]]
        places = [item["meta"]["page"]["cursor"] for item in everything]
        document = page(wire, f"books?page[after]={places[2]}&page[before]={places[20]}")
        assert [item["id"] for item in document["data"]] == [item["id"] for item in everything[3:20]]
        assert "meta" not in document
        assert follow(wire, document["links"]["next"])["data"][0]["id"] == everything[20]["id"]
        assert follow(wire, document["links"]["prev"])["data"][-1]["id"] == everything[2]["id"]

    def test_a_range_that_has_more_than_the_page(self, wire, many):
        first, *_, last = cursors(page(wire, "books?page[size]=10"))
        document = page(wire, f"books?page[after]={first}&page[before]={last}&page[size]=3")
        assert len(document["data"]) == 3
        assert document["meta"] == {"page": {"rangeTruncated": True}}
        exact = page(wire, f"books?page[after]={first}&page[before]={last}&page[size]=8")
        assert (len(exact["data"]), "meta" in exact) == (8, False)

    def test_an_empty_range(self, wire, many):
        first, second, *_ = cursors(page(wire, "books"))
        for after, before in ((first, second), (second, first), (first, first)):
            document = page(wire, f"books?page[after]={after}&page[before]={before}")
            assert document["data"] == []


class TestRefusals:
    @pytest.mark.parametrize("key", ["page[after]", "page[before]"])
    @pytest.mark.parametrize("text", ["", "x", "x.y", ".", "ü", "\0", "W10.x", "bnVsbA.AAAA", "%FF"])
    def test_what_is_no_cursor(self, wire, book, key, text):
        answer = wire.get(f"books?{key}={quote(text, safe='%')}")
        assert answer.status == 400
        assert answer.response.headers["Content-Type"] == BY_CURSOR
        assert answer.document == {
            "jsonapi": {"version": "1.1", "profile": [PROFILE]},
            "errors": [
                {
                    "title": "Invalid page value",
                    "detail": f"{key} must be a cursor of this list in this order.",
                    "code": "INVALID_PAGE_VALUE",
                    "status": "400",
                    "source": {"parameter": key},
                }
            ],
        }

    def test_a_cursor_of_another_order_or_type(self, wire, book):
        (cursor,) = cursors(page(wire, "books?sort=title"))
        assert wire.get(f"books?sort=title&page[after]={cursor}").status == 200
        for path in (f"books?page[after]={cursor}", f"books?sort=-title&page[after]={cursor}", "authors?"):
            answer = wire.get(path if "after" in path else f"{path}sort=name&page[after]={cursor}")
            assert answer.error["source"] == {"parameter": "page[after]"}

    def test_a_cursor_that_somebody_else_signed(self, wire, book):
        cursor = Signer(key="guessed", sep=".", salt="api.cursors books title,pk").sign_object(
            ["x", str(book.pk)]
        )
        assert wire.get(f"books?sort=title&page[after]={cursor}").error["code"] == "INVALID_PAGE_VALUE"

    @pytest.mark.parametrize("size", ["0", "-1", "x", "", "1.5", "٣"])
    def test_a_size_that_is_none(self, wire, book, size):
        answer = wire.get(f"books?page[size]={size}", accept=BY_CURSOR)
        assert (answer.status, answer.error["source"]) == (400, {"parameter": "page[size]"})

    @pytest.mark.parametrize("accept", [MEDIA_TYPE, BY_CURSOR])
    def test_a_size_beyond_the_limit(self, wire, book, accept):
        assert wire.get("books?page[size]=26", accept=accept).error == {
            "title": "Invalid page value",
            "detail": "page[size] must be a whole number from 1 to 25.",
            "code": "INVALID_PAGE_VALUE",
            "status": "400",
            "source": {"parameter": "page[size]"},
            "meta": {"page": {"maxSize": 25}},
            "links": {"type": f"{PROFILE}max-size-exceeded"},
        }

    def test_an_order_that_there_is_not(self, wire, book):
        assert wire.get("books?sort=isbn", accept=BY_CURSOR).error == {
            "title": "Invalid sort criteria",
            "detail": "books can't be sorted by isbn.",
            "code": "INVALID_SORT_CRITERIA",
            "status": "400",
            "source": {"parameter": "sort"},
            "links": {"type": f"{PROFILE}unsupported-sort"},
        }

    def test_a_page_number_beside_a_cursor(self, wire, book):
        (cursor,) = cursors(page(wire, "books"))
        answer = wire.get(f"books?page[after]={cursor}&page[number]=2")
        assert (answer.error["code"], answer.error["source"]) == (
            "INVALID_PAGE_OBJECT",
            {"parameter": "page[number]"},
        )

    @pytest.mark.parametrize("key", ["page[after]", "page[before]"])
    def test_a_cursor_where_no_list_is_read(self, wire, book, key):
        answer = wire.get(f"books/{book.pk}?{key}=x", accept=BY_CURSOR)
        assert (answer.error["code"], answer.error["source"]) == ("INVALID_PAGE_OBJECT", {"parameter": key})
        assert answer.response.headers["Content-Type"] == MEDIA_TYPE


def test_a_page_costs_the_same_wherever_it_is(wire, author):
    """No OFFSET, no count; the ranges of this order, the page itself and a look at either side."""
    Book.objects.bulk_create(
        Book(mode="test", title=f"Volume {number:03}", author=author) for number in range(200)
    )
    costs = []
    document = page(wire, "books?sort=title&page[size]=20")
    while link := document["links"]["next"]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            document = follow(wire, link)
        costs.append(len(queries))
        assert not [each for each in queries if "OFFSET" in each["sql"] or "COUNT(" in each["sql"]]
    assert max(costs[:-1]) == min(costs[:-1]) <= 8


def test_a_row_that_goes_leaves_its_cursor_a_place(wire, many):
    first = page(wire, "books?page[size]=3&sort=pages")
    second = follow(wire, first["links"]["next"])
    Book.objects.get(pk=first["data"][-1]["id"]).delete()
    assert follow(wire, first["links"]["next"]) == second


def test_a_row_that_goes_between_the_places_and_the_page_is_left_out(wire, many, monkeypatch):
    def find_and_lose(rows, order, asked, caller):
        found = find_page(rows, order, asked, caller)
        Book.objects.get(pk=found.keys[0]).delete()
        return found

    monkeypatch.setattr("api.reading.find_page", find_and_lose)
    assert len(page(wire, "books?page[size]=3")["data"]) == 2


VALUES = st.none() | st.integers(0, 3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(VALUES, VALUES), max_size=12),
    newcomers=st.lists(st.tuples(VALUES, VALUES), max_size=8),
    sort=st.permutations(["pages", "reference"]),
    signs=st.tuples(st.sampled_from(["", "-"]), st.sampled_from(["", "-"])),
    size=st.integers(1, 5),
    relation=st.sampled_from(["next", "prev"]),
)
def test_rows_that_come_while_someone_reads_neither_repeat_others_nor_hide_them(
    wire, author, rows, newcomers, sort, signs, size, relation
):
    """From either end, whatever is inserted between two pages: each row that was there is met once."""
    Book.objects.all().delete()
    Library.objects.all().delete()

    def add(pages, reference):
        text = None if reference is None else str(reference)
        return str(Book.objects.create(mode="test", title="x", author=author, pages=pages, reference=text).pk)

    there = {add(*row) for row in rows}
    coming = iter(newcomers)

    def insert():
        if (row := next(coming, None)) is not None:
            add(*row)

    order = ",".join(sign + name for sign, name in zip(signs, sort, strict=True))
    path = f"books?sort={order}&page[size]={size}"
    if relation == "prev" and rows:
        last = walk(wire, path, "next")[-1]
        path += f"&page[before]={cursors(last)[-1]}"
        there.discard(last["data"][-1]["id"])
    met = ids(walk(wire, path, relation, insert))
    assert len(met) == len(set(met))
    assert there <= set(met)
