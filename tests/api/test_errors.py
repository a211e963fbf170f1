"""Whatever goes wrong under /api is a JSON:API errors document: who may, what is not there, what breaks."""

import json

import psycopg
import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.test import Client
from rest_framework import exceptions as drf

from api.declaration import declaration_of
from api.errors import STATUS_AND_TITLE, Rejection, echo, error
from api.exceptions import Context, rejection_for
from api.middleware import CODES
from api.parsers import ResourceBody
from kernel.refusals import OPERATION, Conflict, InUse, Invalid, NotFound, Refusal
from tests.api.conftest import HOST, MEDIA_TYPE
from tests.library.models import Book
from tests.library.serializers import BookSerializer


@pytest.mark.parametrize("token", ["", "unknown"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_without_a_good_token(as_, token, method):
    answer = as_(token).request(method, "books?nonsense=1")
    assert (answer.status, answer.error["code"]) == (401, "INVALID_TOKEN")
    assert answer.response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("who", "asks"),
    [
        ("nobody", ("GET", "books", None)),
        ("nobody", ("GET", "books/{id}", None)),
        ("nobody", ("GET", "books/{id}/author", None)),
        ("nobody", ("GET", "books/{id}/relationships/author", None)),
        ("visitor", ("POST", "books", {})),
        ("visitor", ("POST", "authors", {})),
        ("visitor", ("PATCH", "books/{id}", {"title": "Changed"})),
        ("visitor", ("PATCH", "books/{id}", {"_shelve": True})),
        ("visitor", ("DELETE", "books/{id}", None)),
    ],
)
def test_without_the_scope(as_, book, who, asks):
    method, path, attributes = asks
    body = None
    if attributes is not None:
        key = {"id": str(book.pk)} if method == "PATCH" else {}
        body = {"data": {"type": path.split("/")[0], "attributes": attributes, **key}}
    answer = as_(who).request(method, path.format(id=book.pk), body)
    assert (answer.status, answer.error) == (
        403,
        {"title": "Access denied", "detail": "Access denied.", "code": "UNAUTHORIZED", "status": "403"},
    )
    assert Book.objects.get().title == "Ronia"


def test_without_the_scope_for_a_relationship(as_, book):
    answer = as_("visitor").patch(f"books/{book.pk}/relationships/library", {"data": None})
    assert answer.status == 403
    assert Book.objects.get().library is not None


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "books", "GET, POST, HEAD"),
        ("PATCH", "books", "GET, POST, HEAD"),
        ("OPTIONS", "books", "GET, POST, HEAD"),
        ("PUT", "books/{id}", "GET, PATCH, DELETE, HEAD"),
        ("POST", "books/{id}", "GET, PATCH, DELETE, HEAD"),
        ("POST", "books/{id}/author", "GET, HEAD"),
        ("PUT", "books/{id}/relationships/genres", "GET, POST, PATCH, DELETE, HEAD"),
        ("DELETE", "books/{id}/relationships/library", "GET, PATCH, HEAD"),
        ("POST", "genres", "GET, HEAD"),
        ("PATCH", "authors/{id}", "GET, DELETE, HEAD"),
    ],
)
def test_verbs_that_are_not_offered(wire, book, method, path, allow):
    answer = wire.request(method, path.format(id=book.pk), {})
    assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(answer.response.headers["Allow"].split(", ")) == set(allow.split(", "))


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("nowhere", (404, "RECORD_NOT_FOUND")),
        ("books/", (404, "RECORD_NOT_FOUND")),
        ("books/1/", (404, "RECORD_NOT_FOUND")),
        ("books/1/author/x/y", (404, "RECORD_NOT_FOUND")),
        ("", (404, "RECORD_NOT_FOUND")),
        ("%ff%fe", (404, "RECORD_NOT_FOUND")),
        ("crash", (500, "INTERNAL_SERVER_ERROR")),
    ],
)
def test_never_a_page_or_a_trace(wire, settings, debug, path, expected):
    settings.DEBUG = debug
    answer = wire.get(path)
    assert (answer.status, answer.error["code"]) == expected
    assert b"Traceback" not in answer.response.content


