import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from tests.library.cast import CITY, SCHOOL
from tests.library.models import Author, Book, Genre, Library

MEDIA_TYPE = "application/vnd.api+json"
HOST = "books.example"
ROOT = f"http://{HOST}/api"


@pytest.fixture(autouse=True)
def _library_service(settings):
    """The wire alone: the example's addresses, and no middleware but the wire's own and Django's plainest."""
    settings.ROOT_URLCONF = "tests.library.urls"
    settings.MIDDLEWARE = [
        "api.middleware.JsonApiMiddleware",
        "api.middleware.RateLimitMiddleware",
        "django.middleware.common.CommonMiddleware",
    ]
    settings.ALLOWED_HOSTS = [HOST]


@dataclass
class Answer:
    response: Any

    @property
    def status(self) -> int:
        return int(self.response.status_code)

    @property
    def document(self) -> Any:
        assert self.response.headers["Content-Type"].partition(";")[0] == MEDIA_TYPE
        return json.loads(self.response.content)

    @property
    def errors(self) -> list[dict[str, Any]]:
        return list(self.document["errors"])

    @property
    def error(self) -> dict[str, Any]:
        (error,) = self.errors
        return error


@dataclass
class Wire:
    """Speaks to the example service as one of the cast, the way the contract's clients do."""

    token: str = "librarian"

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        client = Client(raise_request_exception=False, headers={"host": HOST})
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"accept": MEDIA_TYPE, "authorization": f"Bearer {self.token}", **headers}
        if not self.token:
            del sent["authorization"]
        # As a header, because the test client forgets the content type of a request without a body.
        sent["content-type"] = sent.pop("content_type", MEDIA_TYPE)
        return Answer(client.generic(method, f"/api/{path}", content, headers=sent))

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.request("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Answer:
        return self.request("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.request("DELETE", path, **headers)


@pytest.fixture
def wire(db):
    return Wire()


@pytest.fixture
def as_(db):
    return Wire


@pytest.fixture
def author(db):
    return Author.objects.create(mode="test", name="Astrid Lindgren", email="astrid@example.com")


@pytest.fixture
def city(db):
    return Library.objects.create(pk=CITY, mode="test", name="City Library")


@pytest.fixture
def school(db):
    return Library.objects.create(pk=SCHOOL, mode="test", name="School Library")


@pytest.fixture
def genre(db):
    return Genre.objects.create(mode="test", name="children")


@pytest.fixture
def book(author, city, genre):
    book = Book.objects.create(
        mode="test", title="Ronia", isbn="978-0142407752", pages=192, author=author, library=city
    )
    book.genres.add(genre)
    return book
