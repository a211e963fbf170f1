"""The query string: what is understood, and the refusal of everything else on every verb."""

import pytest

from kernel import counting
from tests.api.conftest import ROOT
from tests.library.models import Author, Book

REFUSED = [
    ("include=publisher", "INVALID_INCLUDE", "include"),
    ("include=author.", "INVALID_INCLUDE", "include"),
    ("include=author,,library", "INVALID_INCLUDE", "include"),
    ("include=author.books.author.books", "INVALID_INCLUDE", "include"),
    ("include=delete", "INVALID_INCLUDE", "include"),
    ("include=author&include=library", "INVALID_INCLUDE", "include"),
    ("include[]=author", "INVALID_INCLUDE", "include[]"),
    ("fields=title", "INVALID_FIELD", "fields"),
    ("fields[books]=title,nonsense", "INVALID_FIELD", "fields[books]"),
    ("fields[books]=_shelve", "INVALID_FIELD", "fields[books]"),
    ("fields[magazines]=title", "INVALID_FIELD", "fields[magazines]"),
    ("fields[books][x]=title", "INVALID_FIELD", "fields[books][x]"),
    ("fields[books]=title&fields[books]=isbn", "INVALID_FIELD", "fields[books]"),
    ("foo=1", "PARAM_NOT_ALLOWED", "foo"),
    ("foo[bar]=1", "PARAM_NOT_ALLOWED", "foo[bar]"),
    ("=1", "PARAM_NOT_ALLOWED", ""),
]

REFUSED_IN_LISTS = [
    *REFUSED,
    ("sort=nonsense", "INVALID_SORT_CRITERIA", "sort"),
    ("sort=", "INVALID_SORT_CRITERIA", "sort"),
    ("sort=title,-title", "INVALID_SORT_CRITERIA", "sort"),
    ("sort=--title", "INVALID_SORT_CRITERIA", "sort"),
    ("sort=isbn", "INVALID_SORT_CRITERIA", "sort"),
    ("sort[x]=title", "INVALID_SORT_CRITERIA", "sort[x]"),
    ("page=1", "INVALID_PAGE_OBJECT", "page"),
    ("page[limit]=1", "INVALID_PAGE_OBJECT", "page[limit]"),
    ("page[size]=0", "INVALID_PAGE_VALUE", "page[size]"),
    ("page[size]=26", "INVALID_PAGE_VALUE", "page[size]"),
    ("page[size]=-1", "INVALID_PAGE_VALUE", "page[size]"),
    ("page[size]=1e1", "INVALID_PAGE_VALUE", "page[size]"),
    ("page[size]=", "INVALID_PAGE_VALUE", "page[size]"),
    ("page[number]=0", "INVALID_PAGE_VALUE", "page[number]"),
    ("page[number]=x", "INVALID_PAGE_VALUE", "page[number]"),
    ("page[number]=٣", "INVALID_PAGE_VALUE", "page[number]"),
    ("page[number]=9999999999999999999", "INVALID_PAGE_VALUE", "page[number]"),
    ("filter=x", "INVALID_FILTERS_SYNTAX", "filter"),
    ("filter[title]=x", "INVALID_FILTERS_SYNTAX", "filter[title]"),
    ("filter[q][]=x", "INVALID_FILTERS_SYNTAX", "filter[q][]"),
    (f"filter[q][{'a' * 256}]=x", "INVALID_FILTERS_SYNTAX", f"filter[q][{'a' * 256}]"),
    ("filter[q]=x", "INVALID_FILTERS_SYNTAX", "filter[q]"),
    ("filter[q][title_eq][]=x", "INVALID_FILTERS_SYNTAX", "filter[q][title_eq][]"),
    ("filter[q][nonsense_eq]=x", "FILTER_NOT_ALLOWED", "filter[q][nonsense_eq]"),
]

ONLY_IN_LISTS = [
    ("sort=title", "INVALID_SORT_CRITERIA", "sort"),
    ("page[size]=5", "INVALID_PAGE_OBJECT", "page[size]"),
    ("filter[q][title_eq]=x", "FILTER_NOT_ALLOWED", "filter[q][title_eq]"),
]


def refusals(rows):
    """The query, and the code and source of its refusal."""
    expectations = [(query, (code, {"parameter": parameter})) for query, code, parameter in rows]
    return pytest.mark.parametrize(("query", "expected"), expectations)


@refusals(REFUSED_IN_LISTS)
def test_a_list_refuses(wire, book, query, expected):
    answer = wire.get(f"books?{query}")
    assert answer.status == 400
    assert (answer.error["code"], answer.error["source"]) == expected


@refusals([*REFUSED, *ONLY_IN_LISTS])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_single_resource_refuses(wire, book, query, expected, method):
    body = {"data": {"type": "books", "id": str(book.pk), "attributes": {"title": "Changed"}}}
    answer = wire.request(method, f"books/{book.pk}?{query}", None if method != "PATCH" else body)
    assert answer.status == 400
    assert (answer.error["code"], answer.error["source"]) == expected
    assert Book.objects.get(pk=book.pk).title == "Ronia"


@refusals([*REFUSED, *ONLY_IN_LISTS])
def test_creating_refuses_before_anything_is_made(wire, author, query, expected):
    linkage = {"author": {"data": {"type": "authors", "id": str(author.pk)}}}
    body = {"data": {"type": "books", "attributes": {"title": "Emil"}, "relationships": linkage}}
    answer = wire.post(f"books?{query}", body)
    assert answer.status == 400
    assert (answer.error["code"], answer.error["source"]) == expected
    assert not Book.objects.exists()


def test_names_that_json_api_leaves_to_clients_pass(wire, book):
    assert wire.get("books?camelCase=1&snake_case=2&kebab-case=3").status == 200


