"""Names in addresses, related reads and relationship endpoints."""

from uuid import uuid4

import pytest

from tests.api.conftest import ROOT
from tests.library.models import Author, Book, Genre


@pytest.mark.parametrize(
    "name", ["delete", "save", "pk", "objects", "status", "title", "library_id", "_state", "x"]
)
@pytest.mark.parametrize("address", ["books/{id}/{name}", "books/{id}/relationships/{name}"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "POST", "DELETE", "PUT"])
def test_only_declared_names_are_looked_up_and_nothing_is_called(wire, book, name, address, method):
    """Out of the box, the toolkit calls whatever it finds: `delete` deletes, and then it answers 404."""
    before = Book.objects.filter(pk=book.pk).values().get()
    answer = wire.request(method, address.format(id=book.pk, name=name), {"data": None})
    assert answer.status in {404, 405}
    if method == "GET":
        assert answer.error == {
            "title": "Record not found",
            "detail": f"books have no relationship {name}.",
            "code": "RECORD_NOT_FOUND",
            "status": "404",
        }
    assert Book.objects.filter(pk=book.pk).values().get() == before


def test_related_to_one(wire, book, author):
    answer = wire.get(f"books/{book.pk}/author?fields[authors]=name,books&include=books")
    assert answer.status == 200
    document = answer.document
    assert document["links"] == {
        "self": f"{ROOT}/books/{book.pk}/author?fields%5Bauthors%5D=name%2Cbooks&include=books"
    }
    assert document["data"] == {
        "id": str(author.pk),
        "type": "authors",
        "links": {"self": f"{ROOT}/authors/{author.pk}"},
        "attributes": {"name": "Astrid Lindgren"},
        "relationships": {
            "books": {
                "links": {
                    "self": f"{ROOT}/authors/{author.pk}/relationships/books",
                    "related": f"{ROOT}/authors/{author.pk}/books",
                },
                "data": [{"type": "books", "id": str(book.pk)}],
            }
        },
        "meta": {"mode": "test", "organization_id": "00000000-0000-7000-8000-00000000acee"},
    }
    assert [each["id"] for each in document["included"]] == [str(book.pk)]


def test_an_empty_to_one_is_null(wire, author):
    book = Book.objects.create(mode="test", title="Unplaced", author=author)
    assert wire.get(f"books/{book.pk}/library").document == {
        "jsonapi": {"version": "1.1"},
        "links": {"self": f"{ROOT}/books/{book.pk}/library"},
        "data": None,
    }
    assert wire.get(f"books/{book.pk}/library?include=books").document["included"] == []
    assert wire.get(f"books/{book.pk}/relationships/library").document["data"] is None


def test_related_to_many_comes_in_pages_and_takes_a_lists_parameters(wire, author):
    for number in range(3):
        Book.objects.create(mode="test", title=f"Volume {number}", author=author)
    answer = wire.get(f"authors/{author.pk}/books?sort=title&page[size]=2&filter[q][title_cont]=Vol")
    assert [each["attributes"]["title"] for each in answer.document["data"]] == ["Volume 0", "Volume 1"]
    assert answer.document["meta"] == {"record_count": 3, "page_count": 2}
    assert answer.document["links"]["next"] == (
        f"{ROOT}/authors/{author.pk}/books?sort=title&filter%5Bq%5D%5Btitle_cont%5D=Vol"
        "&page%5Bnumber%5D=2&page%5Bsize%5D=2"
    )


def test_linkage_of_a_to_many(wire, book, genre):
    address = f"{ROOT}/books/{book.pk}/relationships/genres"
    assert wire.get(f"books/{book.pk}/relationships/genres").document == {
        "jsonapi": {"version": "1.1"},
        "links": {
            "self": address,
            "related": f"{ROOT}/books/{book.pk}/genres",
            "first": f"{address}?page%5Bnumber%5D=1&page%5Bsize%5D=10",
            "last": f"{address}?page%5Bnumber%5D=1&page%5Bsize%5D=10",
        },
        "data": [{"type": "genres", "id": str(genre.pk)}],
        "meta": {"record_count": 1, "page_count": 1},
    }


def test_changing_and_clearing_a_to_one(wire, book, school):
    address = f"books/{book.pk}/relationships/library"
    identifier = {"type": "libraries", "id": str(school.pk)}
    answer = wire.patch(address, {"data": identifier})
    assert (answer.status, answer.document["data"]) == (200, identifier)
    assert Book.objects.get(pk=book.pk).library == school
    answer = wire.patch(address, {"data": None})
    assert (answer.status, answer.document["data"]) == (200, None)
    assert Book.objects.get(pk=book.pk).library is None


def test_replacing_a_to_many(wire, book):
    other = Genre.objects.create(mode="test", name="robbers")
    answer = wire.patch(
        f"books/{book.pk}/relationships/genres", {"data": [{"type": "genres", "id": str(other.pk)}]}
    )
    assert answer.status == 200
    assert list(book.genres.all()) == [other]
    assert wire.patch(f"books/{book.pk}/relationships/genres", {"data": []}).document["data"] == []


