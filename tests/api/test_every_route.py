"""What JSON:API asks of every request, asked of every route and verb that there is."""

import pytest

from tests.api.conftest import MEDIA_TYPE, ROOT
from tests.library.models import Author, Book

GENRES: dict[str, list[dict[str, str]]] = {"data": []}
ROUTES = {
    "list": ("GET", "books", None),
    "create": ("POST", "books", "new"),
    "retrieve": ("GET", "books/{book}", None),
    "update": ("PATCH", "books/{book}", "changed"),
    "delete": ("DELETE", "books/{book}", None),
    "related to-one": ("GET", "books/{book}/author", None),
    "related to-many": ("GET", "books/{book}/genres", None),
    "linkage of a to-one": ("GET", "books/{book}/relationships/library", None),
    "linkage of a to-many": ("GET", "books/{book}/relationships/genres", None),
    "change a to-one": ("PATCH", "books/{book}/relationships/library", {"data": None}),
    "replace a to-many": ("PATCH", "books/{book}/relationships/genres", GENRES),
    "add to a to-many": ("POST", "books/{book}/relationships/genres", GENRES),
    "remove from a to-many": ("DELETE", "books/{book}/relationships/genres", GENRES),
}
LISTS = {"list", "related to-many", "linkage of a to-many"}
LINKAGE = {name for name, (_, path, _) in ROUTES.items() if "relationships" in path}
WITH_BODY = {name for name, (_, _, body) in ROUTES.items() if body is not None}
UNKNOWN_PROFILE = f'{MEDIA_TYPE};profile="https://example.com/unknown"'

every_route = pytest.mark.parametrize("route", ROUTES)


@pytest.fixture
def ask(wire, book):
    """Makes the request of a route, with a query and headers of the test's choice."""
    data = {"type": "books", "attributes": {"title": "Emil"}}
    author = {"author": {"data": {"type": "authors", "id": str(book.author_id)}}}
    bodies = {
        "new": {"data": {**data, "relationships": author}},
        "changed": {"data": {**data, "id": str(book.pk)}},
    }

    def answer(route, query="", *, method=None, **headers):
        usual, path, body = ROUTES[route]
        address = path.format(book=book.pk) + (f"?{query}" if query else "")
        sent = bodies.get(body, body) if isinstance(body, str) else body
        return wire.request(method or usual, address, sent, **headers)

    return answer


@pytest.fixture
def unchanged(book):
    def state():
        books = list(Book.objects.order_by("pk").values())
        return books, list(book.genres.order_by("pk").values()), Author.objects.count()

    before = state()
    return lambda: state() == before


@every_route
def test_it_works(ask, route):
    """The control of all that follows: each request is a good one but for the one thing."""
    answer = ask(route)
    assert answer.status == {"create": 201, "delete": 204}.get(route, 200)
    if answer.status != 204:
        assert answer.document["links"]["self"].startswith(f"{ROOT}/books")


@every_route
def test_a_profile_that_nobody_knows_is_passed_over(ask, route):
    answer = ask(route, accept=UNKNOWN_PROFILE, content_type=UNKNOWN_PROFILE)
    assert answer.status < 300
    assert answer.response.headers["Content-Type"] == MEDIA_TYPE


@every_route
@pytest.mark.parametrize("accept", [f"{MEDIA_TYPE};charset=utf-8", f'{MEDIA_TYPE};ext="https://x.example"'])
def test_what_can_not_be_answered_is_406(ask, unchanged, route, accept):
    answer = ask(route, accept=accept)
    assert (answer.status, answer.error["code"]) == (406, "NOT_ACCEPTABLE")
    assert answer.error["source"] == {"header": "Accept"}
    assert unchanged()


