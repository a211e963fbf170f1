"""What the database refuses on every append-only table: all but wiping test data, by who says so."""

import pytest
from django.db import IntegrityError, connection, transaction

pytestmark = pytest.mark.django_db

WIPING = "SET LOCAL giftcards.wiping_test_data = 'on'"


@pytest.fixture(autouse=True)
def _diary():
    """An append-only table with a row of each mode."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE diary (mode varchar(4), said text)")
        cursor.execute("INSERT INTO diary VALUES ('test', 'x'), ('live', 'x')")
        cursor.execute(
            "CREATE TRIGGER a BEFORE UPDATE OR DELETE ON diary FOR EACH ROW EXECUTE FUNCTION refuse_change();"
            "CREATE TRIGGER b BEFORE TRUNCATE ON diary FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def run(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def modes() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT mode FROM diary ORDER BY 1")
        return [mode for (mode,) in cursor.fetchall()]


@pytest.mark.parametrize(
    "statements",
    [
        ("DELETE FROM diary WHERE mode = 'test'",),
        ("DELETE FROM diary WHERE mode = 'live'",),
        ("SET LOCAL giftcards.wiping_test_data = 'off'", "DELETE FROM diary WHERE mode = 'test'"),
        (WIPING, "DELETE FROM diary"),
        (WIPING, "DELETE FROM diary WHERE mode = 'live'"),
        (WIPING, "UPDATE diary SET said = 'y' WHERE mode = 'test'"),
        (WIPING, "UPDATE diary SET mode = 'test' WHERE mode = 'live'"),
        (WIPING, "TRUNCATE diary"),
        ("TRUNCATE diary",),
    ],
)
def test_it_is_refused(statements):
    with pytest.raises(IntegrityError, match="diary is append-only"):
        run(*statements)

    assert modes() == ["live", "test"]


def test_a_row_of_test_data_is_deleted_by_who_wipes_it():
    run(WIPING, "DELETE FROM diary WHERE mode = 'test'")

    assert modes() == ["live"]
