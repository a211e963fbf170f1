"""Adding to a to-many relationship and removing from it, at its own address."""

from uuid import uuid4

import pytest

from tests.api.conftest import ROOT
from tests.library.models import Book, Genre


@pytest.fixture
def robbers(db):
    return Genre.objects.create(mode="test", name="robbers")


def address(book, name="genres"):
    return f"books/{book.pk}/relationships/{name}"


def identifiers(*genres):
    return [{"type": "genres", "id": str(getattr(genre, "pk", genre))} for genre in genres]


def test_members_are_added_to_those_that_are_there(wire, book, genre, robbers):
    answer = wire.post(address(book), {"data": identifiers(genre, robbers, robbers)})

    page = f"{ROOT}/{address(book)}?page%5Bnumber%5D=1&page%5Bsize%5D=10"
    assert answer.status == 200
    assert answer.document == {
        "jsonapi": {"version": "1.1"},
        "links": {
            "self": f"{ROOT}/{address(book)}",
            "related": f"{ROOT}/books/{book.pk}/genres",
            "first": page,
            "last": page,
        },
        "data": identifiers(robbers, genre),
        "meta": {"record_count": 2, "page_count": 1},
    }
    assert set(book.genres.all()) == {genre, robbers}


def test_members_are_removed_and_the_others_stay(wire, book, genre, robbers):
    book.genres.add(robbers)

    answer = wire.request("DELETE", address(book), {"data": identifiers(genre)})

    assert (answer.status, answer.document["data"]) == (200, identifiers(robbers))
    assert list(book.genres.all()) == [robbers]


def test_what_is_no_member_is_removed_already(wire, book, genre, robbers):
    """Also what does not exist, or not for this caller."""
    elsewhere = Genre.objects.create(mode="live", name="elsewhere")

    body = {"data": identifiers(robbers, elsewhere, uuid4(), "nonsense")}
    answer = wire.request("DELETE", address(book), body)

    assert (answer.status, answer.document["data"]) == (200, identifiers(genre))


def test_nothing_is_added_and_nothing_removed(wire, book, genre):
    assert wire.post(address(book), {"data": []}).document["data"] == identifiers(genre)
    assert wire.request("DELETE", address(book), {"data": []}).document["data"] == identifiers(genre)


def test_every_unknown_member_is_named_and_none_is_added(wire, book, genre, robbers):
    elsewhere = Genre.objects.create(mode="live", name="elsewhere")

    answer = wire.post(address(book), {"data": identifiers(robbers, elsewhere, "nonsense")})

    assert answer.status == 404
    assert [each["source"]["pointer"] for each in answer.errors] == ["/data/1", "/data/2"]
    assert list(book.genres.all()) == [genre]


def test_many_members_are_looked_up_by_one_query(wire, book, django_assert_max_num_queries):
    genres = [Genre.objects.create(mode="test", name=str(number)) for number in range(12)]

    with django_assert_max_num_queries(10):
        assert wire.post(address(book), {"data": identifiers(*genres)}).status == 200


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, (400, "INVALID_RESOURCE", "/data")),
        ({"type": "genres", "id": "7"}, (400, "INVALID_RESOURCE", "/data")),
        ([7], (400, "INVALID_RESOURCE", "/data/0")),
        ([{"type": "authors", "id": "7"}], (409, "TYPE_MISMATCH", "/data/0/type")),
    ],
)
def test_linkage_that_is_refused(wire, book, genre, method, data, expected):
    answer = wire.request(method, address(book), {"data": data})

    assert (answer.status, answer.error["code"], answer.error["source"]["pointer"]) == expected
    assert list(book.genres.all()) == [genre]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_to_one_relationship_has_no_members(wire, book, method):
    answer = wire.request(method, address(book, "library"), {"data": []})

    assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.response.headers["Allow"] == "GET, HEAD, PATCH"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_resource_without_the_hook_does_not_know_the_methods(wire, author, book, method):
    answer = wire.request(method, f"authors/{author.pk}/relationships/books", {"data": []})

    assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_refusal_of_the_operation_points_at_the_linkage(wire, book, genre, method):
    Book.objects.update(status=Book.Status.SHELVED)

    answer = wire.request(method, address(book), {"data": identifiers(genre)})

    assert (answer.status, answer.error["source"]) == (422, {"pointer": "/data"})
    assert answer.error["detail"] == "genres - can't be changed for a shelved book"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("school", 404), ("visitor", 403), ("", 401)])
def test_strangers_change_no_members(as_, book, genre, robbers, method, who, status):
    """Neither another mode's caller, nor another library's, nor one who may only read."""
    answer = as_(who).request(method, address(book), {"data": []})

    assert answer.status == status
    assert list(book.genres.all()) == [genre]
