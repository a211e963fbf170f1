"""The indexes for what a text contains, which a server may not have the means for."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)

A_SEARCH = "EXPLAIN SELECT * FROM giftcards_giftcard WHERE upper(reference::text) LIKE upper('%rder-4%')"


@pytest.fixture(autouse=True)
def _no_index_is_left() -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION IF EXISTS pg_trgm CASCADE")


def build() -> str:
    told = StringIO()
    call_command("build_search_indexes", stdout=told, stderr=StringIO())
    return told.getvalue()


def plan_of_a_search() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(A_SEARCH)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    return plan


def has_the_extension() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
        return bool(cursor.fetchone()[0])


@pytest.fixture
def _trigrams() -> None:
    if not has_the_extension():
        pytest.skip("this PostgreSQL comes without pg_trgm")


def test_a_server_without_the_extension_is_told_in_a_sentence() -> None:
    if has_the_extension():
        pytest.skip("this PostgreSQL comes with pg_trgm")
    with pytest.raises(CommandError, match="This PostgreSQL has no extension pg_trgm for us"):
        build()


@pytest.mark.usefixtures("_trigrams")
def test_a_search_is_served_by_an_index_once_it_is_built() -> None:
    assert "search_giftcards_giftcard_reference" not in plan_of_a_search()

    assert build() == "6 search indexes are complete.\n"

    assert "search_giftcards_giftcard_reference" in plan_of_a_search()


@pytest.mark.usefixtures("_trigrams")
def test_what_an_interruption_left_is_built_anew() -> None:
    build()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false "
            "WHERE indexrelid = 'search_giftcards_giftcard_reference'::regclass"
        )

    assert build() == "6 search indexes are complete.\n"

    assert "search_giftcards_giftcard_reference" in plan_of_a_search()