@every_route
@pytest.mark.parametrize("sent", [f"{MEDIA_TYPE};charset=utf-8", f'{MEDIA_TYPE};ext="https://x.example"'])
def test_what_can_not_be_read_is_415(ask, unchanged, route, sent):
    answer = ask(route, content_type=sent)
    assert (answer.status, answer.error["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert answer.error["source"] == {"header": "Content-Type"}
    assert unchanged()


@pytest.mark.parametrize("route", sorted(WITH_BODY))
@pytest.mark.parametrize("sent", ["application/json", "text/plain", ""])
def test_a_body_of_another_kind_is_415(ask, unchanged, route, sent):
    assert ask(route, content_type=sent).status == 415
    assert unchanged()


@every_route
@pytest.mark.parametrize(
    ("query", "code", "parameter"),
    [
        ("unknown=1", "PARAM_NOT_ALLOWED", "unknown"),
        ("unknown[x]=1", "PARAM_NOT_ALLOWED", "unknown[x]"),
        ("fields=title", "INVALID_FIELD", "fields"),
        ("fields[]=title", "INVALID_FIELD", "fields[]"),
        ("fields[nothing]=title", "INVALID_FIELD", "fields[nothing]"),
        ("fields[books]=nothing", "INVALID_FIELD", "fields[books]"),
        ("fields[books]=title&fields[books]=isbn", "INVALID_FIELD", "fields[books]"),
        ("include=nothing", "INVALID_INCLUDE", "include"),
        ("include=author&include=library", "INVALID_INCLUDE", "include"),
        ("sort=nothing", "INVALID_SORT_CRITERIA", "sort"),
        ("sort=id&sort=-id", "INVALID_SORT_CRITERIA", "sort"),
        ("page=1", "INVALID_PAGE_OBJECT", "page"),
        ("page[unknown]=1", "INVALID_PAGE_OBJECT", "page[unknown]"),
        ("filter=x", None, "filter"),
        ("filter[q][nothing_eq]=x", "FILTER_NOT_ALLOWED", "filter[q][nothing_eq]"),
    ],
)
def test_what_is_not_understood_of_the_query_is_400(ask, unchanged, route, query, code, parameter):
    answer = ask(route, query)
    assert answer.status == 400
    assert answer.error["source"] == {"parameter": parameter}
    assert code in {answer.error["code"], None}
    assert unchanged()


@pytest.mark.parametrize("route", sorted(ROUTES.keys() - LISTS))
@pytest.mark.parametrize("query", ["sort=id", "page[size]=5", "page[number]=1", "filter[q][id_null]=false"])
def test_what_belongs_to_lists_is_400_elsewhere(ask, unchanged, route, query):
    answer = ask(route, query)
    assert (answer.status, answer.error["source"]) == (400, {"parameter": query.partition("=")[0]})
    assert unchanged()


@pytest.mark.parametrize("route", sorted(LISTS))
def test_a_lists_parameters(ask, route):
    answer = ask(route, "sort=-id&page[size]=5&page[number]=1&filter[q][id_null]=false")
    assert answer.status == 200
    assert answer.document["meta"] == {"record_count": 1, "page_count": 1}


@pytest.mark.parametrize("route", sorted(LINKAGE))
def test_linkage_includes_nothing(ask, unchanged, route):
    answer = ask(route, "include=books")
    assert (answer.status, answer.error["code"]) == (400, "INVALID_INCLUDE")
    assert unchanged()


@pytest.mark.parametrize("route", sorted(ROUTES.keys() - LINKAGE - {"delete"}))
def test_an_empty_include_is_answered_by_an_empty_list(ask, route):
    assert ask(route, "include=").document["included"] == []


@pytest.mark.parametrize("route", [name for name, (method, _, _) in ROUTES.items() if method == "GET"])
def test_head_is_get_without_the_body(ask, route):
    got, headed = ask(route), ask(route, method="HEAD")
    assert (headed.status, headed.response.content) == (200, b"")
    assert headed.response.headers["Content-Type"] == got.response.headers["Content-Type"]


@pytest.mark.parametrize(
    ("route", "allowed"),
    [
        ("list", "GET, HEAD, POST"),
        ("retrieve", "DELETE, GET, HEAD, PATCH"),
        ("related to-one", "GET, HEAD"),
        ("related to-many", "GET, HEAD"),
        ("linkage of a to-one", "GET, HEAD, PATCH"),
        ("linkage of a to-many", "DELETE, GET, HEAD, PATCH, POST"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "TRACE"])
def test_other_methods_are_405(ask, unchanged, route, method, allowed):
    answer = ask(route, method=method)
    assert (answer.status, answer.error["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert ", ".join(sorted(answer.response.headers["Allow"].split(", "))) == allowed
    assert unchanged()


@pytest.mark.parametrize("method", ["PUT", "OPTIONS"])
@pytest.mark.parametrize("sent", ["application/json", ""])
def test_that_holds_whatever_kind_of_body_they_send(ask, unchanged, method, sent):
    assert ask("retrieve", method=method, content_type=sent).status == 405
    assert ask("linkage of a to-one", method="POST", content_type=sent).status == 405
    assert unchanged()


@every_route
def test_without_a_token_it_is_401(as_, book, unchanged, route):
    method, path, _ = ROUTES[route]
    answer = as_("").request(method, path.format(book=book.pk), {"data": None})
    assert (answer.status, answer.error["code"]) == (401, "INVALID_TOKEN")
    assert unchanged()


@pytest.mark.parametrize("route", sorted(WITH_BODY))
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"meta": {}}', b"\xff", b'{"data": "\\ud800"}'])
def test_what_is_no_document_is_400(wire, book, unchanged, route, body):
    method, path, _ = ROUTES[route]
    answer = wire.request(method, path.format(book=book.pk), body)
    assert answer.status == 400
    assert unchanged()
