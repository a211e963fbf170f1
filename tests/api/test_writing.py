"""Creating and updating: the request document, the values, and where an error points."""

import json
from uuid import uuid4

import pytest

from tests.api.conftest import MEDIA_TYPE, ROOT
from tests.library.models import Author, Book


def resource(attributes=None, relationships=None, **members):
    data = {"type": "books", **members}
    if attributes is not None:
        data["attributes"] = attributes
    if relationships is not None:
        data["relationships"] = relationships
    return {"data": data}


def by(author):
    return {"author": {"data": {"type": "authors", "id": str(author.pk)}}}


def update(wire, book, attributes=None, relationships=None, query=""):
    return wire.patch(f"books/{book.pk}{query}", resource(attributes, relationships, id=str(book.pk)))


def summary(answer):
    return [(each["code"], each.get("source", {}).get("pointer")) for each in answer.errors]


def test_create(wire, author):
    answer = wire.post("books", resource({"title": "Ronia", "pages": "192", "metadata": None}, by(author)))
    book = Book.objects.get()
    address = f"{ROOT}/books/{book.pk}"
    assert answer.status == 201
    assert answer.response.headers["Location"] == address
    assert answer.document == {
        "jsonapi": {"version": "1.1"},
        "links": {"self": f"{ROOT}/books"},
        "data": {
            "id": str(book.pk),
            "type": "books",
            "links": {"self": address},
            "attributes": {
                "title": "Ronia",
                "isbn": None,
                "pages": 192,
                "lendable": True,
                "signed": None,
                "status": "ordered",
                "homepage": None,
                "due_at": None,
                "author_name": "Astrid Lindgren",
                "reference": None,
                "reference_origin": None,
                "metadata": {},
                "created_at": answer.document["data"]["attributes"]["created_at"],
                "updated_at": answer.document["data"]["attributes"]["updated_at"],
            },
            "relationships": {
                name: {"links": {"self": f"{address}/relationships/{name}", "related": f"{address}/{name}"}}
                for name in ("author", "library", "genres")
            },
            "meta": {"mode": "test", "organization_id": "00000000-0000-7000-8000-00000000acee"},
        },
    }


def test_update_changes_what_it_names_and_no_more(wire, book):
    answer = update(wire, book, {"pages": None, "lendable": "false"})
    assert answer.status == 200
    assert (answer.document["data"]["attributes"]["pages"], answer.document["data"]["id"]) == (
        None,
        str(book.pk),
    )
    book.refresh_from_db()
    assert (book.title, book.pages, book.lendable) == ("Ronia", None, False)


def test_delete(wire, book):
    assert wire.delete(f"books/{book.pk}").status == 204
    assert wire.delete(f"books/{book.pk}").error["code"] == "RECORD_NOT_FOUND"


@pytest.mark.parametrize(
    ("document", "status", "code", "pointer"),
    [
        ({}, 400, "BAD_REQUEST", None),
        ([], 400, "BAD_REQUEST", None),
        (7, 400, "BAD_REQUEST", None),
        ({"meta": {}}, 400, "PARAM_MISSING", ""),
        ({"data": None}, 400, "INVALID_RESOURCE", "/data"),
        ({"data": []}, 400, "INVALID_RESOURCE", "/data"),
        ({"data": "x"}, 400, "INVALID_RESOURCE", "/data"),
        ({"data": {}}, 400, "PARAM_MISSING", "/data"),
        ({"data": {"type": 7}}, 400, "INVALID_RESOURCE", "/data/type"),
        ({"data": {"type": "authors"}}, 409, "TYPE_MISMATCH", "/data/type"),
        (resource({"title": "x"}, id=str(uuid4())), 403, "PARAM_NOT_ALLOWED", "/data/id"),
        (resource([]), 400, "INVALID_RESOURCE", "/data/attributes"),
        (resource("x"), 400, "INVALID_RESOURCE", "/data/attributes"),
        (resource({}, []), 400, "INVALID_RESOURCE", "/data/relationships"),
        (resource({}, {"author": []}), 400, "INVALID_RESOURCE", "/data/relationships/author"),
        (resource({}, {"author": None}), 400, "INVALID_RESOURCE", "/data/relationships/author"),
        (resource({}, {"author": {"data": 7}}), 400, "INVALID_RESOURCE", "/data/relationships/author/data"),
        (resource({}, {"author": {"data": {}}}), 400, "INVALID_RESOURCE", "/data/relationships/author/data"),
        (
            resource({}, {"author": {"data": {"type": "authors", "id": 7}}}),
            400,
            "INVALID_RESOURCE",
            "/data/relationships/author/data/id",
        ),
        (
            resource({}, {"genres": {"data": [{"type": "genres"}]}}),
            400,
            "INVALID_RESOURCE",
            "/data/relationships/genres/data/0",
        ),
        (
            resource({}, {"a/b~c": {"data": 7}}),
            400,
            "INVALID_RESOURCE",
            "/data/relationships/a~1b~0c/data",
        ),
    ],
)
def test_documents_that_are_refused(wire, document, status, code, pointer):
    answer = wire.post("books", document)
    assert answer.status == status
    assert summary(answer) == [(code, pointer)]
    assert not Book.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"data": {"type": "books", "attributes": {"title": "\xff"}}}',
        b'{"data": {"type": "books", "attributes": {"title": "\\ud800"}}}',
        b'{"data": {"type": "books", "attributes": {"pages": NaN}}}',
        b'{"data": {"type": "books", "attributes": {"pages": Infinity}}}',
        b'{"data": {"type": "books", "attributes": {"pages": 1, "pages": 2}}}',
        b'{"data": {"type": "books", "attributes": {"pages": ' + b"9" * 5000 + b"}}}",
        b'{"data": ' + b"[" * 100_000,
        b'{"data": ' + b"[" * 1000 + b"]" * 1000 + b"}",
        b"\xef\xbb\xbf{}",
        b"null",
    ],
)
def test_bytes_that_are_no_json_document(wire, body):
    answer = wire.post("books", body)
    assert (answer.status, summary(answer)) == (400, [("BAD_REQUEST", None)])


