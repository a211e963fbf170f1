"""Rows that are written by COPY are those that were meant, whatever is in them."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from kernel.clock import database_now
from kernel.constraints import violated_constraint
from kernel.copying import LostRowsError, NewRows, in_copy
from kernel.keys import uuid7
from tests.library.models import Author

pytestmark = pytest.mark.django_db

NASTY = "a\tb\nc\r\\N \\. %s {} \"'ü\u2028"


def names() -> list[str]:
    return list(Author.objects.order_by("pk").values_list("name", flat=True))


def some_authors(same: Mapping[str, Any], *rows: tuple[str, str]) -> NewRows:
    authors = NewRows(Author, same, ("id", "name"))
    for row in rows:
        authors.add(*row)
    return authors


def test_every_kind_of_value_comes_out_as_it_went_in():
    same = {
        "mode": "test",
        "reference": NASTY,
        "reference_origin": None,
        "metadata": {"a": NASTY, "b": [1, None, True]},
        "created_at": database_now(),
        "updated_at": database_now(),
    }

    some_authors(same, (str(uuid7()), in_copy(NASTY)), (str(uuid7()), in_copy(NASTY))).insert()

    assert names() == [NASTY, NASTY]
    author = Author.objects.all()[0]
    assert {name: getattr(author, name) for name in same} == same


@pytest.mark.parametrize(
    ("value", "text"), [(True, "t"), (False, "f"), (None, r"\N"), (b"\x00\xff", r"\\x00ff"), (12, "12")]
)
def test_values_as_copy_reads_them(value, text):
    assert in_copy(value) == text


def test_a_row_that_is_lost_on_the_way_is_noticed():
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.lose() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN IF NEW.name = ''b'' THEN RETURN NULL; END IF; RETURN NEW; END';"
            "CREATE TRIGGER lose BEFORE INSERT ON library_author FOR EACH ROW EXECUTE FUNCTION pg_temp.lose()"
        )
    now = database_now()
    same = {"mode": "test", "metadata": {}, "created_at": now, "updated_at": now}

    with pytest.raises(LostRowsError, match="Of 2 rows for library_author, 1 were taken"):
        some_authors(same, *((str(uuid7()), name) for name in "ab")).insert()


def test_what_a_constraint_refuses_is_an_integrity_error():
    key, now = str(uuid7()), database_now()
    same = {"mode": "test", "metadata": {}, "created_at": now, "updated_at": now}

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        some_authors(same, (key, "a"), (key, "b")).insert()

    assert violated_constraint(refused.value) == "library_author_pkey"
    assert names() == []