NOWHERE = str(uuid4())


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("library", {"type": "libraries", "id": NOWHERE}, (404, "RECORD_NOT_FOUND", "/data")),
        ("library", {"type": "libraries", "id": "nonsense"}, (404, "RECORD_NOT_FOUND", "/data")),
        ("library", {"type": "authors", "id": NOWHERE}, (409, "TYPE_MISMATCH", "/data/type")),
        ("library", {"type": "libraries"}, (400, "INVALID_RESOURCE", "/data")),
        ("library", {"type": "libraries", "id": 7}, (400, "INVALID_RESOURCE", "/data/id")),
        ("library", [], (400, "INVALID_RESOURCE", "/data")),
        ("library", "x", (400, "INVALID_RESOURCE", "/data")),
        ("author", None, (422, "VALIDATION_ERROR", "/data")),
        ("genres", None, (400, "INVALID_RESOURCE", "/data")),
        ("genres", {"type": "genres", "id": NOWHERE}, (400, "INVALID_RESOURCE", "/data")),
        ("genres", [{"type": "genres", "id": NOWHERE}], (404, "RECORD_NOT_FOUND", "/data/0")),
        ("genres", [7], (400, "INVALID_RESOURCE", "/data/0")),
    ],
)
def test_linkage_that_is_refused(wire, book, name, data, expected):
    answer = wire.patch(f"books/{book.pk}/relationships/{name}", {"data": data})
    assert (answer.status, answer.error["code"], answer.error["source"]["pointer"]) == expected
    assert book.genres.count() == 1


def test_a_relationship_that_is_not_writable(wire, book, city):
    answer = wire.patch(f"libraries/{city.pk}/relationships/books", {"data": []})
    assert (answer.status, answer.error["code"]) == (403, "PARAM_NOT_ALLOWED")
    assert city.books.get() == book


def test_a_refusal_of_the_operation_points_at_the_linkage(wire, book, school):
    Book.objects.update(status=Book.Status.SHELVED)
    identifier = {"type": "libraries", "id": str(school.pk)}
    answer = wire.patch(f"books/{book.pk}/relationships/library", {"data": identifier})
    assert answer.error == {
        "title": "can't be changed for a shelved book",
        "detail": "library - can't be changed for a shelved book",
        "code": "VALIDATION_ERROR",
        "status": "422",
        "source": {"pointer": "/data"},
        "meta": {
            "error": "shelved",
            "value": None,
            "attribute": "library",
            "message": "can't be changed for a shelved book",
        },
    }


def test_large_relationships_are_links_only(wire, book, genre):
    document = wire.get(f"genres/{genre.pk}?fields[genres]=books").document
    assert document["data"]["relationships"] == {
        "books": {
            "links": {
                "self": f"{ROOT}/genres/{genre.pk}/relationships/books",
                "related": f"{ROOT}/genres/{genre.pk}/books",
            }
        }
    }
    assert wire.get("genres?include=books").error["code"] == "INVALID_INCLUDE"
    assert [each["id"] for each in wire.get(f"genres/{genre.pk}/books").document["data"]] == [str(book.pk)]


@pytest.mark.parametrize("key", [NOWHERE, "nonsense", "1", f"%7B{NOWHERE}%7D", "%00", "x" * 3000])
@pytest.mark.parametrize("rest", ["", "/author", "/genres", "/relationships/author", "/relationships/genres"])
def test_an_unknown_or_malformed_key_is_not_found(wire, key, rest):
    answer = wire.get(f"books/{key}{rest}")
    assert (answer.status, answer.error["code"]) == (404, "RECORD_NOT_FOUND")
    assert "source" not in answer.error


class TestReach:
    """A resource of another mode or library is as absent as one that never was."""

    @pytest.mark.parametrize("who", ["stranger", "school"])
    @pytest.mark.parametrize(
        "rest", ["", "/author", "/genres", "/relationships/library", "/relationships/genres"]
    )
    def test_in_paths(self, as_, book, who, rest):
        answer = as_(who).get(f"books/{book.pk}{rest}")
        assert (answer.status, answer.error["detail"]) == (
            404,
            f"There is nothing of type books with id {book.pk}.",
        )

    @pytest.mark.parametrize("who", ["stranger", "school"])
    def test_in_writes(self, as_, book, who):
        body = {"data": {"type": "books", "id": str(book.pk), "attributes": {"title": "Stolen"}}}
        assert as_(who).patch(f"books/{book.pk}", body).status == 404
        assert as_(who).delete(f"books/{book.pk}").status == 404
        assert Book.objects.get(pk=book.pk).title == "Ronia"

    @pytest.mark.parametrize("who", ["stranger", "school"])
    def test_in_linkage(self, as_, who, city):
        mode = "live" if who == "stranger" else "test"
        author = Author.objects.create(mode=mode, name="Otfried Preußler")
        body = {
            "data": {
                "type": "books",
                "attributes": {"title": "Krabat"},
                "relationships": {
                    "author": {"data": {"type": "authors", "id": str(author.pk)}},
                    "library": {"data": {"type": "libraries", "id": str(city.pk)}},
                },
            }
        }
        answer = as_(who).post("books", body)
        assert answer.status == 404
        assert answer.error["source"] == {"pointer": "/data/relationships/library/data"}
        assert not Book.objects.exists()

    def test_in_includes(self, as_, book, school):
        other = Book.objects.create(mode="test", title="Emil", author=book.author, library=school)
        document = as_("school").get(f"authors/{book.author.pk}?include=books").document
        assert [each["id"] for each in document["included"]] == [str(other.pk)]
        assert document["data"]["relationships"]["books"]["data"] == [{"type": "books", "id": str(other.pk)}]

    @pytest.mark.parametrize(
        ("filter_", "found"),
        [
            ("library_name_eq]=City Library", 0),
            ("library_name_cont]=Library", 1),
            ("library_name_null]=true", 1),
        ],
    )
    def test_in_filters(self, as_, book, school, filter_, found):
        Book.objects.create(mode="test", title="Emil", author=book.author, library=school)
        Book.objects.create(mode="test", title="Unplaced", author=book.author)
        document = as_("school").get(f"books?filter[q][{filter_}").document
        assert document["meta"]["record_count"] == found
        assert as_("stranger").get(f"books?filter[q][{filter_}").document["meta"]["record_count"] == 0
