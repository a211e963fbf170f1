"""Conditions asked together refuse what each of them would, by its own name."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from psycopg.errors import CheckViolation

from giftcards.models import GiftCard
from kernel.constraints import violated_constraint
from kernel.keys import uuid7
from tests.fixtures.cast import an_active_card, last_event
from tests.fixtures.raw_sql import insert_copy, set_column

pytestmark = pytest.mark.django_db


def test_what_is_broken_is_told_as_postgresql_tells_of_any_constraint():
    with pytest.raises(IntegrityError) as refusal:
        set_column(an_active_card(), "initial_balance_cents", -1)

    cause = refusal.value.__cause__
    assert isinstance(cause, CheckViolation)
    assert cause.diag.table_name == GiftCard._meta.db_table
    assert violated_constraint(refusal.value) == "gift_card_face_value_is_never_negative"
    assert str(cause).startswith(
        'new row for relation "giftcards_giftcard" violates check constraint'
        ' "gift_card_face_value_is_never_negative"'
    )


@pytest.mark.parametrize(
    ("changed", "condition"),
    [({"mode": "prod"}, "event_mode_is_test_or_live"), ({"sequence": 0}, "event_sequence_begins_at_one")],
)
def test_new_rows_are_asked_as_well(changed, condition):
    event = last_event(an_active_card())

    with pytest.raises(IntegrityError) as refusal:
        insert_copy(event, **{"id": uuid7(), "sequence": 99, **changed})

    assert violated_constraint(refusal.value) == condition


def test_a_form_is_told_before_the_database_is():
    card = an_active_card()
    card.initial_balance_cents = -1

    with pytest.raises(ValidationError, match="gift_card_face_value_is_never_negative"):
        card.validate_constraints()


def test_a_session_with_operators_of_its_own_is_refused_all_the_same():
    card = an_active_card()
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA own")
        cursor.execute(
            "CREATE FUNCTION own.yes(bigint, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true'"
        )
        cursor.execute("CREATE OPERATOR own.>= (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = own.yes)")
        cursor.execute("SET LOCAL search_path = own, pg_catalog, public")
        cursor.execute("SELECT (-1)::bigint >= 0")
        assert cursor.fetchone() == (True,)

    with pytest.raises(IntegrityError, match="gift_card_face_value_is_never_negative"):
        set_column(card, "initial_balance_cents", -1)


def test_where_a_condition_comes_to_null_the_row_is_kept():
    card = an_active_card()

    for rate in (20, None):
        set_column(card, "own_tax_rate", rate)
    with pytest.raises(IntegrityError, match="gift_card_tax_rate_is_never_negative"):
        set_column(card, "own_tax_rate", -1)
