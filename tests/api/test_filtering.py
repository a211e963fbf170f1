"""`filter[q]`: which rows each matcher finds, and what is refused."""

import re
from urllib.parse import quote

import pytest

from api.declaration import declaration_of
from api.matchers import MATCHERS
from api.predicates import read_predicate
from tests.library.models import Author, Book
from tests.library.serializers import BookSerializer


@pytest.fixture
def shelf(author, city):
    other = Author.objects.create(mode="test", name="Erich Kästner")
    rows = [
        {
            "title": "Emil",
            "pages": 160,
            "author": other,
            "isbn": "978-3791535",
            "metadata": {"shelf": {"row": 1}},
        },
        {"title": "Ronia", "pages": 192, "author": author, "library": city, "due_at": "2026-11-21T10:00:00Z"},
        {"title": "Karlsson", "pages": None, "author": author, "lendable": False, "status": "shelved"},
        {
            "title": "100% Wolf_",
            "pages": 200,
            "author": other,
            "reference": "Ro",
            "metadata": {"shelf": {"row": 2}},
        },
    ]
    return [Book.objects.create(mode="test", **row) for row in rows]


def titles(wire, **predicates):
    query = "&".join(f"filter[q][{name}]={quote(value)}" for name, value in predicates.items())
    answer = wire.get(f"books?{query}&sort=title")
    assert answer.status == 200, answer.document
    return [each["attributes"]["title"].split()[0] for each in answer.document["data"]]


@pytest.mark.parametrize(
    ("predicate", "value", "found"),
    [
        ("title_eq", "Emil", ["Emil"]),
        ("title_eq", "emil", []),
        ("title_not_eq", "Emil", ["100%", "Karlsson", "Ronia"]),
        ("title_in", "Emil,Ronia,Nobody", ["Emil", "Ronia"]),
        ("title_not_in", "Emil,Ronia", ["100%", "Karlsson"]),
        ("title_start", "r", ["Ronia"]),
        ("status_gt", "ordered", ["Karlsson"]),
        ("title_start", "100%", ["100%"]),
        ("title_start", "_", []),
        ("title_end", "sson", ["Karlsson"]),
        ("title_end", "_", ["100%"]),
        ("title_cont", "on", ["Karlsson", "Ronia"]),
        ("title_cont", "%", ["100%"]),
        ("title_i_cont", "RON", ["Ronia"]),
        ("pages_eq", "192", ["Ronia"]),
        ("pages_not_eq", "192", ["100%", "Emil"]),
        ("pages_in", "160,200", ["100%", "Emil"]),
        ("pages_not_in", "160,200", ["Ronia"]),
        ("pages_gt", "160", ["100%", "Ronia"]),
        ("pages_gteq", "160", ["100%", "Emil", "Ronia"]),
        ("pages_lt", "160", []),
        ("pages_lteq", "160", ["Emil"]),
        ("pages_eq", "9999999999999", []),  # more than the column holds
        ("pages_in", "9999999999999,192", ["Ronia"]),
        ("pages_lt", "9999999999999", ["100%", "Emil", "Ronia"]),
        ("pages_null", "true", ["Karlsson"]),
        ("pages_null", "false", ["100%", "Emil", "Ronia"]),
        ("pages_not_null", "true", ["100%", "Emil", "Ronia"]),
        ("pages_not_null", "false", ["Karlsson"]),
        ("lendable_eq", "false", ["Karlsson"]),
        ("status_in", "shelved,ordered", ["100%", "Emil", "Karlsson", "Ronia"]),
        ("due_at_gteq", "2026-11-21T12:00:00+02:00", ["Ronia"]),
        ("due_at_gt", "2026-11-21T10:00:00Z", []),
        ("due_at_lt", "2026-11-22", ["Ronia"]),
        ("metadata_jcont", '{"shelf": {"row": 1}}', ["Emil"]),
        ("isbn_eq", "978-3791535", ["Emil"]),
        ("author_name_eq", "Erich Kästner", ["100%", "Emil"]),
        ("author_email_null", "true", ["100%", "Emil"]),
        ("library_name_cont", "City", ["Ronia"]),
        ("library_name_not_eq", "City Library", []),
        ("library_id_null", "true", ["100%", "Emil", "Karlsson"]),
        ("title_or_reference_start", "Ro", ["100%", "Ronia"]),
        ("title_or_author_name_cont", "mi", ["Emil"]),
        ("author_email_or_title_cont", "Wolf", ["100%"]),
    ],
)
def test_matchers(wire, shelf, predicate, value, found):
    assert titles(wire, **{predicate: value}) == found


def test_by_key(wire, shelf, city):
    assert titles(wire, id_eq=str(shelf[1].pk)) == ["Ronia"]
    assert titles(wire, id_in=f"{shelf[0].pk},{shelf[1].pk}") == ["Emil", "Ronia"]
    assert titles(wire, library_id_in=str(city.pk)) == ["Ronia"]


