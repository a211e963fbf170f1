"""Codes move to a new key while cards are looked up, made and spent; each stays one code of one card."""

import base64
import os
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from events.models import Event
from giftcards import code_keys, codes
from giftcards.code_keys import require_the_keys_of_this_database
from giftcards.codes import WrongCodeKeys
from giftcards.exceptions import CodeTaken
from giftcards.models import CodeKeyFingerprint, GiftCard
from giftcards.operations import debit, resealing, sealing
from giftcards.operations.resealing import codes_to_reseal, reseal_codes
from giftcards.operations.sealing import SEALED_COLUMNS
from kernel.statements import rows_of
from tests.fixtures.cast import TEST, a_draft, an_active_card
from tests.fixtures.locks import until_someone_waits_for_us
from tests.fixtures.races import at_once, outcomes
from tests.fixtures.raw_sql import run
from tests.fixtures.refusing import refused
from tests.giftcards.test_codes import found

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = {1: b"o" * 32}, {2: b"n" * 32}
CODE = "SUMMER-2027-GIFT"


@pytest.fixture(autouse=True)
def keys(settings, monkeypatch):
    """Begins with the old one; `keys(OLD | NEW)` is what a restart with both does."""
    monkeypatch.setattr(code_keys, "_remembered", set())  # by earlier tests, of other databases

    def restart_with(masters):
        settings.GIFTCARDS_CODE_KEYS = masters

    restart_with(OLD)
    return restart_with


@pytest.fixture
def small_portions(monkeypatch):
    monkeypatch.setattr(resealing, "PORTION", 2)


def rotated():
    output = StringIO()
    call_command("rotate_code_key", stdout=output, stderr=StringIO())
    return output.getvalue()


def columns(card) -> dict[str, Any]:
    return dict(GiftCard.objects.filter(pk=card.pk).values().get())


def versions():
    return set(GiftCard.objects.values_list("code_key_version", flat=True))


def test_every_code_moves_and_the_old_key_is_not_needed_any_more(keys):
    cards = [a_draft(code=f"{CODE}-{number}") for number in range(5)]
    keys(OLD | NEW)
    newer = a_draft(code=f"{CODE}-NEWER")

    assert rotated() == (
        "5 codes sealed anew under key 2.\n"
        "No code is sealed under key 1 any more. Answers kept for repeated requests, tokens of people and "
        "the key that signs access tokens may still need it: run rotate_signing_key, wait a day, then take "
        "it out of GIFTCARDS_CODE_KEYS and restart every process. Keep it with the backups that were made "
        "until then: they need it.\n"
    )

    keys(NEW)
    require_the_keys_of_this_database()
    for number, card in enumerate(cards):
        assert found(f"{CODE}-{number}").get() == card
        assert GiftCard.objects.get(pk=card.pk).code().reveal() == f"{CODE}-{number}"
    assert GiftCard.objects.filter(code_prefix_digest__in=codes.prefix_digests(CODE[:8])).count() == 6
    assert found(f"{CODE}-NEWER").get() == newer


def test_nothing_else_of_a_card_changes_and_nothing_is_recorded(keys):
    card = an_active_card(code=CODE)
    before, events = columns(card), Event.objects.count()
    keys(OLD | NEW)

    rotated()

    after = columns(card)
    assert {name for name in after if after[name] != before[name]} == {*SEALED_COLUMNS} - {"code_last_four"}
    assert Event.objects.count() == events


def test_with_one_key_there_is_nothing_to_do():
    a_draft(code=CODE)

    assert rotated() == (
        "0 codes sealed anew under key 1.\n"
        "No older key is in use. To rotate, first add a key with a number above 1.\n"
    )


@pytest.mark.usefixtures("small_portions")
def test_what_is_done_stays_done(keys):
    for number in range(5):
        a_draft(code=f"{CODE}-{number}")
    keys(OLD | NEW)

    assert next(reseal_codes()).resealed == 2
    assert codes_to_reseal() == 3
    assert [portion.resealed for portion in reseal_codes()] == [2, 1]
    assert versions() == {2}


