"""Rows that are written by COPY are those that were meant, whatever is in them."""

import pytest
from django.db import IntegrityError, connection, transaction

from kernel.clock import database_now
from kernel.constraints import violated_constraint
from kernel.copying import LostRowsError, in_copy, new_rows
from kernel.keys import uuid7
from tests.library.models import Author

pytestmark = pytest.mark.django_db

NASTY = "a\tb\nc\r\\N \\. %s {} \"'ü\u2028"


def names() -> list[str]:
    return list(Author.objects.order_by("pk").values_list("name", flat=True))


def test_every_kind_of_value_comes_out_as_it_went_in():
    same = {
        "mode": "test",
        "reference": NASTY,
        "reference_origin": None,
        "metadata": {"a": NASTY, "b": [1, None, True]},
        "created_at": database_now(),
        "updated_at": database_now(),
    }

    new_rows(Author, same, ("id", "name"), [(str(uuid7()), in_copy(NASTY)) for _ in range(2)]).insert()

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
        new_rows(Author, same, ("id", "name"), [(str(uuid7()), name) for name in "ab"]).insert()


def test_what_a_constraint_refuses_is_an_integrity_error():
    key, now = str(uuid7()), database_now()
    same = {"mode": "test", "metadata": {}, "created_at": now, "updated_at": now}

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        new_rows(Author, same, ("id", "name"), [(key, "a"), (key, "b")]).insert()

    assert violated_constraint(refused.value) == "library_author_pkey"
    assert names() == []
