"""A write that comes with an `Idempotency-Key` is done once, and whoever repeats it is told how it ended."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from api import idempotency
from api.exceptions import Context, rejection_for
from api.models import IdempotencyKey, StoredResponse
from kernel.keys import uuid7
from tests.api.conftest import MEDIA_TYPE, ROOT, Wire
from tests.fixtures.locks import until_someone_waits_for_us
from tests.library.models import Author, Book, Library
from tests.library.views import AuthorViewSet, BookViewSet

KEY = "b2c1f0de-checkout-17"
NAMED = {"name": "Tove Jansson", "email": "tove@example.com"}


def an_author(**attributes):
    return {"data": {"type": "authors", "attributes": NAMED | attributes}}


def make_author(wire, key=KEY, *, path="authors", **attributes):
    return wire.post(path, an_author(**attributes), idempotency_key=key)


def rename(book, title):
    return {"data": {"type": "books", "id": str(book.pk), "attributes": {"title": title}}}


def linkage(*resources):
    return {"data": [{"type": "genres", "id": str(resource.pk)} for resource in resources]}


WRITES = {
    "create": ("POST", "books", "title"),
    "update": ("PATCH", "books/{book}", "title"),
    "change a to-one": ("PATCH", "books/{book}/relationships/library", {"data": None}),
    "replace a to-many": ("PATCH", "books/{book}/relationships/genres", {"data": []}),
    "add to a to-many": ("POST", "books/{book}/relationships/genres", {"data": []}),
}


@pytest.fixture
def ask(wire, book):
    """Makes a good request of one of WRITES, with headers of the test's choice."""
    author = {"author": {"data": {"type": "authors", "id": str(book.author_id)}}}
    new = {"data": {"type": "books", "attributes": {"title": "Emil"}, "relationships": author}}

    def answer(write, **headers):
        method, path, body = WRITES[write]
        sent = {"POST": new, "PATCH": rename(book, "Emil")}[method] if body == "title" else body
        return wire.request(method, path.format(book=book.pk), sent, **headers)

    return answer


@pytest.fixture
def effects(monkeypatch):
    """The names of the hooks that have been called, in their order."""
    called = []

    def counted(name):
        usual = getattr(BookViewSet, name)

        def hook(*args, **kwargs):
            called.append(name)
            return usual(*args, **kwargs)

        monkeypatch.setattr(BookViewSet, name, hook)

    for name in ("create_resource", "update_resource", "change_members"):
        counted(name)
    return called


@pytest.mark.parametrize("write", WRITES)
def test_every_write_is_done_once_and_answered_again(ask, effects, write):
    first, *retries = [ask(write, idempotency_key=KEY) for _ in range(3)]

    assert first.status == {"create": 201}.get(write, 200)
    assert "Idempotency-Replayed" not in first.response.headers
    assert len(effects) == 1
    for retry in retries:
        assert (retry.status, retry.response.content) == (first.status, first.response.content)
        assert retry.response.headers["Idempotency-Replayed"] == "true"
        assert retry.response.headers.get("Location") == first.response.headers.get("Location")
        assert retry.response.headers["Content-Type"] == first.response.headers["Content-Type"]


@pytest.mark.parametrize("write", WRITES)
def test_another_key_or_none_is_another_request(ask, effects, write):
    for headers in ({}, {}, {"idempotency_key": "one"}, {"idempotency_key": "two"}):
        ask(write, **headers)

    assert len(effects) == 4


@pytest.mark.parametrize(
    ("headers", "before", "after"),
    [
        ({}, [], []),
        ({"idempotency_key": KEY}, ["SAVEPOINT", "SELECT"], ["WITH", "RELEASE"]),
    ],
    ids=["without a key", "with one"],
)
def test_a_key_costs_a_transaction_and_two_statements_and_none_costs_nothing(wire, headers, before, after):
    with CaptureQueriesContext(connection) as captured:
        assert wire.post("authors", an_author(), **headers).status == 201

    statements = [query["sql"].split()[0] for query in captured.captured_queries]
    assert statements == [*before, "SAVEPOINT", "INSERT", "RELEASE", "SELECT", "SELECT", *after]


def test_the_answer_is_that_of_the_first_whatever_has_changed_since(wire, book):
    first = wire.patch(f"books/{book.pk}", rename(book, "First"), idempotency_key="first")
    wire.patch(f"books/{book.pk}", rename(book, "Second"), idempotency_key="second")

    again = wire.patch(f"books/{book.pk}", rename(book, "First"), idempotency_key="first")

    assert again.response.content == first.response.content
    assert Book.objects.get().title == "Second"