@pytest.mark.usefixtures("small_portions")
@pytest.mark.parametrize("killed_at", range(1, 6))
def test_a_portion_is_sealed_whole_or_not_at_all(keys, monkeypatch, killed_at):
    for number in range(5):
        a_draft(code=f"{CODE}-{number}")
    keys(OLD | NEW)
    seal, sealed = sealing.seal_into, []

    def seal_until_killed(card, code):
        sealed.append(card)
        if len(sealed) == killed_at:
            raise KeyboardInterrupt
        seal(card, code)

    monkeypatch.setattr(resealing, "seal_into", seal_until_killed)
    with pytest.raises(KeyboardInterrupt):
        rotated()
    monkeypatch.undo()

    done = (killed_at - 1) // 2 * 2
    assert GiftCard.objects.filter(code_key_version=2).count() == done
    assert all(found(f"{CODE}-{number}").count() == 1 for number in range(5))
    assert f"{5 - done} codes sealed anew" in rotated()


def test_a_process_that_is_killed_leaves_what_the_next_one_finishes(keys):
    card, other = a_draft(code=CODE), a_draft(code=f"{CODE}-2")
    keys(OLD | NEW)
    with transaction.atomic():
        GiftCard.objects.select_for_update().get(pk=card.pk)
        process = subprocess.Popen(
            [sys.executable, "manage.py", "rotate_code_key"], cwd=ROOT, env=environment(), process_group=0
        )
        until_someone_waits_for_us(20)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    by_version = dict(GiftCard.objects.values_list("pk", "code_key_version"))
    assert by_version == {card.pk: 1, other.pk: 2}
    assert "1 codes sealed anew" in rotated()
    assert versions() == {2}


def environment():
    """That of a process with both keys, on the database of the tests."""
    url = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    return {
        **os.environ,
        "DATABASE_URL": f"{url.scheme}://{url.netloc}/{name}?{url.query}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "GIFTCARDS_CODE_KEYS": ",".join(
            f"{number}:{base64.urlsafe_b64encode(key).decode()}" for number, key in (OLD | NEW).items()
        ),
    }


@pytest.mark.usefixtures("small_portions")
def test_a_card_in_use_is_passed_over_and_sealed_at_the_end(keys):
    cards = [a_draft(code=f"{CODE}-{number}") for number in range(4)]
    keys(OLD | NEW)

    with transaction.atomic():
        GiftCard.objects.select_for_update(no_key=True).get(pk=cards[0].pk)
        (stopped,) = at_once([rotated])
        assert versions() == {1, 2}
    assert isinstance(stopped, CommandError)
    assert str(stopped) == "1 codes are still under an older key, which must stay. Run this again."
    require_the_keys_of_this_database()
    assert CodeKeyFingerprint.objects.count() == 2

    assert rotated().startswith("1 codes sealed anew under key 2.\nNo code is sealed under key 1 any more")


def test_a_code_that_can_not_be_opened_keeps_its_key_and_stops_no_other(keys):
    card, other = a_draft(code=CODE), a_draft(code=f"{CODE}-2")
    run("UPDATE giftcards_giftcard SET code_ciphertext = '\\x00' || code_ciphertext WHERE id = %s", card.pk)
    keys(OLD | NEW)
    complaints = StringIO()

    with pytest.raises(CommandError, match="1 codes are still under an older key"):
        call_command("rotate_code_key", stdout=StringIO(), stderr=complaints)

    assert complaints.getvalue() == f"The code of gift card {card.pk} can't be opened.\n"
    assert CODE not in complaints.getvalue()
    assert dict(GiftCard.objects.values_list("pk", "code_key_version")) == {card.pk: 1, other.pk: 2}
    keys(NEW)
    with pytest.raises(WrongCodeKeys, match="number 1 is missing"):
        require_the_keys_of_this_database()


def create_beside_a_resealing():
    """Somebody asks for a code whose row is being sealed anew at this moment."""
    with transaction.atomic():
        for _ in reseal_codes():
            pass
        return at_once([lambda: a_draft(code=CODE)])


def test_a_code_stays_taken_while_its_row_moves(keys):
    card = a_draft(code=CODE)
    keys(OLD | NEW)
    with transaction.atomic():
        code_keys.remember_key(2)

    assert outcomes(create_beside_a_resealing()) == {"CodeTaken": 1}
    assert outcomes(at_once([lambda: a_draft(code=CODE)] * 3)) == {"CodeTaken": 3}
    assert found(CODE).get() == card