def test_a_crash_in_a_view_tells_nothing(wire, author, monkeypatch):
    def broken(*_):
        raise RuntimeError("the secret is 12345")

    monkeypatch.setattr("tests.library.views.BookViewSet.create_resource", broken)
    linkage = {"author": {"data": {"type": "authors", "id": str(author.pk)}}}
    body = {"data": {"type": "books", "attributes": {"title": "Ronia"}, "relationships": linkage}}
    answer = wire.post("books", body)
    assert (answer.status, answer.document["errors"]) == (
        500,
        [
            {
                "title": "Internal server error",
                "detail": "Something went wrong on our side; it has been recorded.",
                "code": "INTERNAL_SERVER_ERROR",
                "status": "500",
            }
        ],
    )


def test_a_host_that_is_not_ours(db):
    response = Client(headers={"host": "evil.example"}).get("/api/books")
    assert response.status_code == 400
    assert json.loads(response.content)["errors"][0]["code"] == "BAD_REQUEST"
    assert b"evil" not in response.content


def test_other_addresses_keep_their_own_pages(db):
    response = Client(headers={"host": HOST}).get("/nowhere")
    assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "Vary" not in response.headers


def nobody_there() -> psycopg.Error:
    with pytest.raises(psycopg.OperationalError) as refused:
        psycopg.connect("host=/nowhere")
    return refused.value


def caused_by(exception, cause):
    exception.__cause__ = cause
    return exception


@pytest.mark.parametrize(
    ("exception", "status", "code", "headers"),
    [
        # Nobody knows what became of it: nothing says "try again".
        (OperationalError("the connection is lost"), 503, "SERVICE_UNAVAILABLE", {}),
        (InterfaceError("connection already closed"), 503, "SERVICE_UNAVAILABLE", {}),
        (
            caused_by(OperationalError(), psycopg.errors.AdminShutdown()),
            503,
            "SERVICE_UNAVAILABLE",
            {},
        ),
        (
            caused_by(OperationalError(), nobody_there()),
            503,
            "SERVICE_UNAVAILABLE",
            {"Retry-After": "1"},
        ),
        (
            caused_by(OperationalError(), psycopg.errors.LockNotAvailable()),
            503,
            "SERVICE_UNAVAILABLE",
            {"Retry-After": "1"},
        ),
        (
            caused_by(OperationalError(), psycopg.errors.QueryCanceled()),
            503,
            "SERVICE_UNAVAILABLE",
            {"Retry-After": "1"},
        ),
        (caused_by(IntegrityError(), psycopg.errors.UniqueViolation()), 409, "CONFLICT", {}),
        (caused_by(IntegrityError(), psycopg.errors.ForeignKeyViolation()), 409, "CONFLICT", {}),
        (drf.Throttled(wait=1.2), 429, "THROTTLED", {"Retry-After": "2"}),
        (drf.NotAuthenticated(), 401, "INVALID_TOKEN", {}),
        (drf.AuthenticationFailed(), 401, "INVALID_TOKEN", {}),
        (drf.PermissionDenied(), 403, "UNAUTHORIZED", {}),
        (PermissionDenied(), 403, "UNAUTHORIZED", {}),
        (drf.NotFound(), 404, "RECORD_NOT_FOUND", {}),
        (Http404(), 404, "RECORD_NOT_FOUND", {}),
        (drf.MethodNotAllowed("PUT"), 405, "METHOD_NOT_ALLOWED", {}),
        (drf.NotAcceptable(), 406, "NOT_ACCEPTABLE", {}),
        (drf.UnsupportedMediaType("x"), 415, "UNSUPPORTED_MEDIA_TYPE", {}),
        (drf.ParseError(), 400, "BAD_REQUEST", {}),
        (drf.ValidationError({"x": ["y"]}), 400, "BAD_REQUEST", {}),
        (drf.APIException(), 500, "INTERNAL_SERVER_ERROR", {}),
        (SuspiciousOperation(), 400, "BAD_REQUEST", {}),
        (NotFound("books", "7"), 404, "RECORD_NOT_FOUND", {}),
        (InUse("books", "because"), 423, "LOCKED", {}),
        (Conflict("title", "has already been taken"), 409, "CONFLICT", {}),
        (Invalid("title", "taken", "has already been taken"), 422, "VALIDATION_ERROR", {}),
        (Invalid(OPERATION, "invalid_transition", "is not possible"), 422, "VALIDATION_ERROR", {}),
    ],
    ids=repr,
)
def test_every_exception_has_one_wording(exception, status, code, headers):
    rejection = rejection_for(exception, Context(declaration_of(BookSerializer)))
    assert rejection is not None
    assert (rejection.status, rejection.errors[0].code, rejection.headers) == (status, code, headers)
    assert rejection.errors[0].title
    assert rejection.errors[0].detail


