"""Statements of searches are compiled once for each shape, and run with everybody's own values."""

import gc
from types import FunctionType, ModuleType

import pytest

from api import columns, cursors, keyset, predicates, query_strings, shapes
from api.query import _known_query
from config.postgresql import base, prepared
from tests.api.conftest import MEDIA_TYPE
from tests.library.cast import SCHOOL
from tests.library.models import Book, Library

BY_CURSOR = f'{MEDIA_TYPE};profile="{cursors.PROFILE}"'
KEPT = (
    shapes.select_of,
    shapes.count_of,
    shapes.modes_of,
    columns.columns_named,
    keyset._ranges,
    cursors._signer,
    predicates.read_predicate,
    _known_query,
    query_strings._parameters,
    query_strings._encoded,
    query_strings._known_part,
    base._if,
    base._together,
    prepared._text_of,
)
KEPT_THERE = {"builtins", "api", "config", "functools", "kernel", "uuid"}
"""Where the classes are whose instances are looked into."""


@pytest.fixture(autouse=True)
def _nothing_is_kept():
    for each in KEPT:
        each.cache_clear()


@pytest.fixture
def shelf(author):
    for title, pages in (("Emil", 160), ("Ronia", 192), ("Karlsson", None)):
        Book.objects.create(mode="test", title=title, pages=pages, author=author)
    Book.objects.create(mode="live", title="Emil", pages=160, author=author)


def titles(wire, query):
    answer = wire.get(f"books?{query}&sort=title")
    assert answer.status == 200, answer.document
    return [each["attributes"]["title"] for each in answer.document["data"]]


def compiled():
    """Statements that were compiled so far: to find keys, and to read what has them."""
    return shapes.select_of.cache_info().misses


def held_by(function):
    """The text of all that a cache holds, to whatever depth, but for code and classes."""
    seen, texts, waiting = set(), [], list(gc.get_referents(function))
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type | ModuleType):
            continue
        if isinstance(each, FunctionType):
            waiting += [cell.cell_contents for cell in each.__closure__ or ()]
            continue
        seen.add(id(each))
        if isinstance(each, str | bytes):
            texts.append(str(each))
        elif type(each).__module__.partition(".")[0] in KEPT_THERE:
            waiting += gc.get_referents(each)
    return "\n".join(texts)


@pytest.mark.parametrize(
    ("searches", "statements"),
    [
        ([("title_eq=Emil", ["Emil"]), ("title_eq=Ronia", ["Ronia"])], 2),
        ([("pages_gt=160", ["Ronia"]), ("pages_gt=191", ["Ronia"]), ("pages_gt=9999999999999", [])], 2),
        ([("title_start=em", ["Emil"]), ("title_start=%25", []), ("title_start=KARL", ["Karlsson"])], 2),
        ([("title_in=Emil,Ronia", ["Emil", "Ronia"]), ("title_in=Karlsson,", ["Karlsson"])], 3),
        ([("title_in=", []), ("title_in=,", [])], 2),
        ([("pages_null=true", ["Karlsson"]), ("pages_null=false", ["Emil", "Ronia"])], 4),
        ([("pages_eq_or_null=160", ["Emil", "Karlsson"]), ("pages_eq_or_null=1", ["Karlsson"])], 3),
        ([("metadata_jcont={}", ["Emil", "Karlsson", "Ronia"]), ('metadata_jcont={"a":1}', [])], 2),
        ([("created_at_gt=2001-01-01", ["Emil", "Karlsson", "Ronia"]), ("created_at_gt=2999-01-01", [])], 2),
    ],
)
def test_searches_that_differ_in_their_values_share_their_statements(wire, shelf, searches, statements):
    """One that finds, and those that read what was found: one row by its key, or several."""
    for _ in range(2):
        assert [titles(wire, f"filter[q][{search}") for search, _ in _named(searches)] == [
            found for _, found in searches
        ]

    assert compiled() == statements


def _named(searches):
    return [(search.replace("=", "]=", 1), found) for search, found in searches]


def test_what_is_refused_for_one_value_is_served_for_the_next(wire, shelf):
    assert titles(wire, "filter[q][pages_eq]=160") == ["Emil"]
    answer = wire.get("books?filter[q][pages_eq]=many")
    assert (answer.status, answer.error["code"]) == (400, "INVALID_FILTER_VALUE")
    assert titles(wire, "filter[q][pages_eq]=192") == ["Ronia"]


def test_each_reach_has_statements_of_its_own(as_, shelf, author):
    there = Library.objects.create(pk=SCHOOL, mode="test", name="School")
    elsewhere = Library.objects.create(mode="test", name="Elsewhere")
    for library in (there, elsewhere):
        Book.objects.create(mode="test", title=f"Of {library.name}", author=author, library=library)
    search = "filter[q][library_name_not_null]=true"
    everywhere = ["Of Elsewhere", "Of School"]

    found = {name: titles(as_(name), search) for name in ("librarian", "school", "stranger", "publisher")}

    assert found == {
        "librarian": everywhere,
        "school": ["Of School"],
        "stranger": [],
        "publisher": everywhere,
    }


def test_a_list_that_goes_on_is_counted_by_the_same_statement_for_other_values(wire, shelf):
    def count(title):
        document = wire.get(f"books?filter[q][title_not_eq]={title}&page[size]=1").document
        return document["meta"]["record_count"]

    assert [count(title) for title in ("Emil", "Nobody", "Ronia")] == [2, 3, 2]
    assert shapes.count_of.cache_info().misses == 1


def test_walks_are_compiled_once_for_places_with_a_value_and_once_for_those_without(wire, shelf):
    def after(cursor):
        document = wire.get(f"books?sort=pages&page[size]=1&page[after]={cursor}").document
        return [(each["attributes"]["title"], each["meta"]["page"]["cursor"]) for each in document["data"]]

    def step(cursor):
        before = compiled()
        ((title, cursor),) = after(cursor)
        return title, cursor, compiled() - before

    document = wire.get("books?sort=pages&page[size]=1", accept=BY_CURSOR).document
    emil = document["data"][0]["meta"]["page"]["cursor"]
    title, ronia, anew = step(emil)
    assert (title, anew > 0) == ("Ronia", True)
    assert step(emil) == ("Ronia", ronia, 0)
    title, karlsson, anew = step(ronia)
    assert (title, anew > 0) == ("Karlsson", True)  # what is before it has a value, and itself has none
    assert after(karlsson) == []


@pytest.mark.parametrize("name", ["filter", "%66ilter", "fi%6Cter", "fil%74e%72"])
@pytest.mark.parametrize(
    "query",
    ["[q][title_eq]=SECRET", "[q][title_cont_any]=SECRET,b", "[q][isbn_eq]=SECRET-", "[q][title_in]=SECRET"],
)
def test_no_value_is_in_any_cache(wire, shelf, name, query):
    assert wire.get(f"books?sort=title&{name}{query}").status == 200
    assert wire.get(f"books?sort=title&page[size]=1&{name}{query}&page[number]=2").status == 200

    texts = "\n".join(map(held_by, KEPT))

    assert query.partition("=")[0].removeprefix("[q][").removesuffix("]") in texts
    assert "SECRET" not in texts


def test_a_value_in_a_cache_would_be_found(wire):
    wire.get("books?fields[books]=title&SECRET=1")

    assert "SECRET" in held_by(query_strings._parameters)