def test_looking_under_the_newest_key_only_would_give_it_twice(keys, monkeypatch):
    """The control."""
    a_draft(code=CODE)
    keys(OLD | NEW)
    under_every_key = codes.digests
    monkeypatch.setattr(codes, "digests", lambda text: under_every_key(text)[-1:])

    assert outcomes(at_once([lambda: a_draft(code=CODE)])) == {"won": 1}
    monkeypatch.undo()
    assert found(CODE).count() == 2
    GiftCard.objects.filter(code_key_version=1).delete()


def beside_a_process_with_the_old_key(keys, meanwhile):
    """What a process with both keys gets that is asked for a code which an old one has not committed yet."""
    a_draft()  # the old process has sealed before
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            a_draft(code=CODE)
            keys(OLD | NEW)
            asked = threads.submit(at_once, [lambda: a_draft(code=CODE)])
            meanwhile(asked)
        return outcomes(asked.result())


def test_a_new_key_waits_for_what_the_old_one_is_sealing(keys):
    got = beside_a_process_with_the_old_key(keys, lambda asked: until_someone_waits_for_us())

    assert got == {"CodeTaken": 1}
    assert found(CODE).count() == 1


def test_without_waiting_it_would_give_the_code_twice(keys, monkeypatch):
    """The control."""

    def stored_without_lock(*, exclusive: bool) -> dict[int, bytes]:
        return code_keys._stored()

    monkeypatch.setattr(code_keys, "_stored_under_lock", stored_without_lock)

    assert beside_a_process_with_the_old_key(keys, Future.result) == {"won": 1}
    assert found(CODE).count() == 2
    GiftCard.objects.filter(code_key_version=1).delete()


@pytest.mark.parametrize("is_rotated", [False, True])
def test_a_process_without_the_newest_key_seals_nothing(keys, is_rotated):
    """It would neither see that a code is taken, nor keep the old key in use for what it seals."""
    a_draft(code=CODE)
    keys(OLD | NEW)
    a_draft()
    if is_rotated:
        rotated()
    keys(OLD)

    for code in (CODE, "ANOTHER-CODE", None):
        with pytest.raises(WrongCodeKeys, match="number 2 is missing"):
            a_draft(code=code)


def asked_while_a_newer_key_becomes_known(keys, ask):
    """What `ask` comes to that begins, with the old key, before the first code under the new one is
    committed."""
    a_draft()
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            keys(OLD | NEW)
            a_draft()
            keys(OLD)
            asked = threads.submit(at_once, [ask])
            until_someone_waits_for_us()
        return asked.result()


def test_a_card_that_waited_for_a_newer_key_is_not_sealed_under_the_old_one(keys):
    (refusal,) = asked_while_a_newer_key_becomes_known(keys, a_draft)

    assert isinstance(refusal, WrongCodeKeys)
    assert versions() == {1, 2}
    assert GiftCard.objects.count() == 2


def test_a_statement_by_itself_would_not_see_the_newer_key(keys):
    """The control: the lock, and what is stored, without a function that looks after the wait."""
    statement = """
        SELECT max(version) FROM giftcards_codekeyfingerprint,
            (SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))) AS locked
    """

    (rows,) = asked_while_a_newer_key_becomes_known(keys, lambda: rows_of(statement, [code_keys.LOCK]))

    assert rows == [(1,)]


@pytest.mark.usefixtures("small_portions")
def test_cards_are_made_found_and_spent_meanwhile(keys):
    cards = [an_active_card(code=f"{CODE}-{number}") for number in range(20)]
    keys(OLD | NEW)

    def spend():
        for card in cards:
            debit(caller=TEST, card_id=card.pk, amount_cents=1)

    def look():
        for number, card in enumerate(cards):
            assert found(f"{CODE}-{number}").get() == card

    def create():
        for number in range(20):
            a_draft(code=f"NEW-CODE-{number}")

    def create_again():
        for number in range(20):
            with refused(CodeTaken, about="code", error="taken"):
                a_draft(code=f"{CODE}-{number}")

    assert outcomes(at_once([rotated, spend, look, create, create_again])) == {"won": 5}
    assert versions() == {2}
    assert set(GiftCard.objects.filter(status="active").values_list("balance_cents", flat=True)) == {9_999}
