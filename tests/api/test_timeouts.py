"""A list that takes longer than the database is allowed to: the answer says which filter did it."""

from collections.abc import Iterator

import pytest
from django.db import connection

from api import shapes
from api.declaration import Declaration
from tests.api.conftest import Wire
from tests.library.models import Author, Book

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hurried_wire(monkeypatch) -> Iterator[Wire]:
    """Every row of books takes a second to look at, and a statement has a twentieth of one."""
    author = Author.objects.create(mode="test", name="Astrid Lindgren")
    Book.objects.create(mode="test", title="Ronia", pages=7, author=author)
    usual = Declaration.visible_to

    def slow(declaration, caller):
        return usual(declaration, caller).extra(where=["pg_sleep(1) IS NOT NULL"])

    monkeypatch.setattr(Declaration, "visible_to", slow)
    forget_statements()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '50ms'")
        yield Wire()
        cursor.execute("RESET statement_timeout")
    forget_statements()


def forget_statements():
    for kept in (shapes.select_of, shapes.count_of):
        kept.cache_clear()


def too_slow(parameter):
    return {
        "title": "Service unavailable",
        "detail": f"{parameter} took longer than this service allows. Search for less, or by eq, in, start.",
        "code": "SERVICE_UNAVAILABLE",
        "status": "503",
        "source": {"parameter": parameter},
    }


def test_every_pattern_is_named(hurried_wire):
    query = "filter[q][title_cont]=ron&filter[q][pages_eq]=7&filter[q][author_name_matches_any]=a%25,b"
    answer = hurried_wire.get(f"books?{query}")
    assert (answer.status, answer.errors) == (
        503,
        [too_slow("filter[q][title_cont]"), too_slow("filter[q][author_name_matches_any]")],
    )
    assert "Retry-After" not in answer.response.headers


def test_without_a_pattern_it_may_be_any_filter(hurried_wire):
    answer = hurried_wire.get("books?filter[q][pages_eq]=7")
    assert (answer.status, answer.errors) == (503, [too_slow("filter[q][pages_eq]")])


def test_without_a_filter_it_may_be_the_hour(hurried_wire):
    answer = hurried_wire.get("books")
    assert (answer.status, answer.error) == (
        503,
        {
            "title": "Service unavailable",
            "detail": "The request took longer than this service allows; nothing has changed.",
            "code": "SERVICE_UNAVAILABLE",
            "status": "503",
        },
    )
    assert answer.response.headers["Retry-After"] == "1"