def test_a_body_beyond_the_limit(wire, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = wire.post("books", resource({"title": "x" * 200}))
    assert (answer.status, summary(answer)) == (413, [("PAYLOAD_TOO_LARGE", None)])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"type": "books"}, (400, [("PARAM_MISSING", "/data")])),
        ({"type": "books", "id": 7}, (400, [("INVALID_RESOURCE", "/data/id")])),
        ({"type": "books", "id": str(uuid4())}, (409, [("KEY_NOT_INCLUDED_IN_URL", "/data/id")])),
        ({"type": "authors", "id": "x"}, (409, [("TYPE_MISMATCH", "/data/type")])),
    ],
)
def test_an_update_must_be_of_the_resource_in_the_address(wire, book, data, expected):
    answer = wire.patch(f"books/{book.pk}", {"data": data})
    assert (answer.status, summary(answer)) == expected


def test_every_name_that_may_not_be_set_is_refused_and_nothing_else_is_looked_at(wire, book):
    """A misspelt trigger must not look like a success."""
    attributes = {"titel": "x", "isbn": "1", "status": "shelved", "created_at": None, "id": "1", "pages": 1.5}
    answer = update(wire, book, attributes, {"autor": {"data": None}})
    assert answer.status == 400
    assert answer.errors == [
        {
            "title": "Param not allowed",
            "detail": f"{pointer.rsplit('/', 1)[1]} is not allowed.",
            "code": "PARAM_NOT_ALLOWED",
            "status": "400",
            "source": {"pointer": pointer},
        }
        for pointer in (
            *(f"/data/attributes/{name}" for name in ("titel", "isbn", "status", "created_at", "id")),
            "/data/relationships/autor",
        )
    ]


def test_what_belongs_to_updates_is_refused_on_create(wire, author):
    answer = wire.post("books", resource({"title": "Ronia", "_shelve": True}, by(author)))
    assert (answer.status, summary(answer)) == (400, [("PARAM_NOT_ALLOWED", "/data/attributes/_shelve")])


def test_every_refused_value_is_reported_at_once(wire, author):
    answer = wire.post(
        "books", resource({"pages": -1, "lendable": "yes", "isbn": "123", "homepage": "ftp://x"})
    )
    assert answer.status == 422
    assert [(each["detail"], each["source"]["pointer"], each["meta"]) for each in answer.errors] == [
        (
            f"{attribute} - {message}",
            pointer,
            {"error": error, "value": value, **count, "attribute": attribute, "message": message},
        )
        for attribute, pointer, error, message, value, count in [
            (
                "pages",
                "/data/attributes/pages",
                "greater_than_or_equal_to",
                "must be greater than or equal to 0",
                -1,
                {"count": 0},
            ),
            (
                "lendable",
                "/data/attributes/lendable",
                "inclusion",
                "is not included in the list",
                "yes",
                {},
            ),
            (
                "isbn",
                "/data/attributes/isbn",
                "too_short",
                "is too short (minimum is 10 characters)",
                None,  # sensitive: never shown again
                {"count": 10},
            ),
            ("homepage", "/data/attributes/homepage", "invalid", "is invalid", "ftp://x", {}),
            ("title", "/data", "blank", "can't be blank", None, {}),
            ("author", "/data", "required", "must exist", None, {}),
        ]
    ]


def test_the_whole_error_document(wire, book):
    assert update(wire, book, {"title": None}).document == {
        "jsonapi": {"version": "1.1"},
        "errors": [
            {
                "title": "can't be blank",
                "detail": "title - can't be blank",
                "code": "VALIDATION_ERROR",
                "status": "422",
                "source": {"pointer": "/data/attributes/title"},
                "meta": {
                    "error": "blank",
                    "value": None,
                    "attribute": "title",
                    "message": "can't be blank",
                },
            }
        ],
    }


def test_a_refused_verb_points_at_its_trigger(wire, book):
    assert update(wire, book, {"_shelve": "true"}).document["data"]["attributes"]["status"] == "shelved"
    answer = update(wire, book, {"_shelve": True, "title": "Changed"})
    assert answer.status == 422
    assert answer.error["detail"] == "_shelve - is not possible: the book is shelved"
    assert answer.error["source"] == {"pointer": "/data/attributes/_shelve"}
    assert Book.objects.get().title == "Ronia"


