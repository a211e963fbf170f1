"""Another key under a number that has sealed codes is noticed before it does harm."""

from importlib import import_module
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction

from giftcards import code_keys, codes
from giftcards.code_keys import require_the_keys_of_this_database
from giftcards.codes import WrongCodeKeys
from giftcards.models import CodeKeyFingerprint, GiftCard
from tests.fixtures.cast import a_draft

OURS, THEIRS = b"o" * 32, b"t" * 32
IS_ANOTHER = "^GIFTCARDS_CODE_KEYS are not the keys of this database: number 1 is another one\\.$"


@pytest.fixture(autouse=True)
def _a_process_that_has_sealed_nothing(settings, monkeypatch):
    monkeypatch.setattr(code_keys, "_remembered", set())
    settings.GIFTCARDS_CODE_KEYS = {1: OURS}


@pytest.mark.django_db
def test_the_first_code_leaves_the_fingerprint_of_its_key(settings):
    assert not CodeKeyFingerprint.objects.exists()
    a_draft()
    settings.GIFTCARDS_CODE_KEYS = {1: OURS, 2: THEIRS}
    a_draft()

    kept = {row.version: bytes(row.fingerprint) for row in CodeKeyFingerprint.objects.all()}
    assert kept == codes.fingerprints()
    assert len(set(kept.values())) == 2
    require_the_keys_of_this_database()


def test_a_fingerprint_is_none_of_the_keys(settings):
    """Nor a digest of anything that a code could be."""
    (fingerprint,) = codes.fingerprints().values()
    key = codes.CodeKey.derive(1, OURS)

    assert fingerprint not in {OURS, key.lookup, key.prefix, key.digest(""), key.prefix_digest("")}


@pytest.mark.django_db
def test_another_key_under_the_same_number_seals_nothing(settings):
    a_draft(code="TAKEN-ALREADY")
    settings.GIFTCARDS_CODE_KEYS = {1: THEIRS}

    with pytest.raises(WrongCodeKeys, match=IS_ANOTHER):
        a_draft(code="TAKEN-ALREADY")
    assert GiftCard.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({1: THEIRS}, "number 1 is another one."),
        ({1: THEIRS, 2: OURS}, "number 1 is another one."),
        ({2: OURS}, "number 1 is missing."),
    ],
)
def test_keys_that_are_not_those_of_the_database_are_refused(settings, keys, sentence):
    a_draft()
    settings.GIFTCARDS_CODE_KEYS = keys

    with pytest.raises(WrongCodeKeys) as refusal:
        require_the_keys_of_this_database()
    assert str(refusal.value) == f"GIFTCARDS_CODE_KEYS are not the keys of this database: {sentence}"


@pytest.mark.django_db
def test_a_key_that_has_sealed_nothing_yet_may_be_any(settings):
    a_draft()
    settings.GIFTCARDS_CODE_KEYS = {1: OURS, 2: THEIRS}
    require_the_keys_of_this_database()


@pytest.mark.django_db(transaction=True)
def test_a_process_looks_for_its_key_until_a_card_was_committed(django_assert_num_queries):
    with transaction.atomic():
        a_draft()
        transaction.set_rollback(True)
    assert not CodeKeyFingerprint.objects.exists()

    a_draft()
    assert CodeKeyFingerprint.objects.exists()
    # The lock, and with it whether a newer key is in use.
    with transaction.atomic(), django_assert_num_queries(1):
        code_keys.remember_key(1)


@pytest.mark.django_db
@pytest.mark.parametrize("command", [("verify_ledger",), ("seed_demo", "--credentials=/nowhere/demo.json")])
def test_commands_that_rely_on_the_keys_say_so(settings, command):
    a_draft()
    settings.GIFTCARDS_CODE_KEYS = {1: THEIRS}

    with pytest.raises(WrongCodeKeys, match=IS_ANOTHER):
        call_command(*command, stdout=StringIO())


@pytest.mark.django_db
@pytest.mark.parametrize(("keys", "fits"), [({1: OURS}, True), ({1: THEIRS}, False), ({2: OURS}, False)])
def test_of_an_older_database_a_key_is_remembered_if_it_opens_a_code(settings, keys, fits):
    migration = import_module("giftcards.migrations.0011_code_key_fingerprint")
    a_draft()
    CodeKeyFingerprint.objects.all().delete()
    settings.GIFTCARDS_CODE_KEYS = keys

    if fits:
        migration.remember_the_keys_in_use(apps, connection.schema_editor())
        assert bytes(CodeKeyFingerprint.objects.get().fingerprint) == codes.fingerprints()[1]
    else:
        with pytest.raises(WrongCodeKeys):
            migration.remember_the_keys_in_use(apps, connection.schema_editor())