def test_several_are_joined_by_and(wire, shelf):
    assert titles(wire, pages_gt="100", author_name_cont="Kästner", title_start="E") == ["Emil"]


@pytest.mark.parametrize(
    "predicate",
    [
        "eq",
        "_eq",
        "title",
        "title_",
        "title_nonsense",
        "nonsense_eq",
        "_shelve_eq",
        "author_name",
        "homepage_eq",
        "genres_name_eq",
        "author_books_title_eq",
        "title_or_nonsense_eq",
        "title_or__eq",
        "author__name_eq",
        "author_id__in_eq",
        "pages_cont",
        "pages_start",
        "lendable_gt",
        "isbn_cont",
        "metadata_eq",
        "metadata_gt",
        "metadata_cont",
        "pages_true",
        "pages_matches",
        "title_true",
        "title_eq_any",
        "title_i_cont_any",
        "id_start",
        "due_at_cont",
        "title_jcont",
        "password_start",
        "mode_eq",
    ],
)
def test_unknown_attributes_and_matchers_are_refused(wire, predicate):
    answer = wire.get(f"books?filter[q][{predicate}]=1")
    assert (answer.status, answer.error) == (
        400,
        {
            "title": "Filter not allowed",
            "detail": f"{predicate} is not a filter of books.",
            "code": "FILTER_NOT_ALLOWED",
            "status": "400",
            "source": {"parameter": f"filter[q][{predicate}]"},
        },
    )


@pytest.mark.parametrize(
    ("predicate", "value"),
    [
        ("pages_eq", "many"),
        ("pages_eq", "1.5"),
        ("pages_eq", "1e3"),
        ("pages_eq", ""),
        ("pages_eq", "99999999999999999999"),
        ("pages_in", "1,two"),
        ("pages_null", "yes"),
        ("pages_null", ""),
        ("lendable_eq", "1"),
        ("status_eq", "lost"),
        ("due_at_lt", "tomorrow"),
        ("due_at_lt", "2026-11-21T10:00:00"),
        ("id_eq", "1"),
        ("library_id_in", "nonsense"),
        ("title_eq", "NUL\0"),
        ("title_cont", "NUL\0"),
        ("metadata_jcont", "{"),
        ("metadata_jcont", "[1]"),
        ("metadata_jcont", '{"a":"\\u0000"}'),
        ("metadata_jcont", '{"a":"\\ud800"}'),
        ("isbn_eq", "no hyphens"),
        ("isbn_eq", "978-\0"),
    ],
)
def test_values_of_the_wrong_kind_are_refused_without_an_echo(wire, predicate, value):
    answer = wire.get(f"books?filter[q][{predicate}]={quote(value)}")
    assert (answer.status, answer.error) == (
        400,
        {
            "title": "Invalid filter value",
            "detail": f"{predicate} can't be compared with this value.",
            "code": "INVALID_FILTER_VALUE",
            "status": "400",
            "source": {"parameter": f"filter[q][{predicate}]"},
        },
    )


@pytest.mark.parametrize(
    "query",
    [
        "filter[q][title_cont_any]={101}",
        "filter[q][title_or_author_name_eq]=a&filter[q][title_cont_any]={99}",
        "filter[q][due_at_in]={101 times}",
        "filter[q][title_in]={1001}",
        "&".join(f"filter[q][{'title_or_' * number}title_null]=true" for number in range(14)),
    ],
)
def test_more_than_a_statement_should_hold_is_refused(wire, query):
    """Each number of values makes another statement, which takes long to compile and much room to keep."""
    answer = wire.get(f"books?{_filled(query)}")

    assert (answer.status, answer.error["code"]) == (400, "INVALID_FILTER_VALUE")
    assert "have more than 100 values" in answer.error["detail"]


@pytest.mark.parametrize(
    "query",
    ["filter[q][title_cont_any]={100}", "filter[q][title_in]={1000}", "filter[q][title_eq]=" + "a," * 2000],
)
def test_what_it_can_hold_is_not(wire, query):
    assert wire.get(f"books?{_filled(query)}").status == 200


def _filled(query):
    """With so many values where it says how many."""

    def several(match):
        return ",".join(["2026-01-01" if match[2] else "a"] * int(match[1]))

    return re.sub(r"\{(\d+)( times)?\}", several, query)


@pytest.mark.parametrize("matcher", MATCHERS)
def test_the_longest_matcher_is_meant(matcher):
    books = declaration_of(BookSerializer)
    fits = [
        name
        for name in ("title", "pages", "signed", "metadata")
        if read_predicate(f"{name}_{matcher}", books)
    ]
    assert fits
    for name in fits:
        predicate = read_predicate(f"{name}_{matcher}", books)
        assert predicate is not None
        assert (predicate.matcher, [each.attribute for each in predicate.attributes]) == (matcher, [name])