def test_a_created_resource_that_is_gone_is_not_created_again(wire):
    first = make_author(wire)
    wire.delete(f"authors/{first.document['data']['id']}", idempotency_key=KEY)

    assert make_author(wire).response.content == first.response.content
    assert not Author.objects.exists()


def test_reading_and_deleting_pass_over_the_key(wire, author):
    for key in (KEY, KEY, "x" * 300):
        assert wire.get("authors", idempotency_key=key).status == 200
    assert wire.delete(f"authors/{author.pk}", idempotency_key="x" * 300).status == 204
    assert not IdempotencyKey.objects.exists()


# A key is one request's.


@pytest.mark.parametrize(
    "other",
    [
        lambda wire: make_author(wire, name="Somebody else"),
        lambda wire: make_author(wire, path="authors?fields[authors]=name"),
        lambda wire: make_author(wire, unknown_attribute=1),
        lambda wire: wire.post("authors", b"no JSON", idempotency_key=KEY),
        lambda wire: wire.post("books", an_author(), idempotency_key=KEY),
        lambda wire: wire.patch(f"books/{Book.objects.get().pk}", an_author(), idempotency_key=KEY),
    ],
    ids=["values", "query", "a mistake", "no document", "address", "method"],
)
def test_the_same_key_for_another_request_is_refused(wire, book, other):
    assert make_author(wire).status == 201
    authors = Author.objects.count()

    answer = other(wire)

    assert (answer.status, answer.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert answer.error["source"] == {"header": "Idempotency-Key"}
    assert "POST /api/authors" in answer.error["detail"]
    assert Author.objects.count() == authors


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "tab\there", "ümlaut", "\x7f", "zero\x00", "٣"])
@pytest.mark.parametrize("write", WRITES)
def test_a_malformed_key_is_refused(ask, effects, write, key):
    answer = ask(write, idempotency_key=key)

    assert (answer.status, answer.error["code"]) == (400, "INVALID_IDEMPOTENCY_KEY")
    assert answer.error["source"] == {"header": "Idempotency-Key"}
    assert effects == []


@pytest.mark.parametrize("key", ["x", "x" * 255, '"quoted"', "with spaces and ~!", "'; DROP TABLE keys; --"])
def test_any_printable_text_is_a_key(wire, key):
    first, again = make_author(wire, key), make_author(wire, f" {key} ")

    assert (first.status, again.response.content) == (201, first.response.content)
    assert IdempotencyKey.objects.get().key == key


# What was refused has not been done.


@pytest.mark.parametrize(
    ("mistake", "status"),
    [({"name": None}, 422), ({"nonsense": 1}, 400), ({"email": "astrid@example.com"}, 409)],
)
def test_after_a_refusal_the_key_is_free_for_the_corrected_request(wire, author, mistake, status):
    assert make_author(wire, **mistake).status == status
    assert not IdempotencyKey.objects.exists()

    corrected = make_author(wire)

    assert corrected.status == 201
    assert "Idempotency-Replayed" not in corrected.response.headers
    assert make_author(wire).response.headers["Idempotency-Replayed"] == "true"