def test_sparse_fields(wire, book):
    document = wire.get("books?fields[books]=id,title,author&fields[authors]=").document
    assert document["data"] == [
        {
            "id": str(book.pk),
            "type": "books",
            "links": {"self": f"{ROOT}/books/{book.pk}"},
            "attributes": {"title": "Ronia"},
            "relationships": {
                "author": {
                    "links": {
                        "self": f"{ROOT}/books/{book.pk}/relationships/author",
                        "related": f"{ROOT}/books/{book.pk}/author",
                    },
                    "data": {"type": "authors", "id": str(book.author.pk)},
                }
            },
            "meta": {"mode": "test", "organization_id": "00000000-0000-7000-8000-00000000acee"},
        }
    ]
    assert "included" not in document


def test_included_is_there_exactly_when_asked_for(wire, author):
    assert "included" not in wire.get("authors").document
    assert wire.get("authors?include=").document["included"] == []
    assert wire.get("authors?include=books").document["included"] == []


def test_include_and_fields_are_honoured_on_writes(wire, book):
    body = {"data": {"type": "books", "id": str(book.pk), "attributes": {}}}
    document = wire.patch(
        f"books/{book.pk}?include=author&fields[authors]=name&fields[books]=title", body
    ).document
    assert document["data"]["attributes"] == {"title": "Ronia"}
    assert document["data"]["relationships"] == {}
    assert [each["attributes"] for each in document["included"]] == [{"name": "Astrid Lindgren"}]


@pytest.fixture
def seven(db):
    """Two of them share a name."""
    return [Author.objects.create(mode="test", name=f"Author {number // 2}") for number in range(7)]


def names(answer):
    return [each["attributes"]["name"] for each in answer.document["data"]]


def test_newest_first_unless_asked_otherwise(wire, seven):
    ids = [each["id"] for each in wire.get("authors").document["data"]]
    assert ids == [str(each.pk) for each in reversed(seven)]


@pytest.mark.parametrize("sort", ["name", "-name", "name,-created_at", "id", "-id"])
def test_pages_of_a_sorted_list_do_not_overlap(wire, seven, sort):
    pages = [
        wire.get(f"authors?sort={sort}&page[size]=3&page[number]={n}").document["data"] for n in (1, 2, 3)
    ]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert {each["id"] for page in pages for each in page} == {str(each.pk) for each in seven}


def test_sorting(wire, seven):
    assert names(wire.get("authors?sort=-name&page[size]=3")) == ["Author 3", "Author 2", "Author 2"]


def link(number, size, prefix="sort=name&"):
    return f"{ROOT}/authors?{prefix}page%5Bnumber%5D={number}&page%5Bsize%5D={size}"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, {"first": 1, "next": 2, "last": 3}),
        (2, {"first": 1, "prev": 1, "next": 3, "last": 3}),
        (3, {"first": 1, "prev": 2, "last": 3}),
        (9, {"first": 1, "prev": 3, "last": 3}),
    ],
)
def test_page_links_and_meta(wire, seven, number, expected):
    document = wire.get(f"authors?page[number]={number}&sort=name&page[size]=3").document
    links = document["links"]
    assert links.pop("self") == f"{ROOT}/authors?page%5Bnumber%5D={number}&sort=name&page%5Bsize%5D=3"
    assert links == {relation: link(target, 3) for relation, target in expected.items()}
    assert document["meta"] == {"record_count": 7, "page_count": 3}
    assert (document["data"] == []) is (number == 9)


@pytest.mark.parametrize(
    ("number", "expected", "meta"),
    [
        (1, {"first": 1, "next": 2, "last": None}, {"record_count": 4, "page_count": 2}),
        (2, {"first": 1, "prev": 1, "next": 3, "last": None}, {"record_count": 5, "page_count": 3}),
        (3, {"first": 1, "prev": 2, "next": 4, "last": None}, {"record_count": 7, "page_count": 4}),
        (4, {"first": 1, "prev": 3, "last": 4}, {"record_count": 7, "page_count": 4}),
        (9, {"first": 1, "prev": 4, "last": 4}, {"record_count": 7, "page_count": 4}),
    ],
)
def test_a_list_too_long_to_count_is_counted_beyond_its_page(
    wire, seven, monkeypatch, number, expected, meta
):
    monkeypatch.setattr(counting, "LIMIT", 3)

    document = wire.get(f"authors?page[number]={number}&sort=name&page[size]=2").document

    links = document["links"]
    links.pop("self")
    assert links == {relation: to and link(to, 2) for relation, to in expected.items()}
    inexact = {"record_count_is_exact": False}
    assert document["meta"] == (meta if expected["last"] else meta | inexact)


def test_whoever_follows_next_reads_the_whole_of_a_list_too_long_to_count(wire, seven, monkeypatch):
    monkeypatch.setattr(counting, "LIMIT", 1)
    found, address = [], "authors?sort=name&page[size]=3"
    while address:
        answer = wire.get(address)
        found += names(answer)
        address = answer.document["links"].get("next", "").removeprefix(f"{ROOT}/")

    assert len(found) == 7


def test_an_empty_list_is_one_empty_page(wire):
    document = wire.get("authors").document
    assert document == {
        "jsonapi": {"version": "1.1"},
        "links": {"self": f"{ROOT}/authors", "first": link(1, 10, ""), "last": link(1, 10, "")},
        "data": [],
        "meta": {"record_count": 0, "page_count": 1},
    }


def test_ten_to_a_page_unless_asked_otherwise(wire, db):
    for number in range(26):
        Author.objects.create(mode="test", name=f"Author {number}")
    assert len(wire.get("authors").document["data"]) == 10
    assert len(wire.get("authors?page[size]=25").document["data"]) == 25