def test_several_refusals_of_an_operation(wire, book):
    answer = update(wire, book, {"_add_pages": -3, "_shelve": False})
    assert [(each["source"]["pointer"], each["meta"]) for each in answer.errors] == [
        (
            "/data/attributes/_add_pages",
            {
                "error": "greater_than_or_equal_to",
                "value": -3,
                "count": 0,
                "attribute": "_add_pages",
                "message": "must be at least 0",
            },
        ),
        (
            "/data",
            {"error": "invalid", "value": None, "attribute": "pages", "message": "can't be torn out"},
        ),
    ]


class TestRelationships:
    def test_without_data_they_are_ignored(self, wire, book):
        """Round-tripping clients send back links and meta; that is not null."""
        echoed = {"author": {"links": {"self": "x"}}, "library": {"meta": {}}, "unknown": {"links": {}}}
        assert update(wire, book, {}, echoed).status == 200
        assert Book.objects.get().library == book.library

    def test_null_clears(self, wire, book):
        assert update(wire, book, None, {"library": {"data": None}, "genres": {"data": []}}).status == 200
        assert Book.objects.get().library is None
        assert not book.genres.exists()

    def test_null_and_empty_lists_among_the_attributes_clear_too(self, wire, book):
        """The official clients send `market: null` and `tags: []` there (contract §1)."""
        assert update(wire, book, {"library": None, "genres": []}).status == 200
        assert Book.objects.get().library is None
        assert not book.genres.exists()

    def test_anything_else_among_the_attributes_does_not(self, wire, book):
        answer = update(wire, book, {"library": str(book.library_id)})
        assert summary(answer) == [("PARAM_NOT_ALLOWED", "/data/attributes/library")]

    @pytest.mark.parametrize("where", ["attributes", "relationships"])
    def test_a_required_one_cannot_be_cleared(self, wire, book, where):
        if where == "attributes":
            answer = update(wire, book, {"author": None})
        else:
            answer = update(wire, book, None, {"author": {"data": None}})
        assert answer.status == 422
        assert answer.error["detail"] == "author - must exist"
        assert answer.error["source"] == {"pointer": f"/data/{where}/author"}

    @pytest.mark.parametrize("key", [str(uuid4()), "nonsense"])
    def test_what_does_not_exist_is_404(self, wire, key):
        linkage = {"author": {"data": {"type": "authors", "id": key}}}
        answer = wire.post("books", resource({"title": "Ronia"}, linkage))
        assert answer.status == 404
        named = "this id" if key == "nonsense" else f"id {key}"
        assert answer.error == {
            "title": "Record not found",
            "detail": f"There is nothing of type authors with {named}.",
            "code": "RECORD_NOT_FOUND",
            "status": "404",
            "source": {"pointer": "/data/relationships/author/data"},
        }

    def test_the_wrong_type_is_409(self, wire, author):
        linkage = {"author": {"data": {"type": "libraries", "id": str(author.pk)}}}
        answer = wire.post("books", resource({"title": "Ronia"}, linkage))
        assert (answer.status, summary(answer)) == (
            409,
            [("TYPE_MISMATCH", "/data/relationships/author/data/type")],
        )

    def test_one_that_is_read_only_is_refused(self, wire):
        body = {
            "data": {"type": "authors", "attributes": {"name": "A"}, "relationships": {"books": {"data": []}}}
        }
        assert summary(wire.post("authors", body)) == [("PARAM_NOT_ALLOWED", "/data/relationships/books")]


def test_numbers_past_64_bits_from_elsewhere_are_still_readable(wire, book):
    Book.objects.update(metadata={"written by another program": 10**30})
    content = wire.get(f"books/{book.pk}").response.content
    assert json.loads(content)["data"]["attributes"]["metadata"] == {"written by another program": 10**30}


def test_clients_that_send_members_of_their_own_are_understood(wire, author):
    body = resource({"title": "Ronia"}, by(author), links={}, meta={"x": 1}, lid="local", unknown=[1])
    assert wire.post("books", body | {"meta": {}, "jsonapi": {"version": "1.0"}}).status == 201


def test_a_lost_race_is_a_conflict(wire, author):
    body = {"data": {"type": "authors", "attributes": {"name": "Other", "email": author.email}}}
    answer = wire.post("authors", body)
    assert answer.status == 409
    assert answer.error == {
        "title": "Conflict",
        "detail": "email - has already been taken",
        "code": "CONFLICT",
        "status": "409",
        "source": {"pointer": "/data/attributes/email"},
    }
    assert Author.objects.count() == 1


def test_a_delete_that_others_depend_on_is_locked(wire, book):
    answer = wire.delete(f"authors/{book.author_id}")
    assert (answer.status, answer.error) == (
        423,
        {
            "title": "Locked",
            "detail": "This authors can't be deleted: books depend on it.",
            "code": "LOCKED",
            "status": "423",
        },
    )
    assert answer.response.headers["Content-Type"] == MEDIA_TYPE