@pytest.mark.parametrize(
    "exception",
    [
        RuntimeError(),
        KeyError(),
        caused_by(IntegrityError(), psycopg.errors.CheckViolation()),
        IntegrityError(),
    ],
    ids=repr,
)
def test_a_bug_is_no_answer(exception):
    assert rejection_for(exception, Context()) is None


@pytest.mark.parametrize(
    ("attributes", "about"),
    [
        ({"_shelve": True, "title": "x"}, "_shelve"),
        ({"_shelve": False, "_add_pages": 0}, "_add_pages"),
        ({"_shelve": "false", "_add_pages": "0"}, "_add_pages"),
        ({"_shelve": None, "title": "x"}, "base"),
    ],
)
def test_a_refused_operation_is_about_the_trigger_that_was_pulled(attributes, about):
    context = Context(declaration_of(BookSerializer), ResourceBody(attributes, {}))
    rejection = rejection_for(Invalid(OPERATION, "invalid_transition", "is not possible"), context)
    assert rejection is not None
    assert rejection.errors[0].detail == f"{about} - is not possible"
    place = "/data" if about == "base" else f"/data/attributes/{about}"
    assert rejection.errors[0].source == {"pointer": place}


def test_what_does_not_exist_is_pointed_at_where_an_attribute_named_it():
    context = Context(declaration_of(BookSerializer), ResourceBody({"_branch_id": "7"}, {}))
    rejection = rejection_for(NotFound("libraries", "7"), context)
    assert rejection is not None
    assert rejection.errors[0].source == {"pointer": "/data/attributes/_branch_id"}


def test_a_sensitive_value_is_never_shown_again():
    context = Context(declaration_of(BookSerializer), ResourceBody({"isbn": "978-secret"}, {}))
    rejection = rejection_for(Invalid("isbn", "taken", "has already been taken", value="978-secret"), context)
    assert rejection is not None
    assert "secret" not in repr(rejection.errors)


def test_a_refusal_without_a_wording_is_a_bug():
    with pytest.raises(TypeError, match="has no wording"):
        rejection_for(Refusal("new"), Context())


def test_the_database_failing_in_a_request(wire, book, monkeypatch):
    def unavailable(*_):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("tests.library.views.BookViewSet.update_resource", unavailable)
    answer = wire.patch(f"books/{book.pk}", {"data": {"type": "books", "id": str(book.pk)}})
    assert (answer.status, answer.error["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.error["detail"].startswith("The database did not answer: this may have been done or not.")
    assert "Retry-After" not in answer.response.headers


def test_different_statuses_are_answered_by_their_class():
    mixed = Rejection(error("PARAM_MISSING", "a"), error("CONFLICT", "b"))
    assert mixed.status == 400
    assert Rejection(error("PARAM_MISSING", "a"), error("SERVICE_UNAVAILABLE", "b")).status == 500


def test_the_net_words_every_status_with_a_known_code():
    for status, (code, _) in CODES.items():
        assert STATUS_AND_TITLE[code][0] == status


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (5, 5),
        (True, True),
        (1.5, 1.5),
        ("text", "text"),
        ("x" * 256, None),
        ("NUL\0", None),
        (10**30, None),
        ({"a": 1}, None),
        ([1], None),
    ],
)
def test_what_is_shown_of_a_refused_value(value, shown):
    assert echo(value) == shown


def test_the_media_type_of_errors(wire):
    assert wire.get("nowhere").response.headers["Content-Type"] == MEDIA_TYPE