def test_what_was_done_before_a_bug_is_undone_and_the_key_is_free(wire, monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("a bug, when all is written")

    with monkeypatch.context() as patch:
        patch.setattr(AuthorViewSet, "_resource", broken)
        assert make_author(wire).status == 500
    assert not Author.objects.exists()

    assert make_author(wire).status == 201


def test_what_is_refused_while_reading_the_answer_is_undone(wire, book, school):
    """The book leaves the caller's reach by his own request: 404, as ever, and now it has not been done."""
    as_school = Wire("school")
    Book.objects.update(library=school)
    city = {"data": {"type": "libraries", "id": str(Library.objects.exclude(pk=school.pk).get().pk)}}

    answer = as_school.patch(f"books/{book.pk}/relationships/library", city, idempotency_key=KEY)

    assert answer.status == 404
    assert Book.objects.get().library == school


# Whose key it is.


def test_an_applications_keys_may_rotate_between_a_request_and_its_retry(wire, as_):
    first = make_author(wire)

    assert make_author(as_("publisher")).response.content == first.response.content


@pytest.mark.parametrize("other", ["neighbour", "stranger"], ids=["application", "mode"])
def test_the_same_key_of_another_is_another_key(wire, as_, other):
    first = make_author(wire, email=None)
    second = make_author(as_(other), email=None)

    assert (first.status, second.status) == (201, 201)
    assert "Idempotency-Replayed" not in second.response.headers
    assert Author.objects.count() == 2


def test_who_lost_the_right_to_write_is_not_answered_again(wire, as_):
    make_author(wire)

    assert make_author(as_("visitor")).error["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize(
    ("first", "second"), [("publisher", "librarian"), ("librarian", "school")], ids=["scope", "market"]
)
def test_an_answer_is_not_shown_to_who_may_see_less(as_, author, first, second):
    attributes = {"title": "Ronia", "isbn": "978-0142407752"}
    link = {"author": {"data": {"type": "authors", "id": str(author.pk)}}}
    body = {"data": {"type": "books", "attributes": attributes, "relationships": link}}
    made = as_(first).post("books", body, idempotency_key=KEY)

    answer = as_(second).post("books", body, idempotency_key=KEY)

    assert_names_what_was_made(answer, made)
    assert "978-0" not in answer.response.content.decode()
    assert Book.objects.count() == 1


def test_who_may_see_more_is_shown_what_the_first_was_shown(as_, author):
    attributes = {"title": "Ronia", "isbn": "978-0142407752"}
    link = {"author": {"data": {"type": "authors", "id": str(author.pk)}}}
    body = {"data": {"type": "books", "attributes": attributes, "relationships": link}}
    first = as_("school").post("books", body, idempotency_key=KEY)

    assert (
        as_("publisher").post("books", body, idempotency_key=KEY).response.content == first.response.content
    )


def assert_names_what_was_made(answer, made, resource_type=None):
    data = made.document["data"]
    assert (answer.status, answer.error["code"]) == (409, "IDEMPOTENT_ANSWER_GONE")
    resource = {"type": resource_type or data["type"], "id": data["id"]}
    assert answer.error["meta"] == {"resource": resource, "status": made.status}
    assert f"{resource['type']} {resource['id']}" in answer.error["detail"]
    assert answer.error["source"] == {"header": "Idempotency-Key"}


# The answer is kept for a while, the key for ever.


def test_a_retry_after_pruning_is_told_what_the_first_request_made(wire):
    made = make_author(wire)
    StoredResponse.objects.all().delete()

    for _ in range(2):
        assert_names_what_was_made(make_author(wire), made)
    assert Author.objects.count() == 1
    assert make_author(wire, name="Another").error["code"] == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize("write", ["update", "change a to-one", "add to a to-many"])
def test_after_pruning_a_change_names_what_it_changed(ask, book, effects, write):
    ask(write, idempotency_key=KEY)
    StoredResponse.objects.all().delete()

    answer = ask(write, idempotency_key=KEY)

    assert answer.error["meta"] == {"resource": {"type": "books", "id": str(book.pk)}, "status": 200}
    assert len(effects) == 1


def test_an_answer_whose_key_is_gone_can_not_be_shown_again(wire, settings):
    made = make_author(wire)
    settings.GIFTCARDS_CODE_KEYS = {9: b"n" * 32}

    assert_names_what_was_made(make_author(wire), made)
    assert Author.objects.count() == 1


def test_an_answer_is_read_with_the_key_that_sealed_it(wire, settings):
    made = make_author(wire)
    settings.GIFTCARDS_CODE_KEYS = {**settings.GIFTCARDS_CODE_KEYS, 9: b"n" * 32}

    assert make_author(wire).response.content == made.response.content
    assert make_author(wire, name="Another").error["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_an_answer_that_was_put_in_anothers_place_is_not_shown(wire):
    made = make_author(wire)
    make_author(wire, "another", name="Another", email="another@example.com")
    another = StoredResponse.objects.get(idempotency_key__key="another").ciphertext
    StoredResponse.objects.filter(idempotency_key__key=KEY).update(ciphertext=another)

    assert_names_what_was_made(make_author(wire), made)


def test_the_database_holds_nothing_of_what_was_sent_and_answered_in_the_clear(as_, author):
    link = {"author": {"data": {"type": "authors", "id": str(author.pk)}}}
    attributes = {"title": "Ronia", "isbn": "978-0142407752"}
    body = {"data": {"type": "books", "attributes": attributes, "relationships": link}}
    made = as_("publisher").post("books?fields[books]=isbn", body, idempotency_key=KEY)
    assert made.document["data"]["attributes"] == {"isbn": "978-0142407752"}

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k::text || encode(r.ciphertext, 'escape') || encode(k.request_digest, 'escape')"
            " FROM api_idempotencykey k JOIN api_storedresponse r ON r.idempotency_key_id = k.id"
        )
        ((row,),) = cursor.fetchall()
    assert "/api/books" in row
    assert "978-0" not in row
    assert "fields" not in row


# While the first is under way, and when nobody knows what became of it.


@contextmanager
def held(key, *, application="00000000-0000-7000-8000-0000000000a1", mode="test"):
    """What another process holds while its request with this key is under way."""
    database = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=database) as other:
        scope = f"idempotency.{mode}.{application}.{key}"
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [scope])
        yield


