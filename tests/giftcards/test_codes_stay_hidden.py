"""A sentinel code goes through a card's whole life; afterwards nobody finds it anywhere."""

import logging
from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giftcards import codes
from giftcards.models import GiftCard
from giftcards.operations import (
    Occasion,
    activate,
    adjust,
    deactivate,
    debit,
    purchase,
    recharge,
    update_gift_card,
)
from kernel.keys import uuid7
from kernel.refusals import Refusal
from kernel.secret import Secret
from tests.fixtures.cast import TEST, a_draft

pytestmark = pytest.mark.django_db

SENTINEL = "SENTINELxCODEx48151623421"


def live_a_whole_life() -> list[object]:
    """Returns everything that came out of it."""
    card = a_draft(code=SENTINEL, recipient_email="anna@example.com", metadata={"a": 1})
    out: list[object] = [card]
    out += [verb(caller=TEST, card_id=card.id) for verb in (purchase, activate, deactivate, activate)]
    out.append(debit(caller=TEST, card_id=card.id, amount_cents=1, occasion=Occasion("A book")))
    out.append(recharge(caller=TEST, card_id=card.id, amount_cents=1))
    out.append(adjust(caller=TEST, card_id=card.id, balance_cents=5))
    out.append(update_gift_card(caller=TEST, card_id=card.id, changes={"reference": "A"}))
    return [*out, *refusals(card)]


def refusals(card: GiftCard) -> list[object]:
    caught: list[object] = []
    for refuse in (
        lambda: a_draft(code=SENTINEL),
        lambda: a_draft(code=f"{SENTINEL} "),
        lambda: purchase(caller=TEST, card_id=card.id),
        lambda: debit(caller=TEST, card_id=card.id, amount_cents=10**9),
    ):
        try:
            refuse()
        except Refusal as refusal:
            caught += [refusal, vars(refusal), refusal.__cause__, refusal.__context__]
    return caught


def hiding_places(text: str) -> list[str]:
    """How a text looks in a dump: as it is, and in the hexadecimal of a bytea."""
    return [text, text.encode().hex()]


def everything_in_the_database() -> str:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        dumps = []
        for table in tables:
            cursor.execute(f'SELECT string_agg(row::text, chr(10)) FROM "{table}" AS row')  # noqa: S608
            dumps.append(cursor.fetchone()[0] or "")
    return "\n".join(dumps)


def test_no_column_of_any_table_holds_it():
    live_a_whole_life()

    dump = everything_in_the_database()

    assert "anna@example.com" in dump
    for part in (SENTINEL, SENTINEL[:8], SENTINEL[-8:]):
        for text in hiding_places(part):
            assert text not in dump


def test_a_dump_shows_a_code_that_is_not_sealed():
    """The control: a code in the clear is found in text, in JSON and in bytes."""
    for leak in ({"reference": SENTINEL}, {"metadata": {"code": [SENTINEL]}}):
        a_draft(**leak)
        assert SENTINEL in everything_in_the_database()
        GiftCard.objects.all().delete()
    a_draft()
    GiftCard.objects.update(code_ciphertext=SENTINEL.encode())
    assert SENTINEL.encode().hex() in everything_in_the_database()


def test_no_statement_carries_it():
    with CaptureQueriesContext(connection) as statements:
        live_a_whole_life()

    assert len(statements) > 20
    assert not [sql for sql in statements for text in hiding_places(SENTINEL) if text in str(sql)]


def test_no_log_repeats_it(caplog):
    caplog.set_level(logging.DEBUG)
    with suppress(Refusal):
        for thing in live_a_whole_life():
            logging.getLogger("test").info("%s %r", thing, thing)

    assert caplog.records
    assert SENTINEL not in caplog.text
    assert SENTINEL[:8] not in caplog.text


def test_nothing_that_comes_out_says_it():
    for thing in live_a_whole_life():
        said = f"{thing} {thing!r} {getattr(thing, '__dict__', '')}"
        assert not [text for text in hiding_places(SENTINEL) if text in said]


def test_a_card_is_called_by_its_last_four_characters():
    card = a_draft(code=SENTINEL)

    assert str(card) == "****3421 (USD, draft)"
    assert repr(card) == "<GiftCard: ****3421 (USD, draft)>"
    assert codes.mask("3421") == "****3421"


def test_neither_a_secret_nor_a_sealed_code_nor_a_key_says_it():
    sealed = codes.seal(Secret(SENTINEL), card_id=uuid7())

    assert SENTINEL not in f"{Secret(SENTINEL)!r} {Secret(SENTINEL)} {sealed!r}"


def test_no_key_is_shown_by_its_repr(settings):
    settings.GIFTCARDS_CODE_KEYS = {1: b"\x01" * 32}
    key = codes.CodeKey.derive(1, b"\x01" * 32)

    for derived in (key.lookup, key.prefix):
        assert repr(derived) not in repr(key)
