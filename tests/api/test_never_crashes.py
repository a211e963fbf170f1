"""Whatever is sent, the answer is a JSON:API document and no crash."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import MEDIA_TYPE

NAMES = st.sampled_from(
    [
        "title",
        "isbn",
        "pages",
        "lendable",
        "homepage",
        "due_at",
        "metadata",
        "_shelve",
        "_add_pages",
        "author",
    ]
) | st.text(max_size=5)
KINDS = st.sampled_from(["books", "authors", "genres", "libraries"]) | st.text(max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
IDENTIFIERS = st.fixed_dictionaries({}, optional={"type": KINDS | JSON, "id": JSON})
RELATIONSHIPS = st.dictionaries(
    st.sampled_from(["author", "library", "genres"]) | st.text(max_size=3),
    st.fixed_dictionaries({}, optional={"data": IDENTIFIERS | st.lists(IDENTIFIERS, max_size=2) | JSON})
    | JSON,
    max_size=3,
)
ATTRIBUTES = st.dictionaries(NAMES, JSON, max_size=4) | JSON
DOCUMENTS = st.fixed_dictionaries(
    {
        "data": st.fixed_dictionaries(
            {"type": st.just("books")}, optional={"attributes": ATTRIBUTES, "relationships": RELATIONSHIPS}
        )
        | JSON
    }
)
KEYS = st.sampled_from(
    [
        *("include", "sort", "fields[books]", "fields[authors]", "page[size]", "page[number]", "page[x]"),
        *("filter[q][title_eq]", "filter[q][pages_in]", "filter[q][due_at_lt]", "filter[q][metadata_jcont]"),
        *("filter[q][author_name_or_title_cont]", "filter[q][library_id_null]", "filter[q][isbn_eq]"),
    ]
) | st.text(max_size=8)
VALUES = (
    st.sampled_from(["author", "author.books", "-title,pages", "title", "2", "true", "2026-11-21", "{}"])
    | st.text()
)

anything_goes = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def is_an_answer(answer):
    assert answer.status < 500, answer.document
    assert answer.response.headers["Content-Type"] == MEDIA_TYPE
    document = answer.document
    assert ("errors" in document) is (answer.status >= 400)
    return True


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@anything_goes
@given(document=DOCUMENTS | JSON)
def test_documents(wire, book, method, document):
    path = "books"
    if method == "PATCH":
        path = f"books/{book.pk}"
        if isinstance(document, dict) and isinstance(document.get("data"), dict):
            document["data"].setdefault("id", str(book.pk))
    assert is_an_answer(wire.request(method, path, document))


@anything_goes
@given(body=st.binary(max_size=200))
def test_bytes(wire, db, body):
    assert is_an_answer(wire.post("books", body))


@anything_goes
@given(parameters=st.lists(st.tuples(KEYS, VALUES), max_size=3))
def test_query_strings(wire, book, parameters):
    query = "&".join(f"{quote(key)}={quote(value)}" for key, value in parameters)
    assert is_an_answer(wire.get(f"books?{query}"))


@anything_goes
@given(
    segments=st.lists(
        st.sampled_from(["books", "author", "relationships", "delete", ".."]) | st.text(), max_size=4
    )
)
def test_addresses(wire, db, segments):
    assert is_an_answer(wire.get("/".join(quote(each, safe="") for each in segments)))
