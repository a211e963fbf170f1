"""A list knows how many rows it has: exactly, at once, and without anybody waiting for anybody."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from giftcards.models import GiftCard, LedgerEntry
from giftcards.wiping import wipe_test_data
from kernel import counting
from kernel.counting import Count, count, counted_models, miscounts
from kernel.models import RowCount
from kernel.modes import Mode
from tests.fixtures.cast import LIVE, TEST, a_draft, an_active_card
from tests.fixtures.races import at_once, outcomes

pytestmark = pytest.mark.django_db

COPIED = """
    INSERT INTO giftcards_giftcard (id, mode, status, code_digest, code_ciphertext, code_last_four,
        code_key_version, currency_code, initial_balance_cents, balance_cents, ledger_sequence, single_use,
        rechargeable, distribute_discount, metadata)
    SELECT gen_random_uuid(), %s, 'draft', sha256(gen_random_uuid()::text::bytea), 'x', '1234', 1, 'USD', 1,
        1, 0, false, true, true, '{}'
    FROM generate_series(1, %s)
"""


def make_drafts(mode: str, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(COPIED, [mode, number])


def run(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def counts() -> dict[str, int]:
    return {mode: count(GiftCard.objects.filter(mode=mode)).number for mode in Mode.values}


@pytest.fixture(autouse=True)
def _counts_are_true_afterwards() -> Iterator[None]:
    yield
    assert miscounts() == []


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "LIMIT", 3)


def test_cards_are_counted_as_they_come_and_go():
    assert counts() == {"test": 0, "live": 0}

    card = a_draft()
    a_draft(by=LIVE)
    assert counts() == {"test": 1, "live": 1}

    GiftCard.objects.filter(pk=card.pk).delete()
    assert counts() == {"test": 0, "live": 1}


def test_what_is_rolled_back_was_never_counted():
    with transaction.atomic():
        a_draft()
        transaction.set_rollback(True)

    assert counts()["test"] == 0


@pytest.mark.tampers
@pytest.mark.parametrize(
    ("statement", "then"),
    [
        ("DELETE FROM giftcards_giftcard", {"test": 0, "live": 0}),
        ("DELETE FROM giftcards_giftcard WHERE mode = 'live'", {"test": 5, "live": 0}),
        ("DELETE FROM giftcards_giftcard WHERE false", {"test": 5, "live": 4}),
        ("UPDATE giftcards_giftcard SET mode = 'live'", {"test": 0, "live": 9}),
    ],
)
def test_statements_on_many_cards_count_each(statement, then):
    make_drafts("test", 5)
    make_drafts("live", 4)
    assert counts() == {"test": 5, "live": 4}

    run(statement)

    assert counts() == then


def test_a_table_that_is_truncated_counts_nothing():
    """Cards can't be truncated while anything append-only refers to them; others may be, some day."""
    run("CREATE TABLE diary (mode varchar(4))")
    run(
        "CREATE TRIGGER a AFTER INSERT ON diary REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION count_rows();"
        "CREATE TRIGGER b AFTER TRUNCATE ON diary FOR EACH STATEMENT EXECUTE FUNCTION count_rows()"
    )
    run("INSERT INTO diary VALUES ('test'), ('live'), ('test')")
    written = RowCount.objects.filter(counted="diary").order_by("of_mode")
    assert [(each.of_mode, each.rows) for each in written] == [("live", 1), ("test", 2)]

    run("TRUNCATE diary")

    assert not written.all().exists()


@pytest.mark.tampers
def test_copied_cards_are_counted():
    make_drafts("test", 1)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE spare AS SELECT * FROM giftcards_giftcard")
        cursor.execute("UPDATE spare SET id = gen_random_uuid(), code_digest = 'another'")
        with cursor.copy("COPY spare TO STDOUT") as out:
            rows = b"".join(bytes(each) for each in out)
        with cursor.copy("COPY giftcards_giftcard FROM STDIN") as into:
            into.write(rows)

    assert counts()["test"] == 2