def test_while_the_first_is_under_way_others_are_told_to_come_back(wire):
    with held(KEY):
        answer = make_author(wire)
        other_key = make_author(wire, "another", email=None)

    assert (answer.status, answer.error["code"]) == (409, "IDEMPOTENCY_KEY_IN_USE")
    assert answer.response.headers["Retry-After"] == "1"
    assert other_key.status == 201
    assert make_author(wire).status == 201


def test_what_is_done_is_answered_although_somebody_else_is_asking(wire, monkeypatch):
    first = make_author(wire)
    locks = idempotency.lock_and_look
    monkeypatch.setattr(idempotency, "lock_and_look", lambda *asked: locks(*asked)._replace(locked=False))

    assert make_author(wire).response.content == first.response.content


def is_known_after_a_wait(look):
    """What a statement finds that begins, waits, and looks when somebody else has committed the key."""
    waiting = "SELECT is_known FROM (SELECT pg_advisory_xact_lock(7)::text AS waited OFFSET 0) AS w, LATERAL"

    def ask():
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"{waiting} {look}", {"application": application})
                return cursor.fetchone()[0]
        finally:
            connection.close()

    application = uuid7()
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7)")
            asking = threads.submit(ask)
            until_someone_waits_for_us()
            IdempotencyKey.objects.create(
                mode="test",
                application_id=application,
                key=KEY,
                request_digest=b"",
                key_version=1,
                status=200,
                resource_id=application,
            )
        return asking.result()


UNDER_LOCK = f"api_idempotency_key_under_lock('any' || waited, 'test', %(application)s, '{KEY}')"
IN_ONE_STATEMENT = """(SELECT EXISTS (
    SELECT FROM api_idempotencykey WHERE application_id::text = %(application)s::uuid || waited
) AS is_known) AS looked"""


@pytest.mark.django_db(transaction=True)
def test_the_look_up_sees_what_was_committed_after_its_statement_began():
    assert is_known_after_a_wait(UNDER_LOCK)


@pytest.mark.django_db(transaction=True)
def test_a_look_up_that_is_part_of_the_statement_would_not():
    assert not is_known_after_a_wait(IN_ONE_STATEMENT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("committed", [True, False])
def test_when_the_answer_to_commit_is_lost_a_retry_finds_out(monkeypatch, committed):
    def lost():
        if committed:
            connections["default"].connection.commit()
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patch:
        patch.setattr(connections["default"], "_commit", lost)
        answer = make_author(Wire())
    again = make_author(Wire())

    assert (answer.status, answer.error["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert "Retry with the same key" in answer.error["detail"]
    assert "Retry-After" not in answer.response.headers
    assert again.status == 201
    assert ("Idempotency-Replayed" in again.response.headers) is committed
    assert Author.objects.count() == 1


@pytest.mark.parametrize(
    ("has_key", "advice"), [(True, "Retry with the same key"), (False, "Read the resource before you repeat")]
)
def test_only_who_sent_a_key_is_told_to_retry_with_it(has_key, advice):
    rejection = rejection_for(OperationalError("the connection is lost"), Context(has_key=has_key))

    assert rejection is not None
    assert (rejection.status, rejection.headers) == (503, {})
    assert advice in str(rejection)


def test_an_answer_by_a_profile_is_repeated_by_it(wire, book):
    """The media type is part of the answer."""
    profile = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"
    accept = f'{MEDIA_TYPE};profile="{profile}"'
    path = f"books/{book.pk}/relationships/genres"
    first = wire.patch(path, {"data": []}, idempotency_key=KEY, accept=accept)

    again = wire.patch(path, {"data": []}, idempotency_key=KEY)

    assert again.response.headers["Content-Type"] == first.response.headers["Content-Type"]
    assert again.document == first.document
    assert first.document["links"]["self"] == f"{ROOT}/{path}"