@pytest.mark.tampers
def test_a_list_of_one_mode_or_both_reads_no_cards(few):
    make_drafts("test", 5)
    make_drafts("live", 4)

    with CaptureQueriesContext(connection) as asked:
        assert count(GiftCard.objects.visible_to(TEST)) == Count(5)
        assert count(GiftCard.objects.select_related("market").order_by("-id")) == Count(9)

    assert not any("giftcards_giftcard" in each["sql"].partition("WHERE")[0] for each in asked)


@pytest.mark.tampers
@pytest.mark.parametrize(
    "narrowed",
    [
        lambda cards: cards.filter(status="draft"),
        lambda cards: cards.exclude(mode="live"),
        lambda cards: cards.filter(mode="test", archived_at=None),
        lambda cards: cards.filter(mode__in=["test"]),
        lambda cards: cards.filter(mode="test", tags=None),
        lambda cards: cards.filter(mode="test").distinct(),
    ],
)
def test_whatever_else_is_asked_is_counted_up_to_a_limit(few, narrowed):
    make_drafts("test", 3)
    assert count(narrowed(GiftCard.objects.all())) == Count(3)

    make_drafts("test", 2)
    assert count(narrowed(GiftCard.objects.all())) == Count(4, is_exact=False)


@pytest.mark.tampers
def test_who_reads_further_has_more_of_it_counted(few):
    make_drafts("test", 6)
    cards = GiftCard.objects.filter(status="draft")

    assert count(cards, as_far_as=5) == Count(6, is_exact=False)
    assert count(cards, as_far_as=6) == Count(6)


def test_a_model_that_is_not_counted_is_counted_up_to_a_limit(few):
    assert count(LedgerEntry.objects.filter(mode="test")) == Count(0)


@pytest.mark.django_db(transaction=True)
def test_wiping_test_data_takes_it_from_the_count():
    an_active_card()
    a_draft(by=LIVE)

    wipe_test_data(actor=TEST.actor)

    assert counts() == {"test": 0, "live": 1}


@pytest.fixture
def _somebody_is_changing_every_part(transactional_db: None) -> Iterator[None]:
    """Whichever slot another connection has, all there is of it is locked."""
    run(
        "INSERT INTO kernel_rowcount (counted, of_mode, slot, rows)"
        " SELECT 'giftcards_giftcard', mode, slot, 0"
        " FROM generate_series(0, 63) AS slot, unnest(ARRAY['test', 'live']) AS mode"
    )
    with transaction.atomic():
        run("UPDATE kernel_rowcount SET rows = rows")
        yield
    GiftCard.objects.all().delete()


def make_a_draft_unless_it_waits() -> None:
    with transaction.atomic():
        run("SET LOCAL lock_timeout = '200ms'")
        make_drafts("test", 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_somebody_is_changing_every_part")
def test_a_part_that_somebody_is_changing_is_passed_over():
    assert at_once([make_a_draft_unless_it_waits] * 4) == [None] * 4
    assert counts()["test"] == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_waiting_for_parts", "_somebody_is_changing_every_part")
def test_else_they_would_wait():
    assert outcomes(at_once([make_a_draft_unless_it_waits] * 2)) == {"OperationalError": 2}


@pytest.fixture
def _waiting_for_parts(transactional_db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('count_rows()'::regprocedure)")
        (definition,) = cursor.fetchone()
        cursor.execute(definition.replace(" SKIP LOCKED", ""))
        yield
        cursor.execute(definition)


@pytest.mark.tampers
def test_a_count_that_is_wrong_is_found_and_mended(capsys):
    make_drafts("live", 2)
    RowCount.objects.create(counted="giftcards_giftcard", of_mode="live", slot=3, rows=5)

    with pytest.raises(CommandError, match="gift cards of the live mode there are 2, and 7 are counted"):
        call_command("count_rows")
    call_command("count_rows", "--anew")

    assert "The counts are true." in capsys.readouterr().out


def test_each_counted_model_has_its_triggers_and_no_other_table():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgfoid = 'count_rows()'::regprocedure GROUP BY 1"
        )
        assert dict(cursor.fetchall()) == {model._meta.db_table: 4 for model in counted_models()}
