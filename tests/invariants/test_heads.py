"""A copy of the chains' heads, kept elsewhere, tells what no chain of today can."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.core.management import CommandError

from events.models import Event
from giftcards import heads
from giftcards.models import GiftCard
from giftcards.operations import Occasion, debit, reveal_code
from tests.fixtures.cast import LIVE, TEST, a_draft, an_active_card, last_event
from tests.fixtures.proof import verify
from tests.fixtures.tampering import A_NEW_CHAIN, tampered
from tests.invariants.checks import assert_ledger_is_true

pytestmark = pytest.mark.django_db

ENTRY = """
    UPDATE giftcards_ledgerentry SET amount_cents = amount_cents - 1, balance_cents = balance_cents - 1
    WHERE gift_card_id = %(card)s AND sequence = %(number)s
"""
ITS_EVENT = """
    UPDATE events_event SET data = data || jsonb_build_object(
        'amount_cents', (data->>'amount_cents')::int - 1, 'balance_cents', (data->>'balance_cents')::int - 1
    ) WHERE subject_id = %(card)s AND (data->>'entry_sequence')::int = %(number)s
"""
NO_LAST_ENTRY = "DELETE FROM giftcards_ledgerentry WHERE gift_card_id = %(card)s AND sequence = %(gone)s"
NO_LAST_EVENT = """
    DELETE FROM events_event WHERE subject_id = %(card)s AND (data->>'entry_sequence')::int = %(gone)s
"""
NO_CARD = [
    "DELETE FROM giftcards_ledgerentry WHERE gift_card_id = %(card)s",
    "DELETE FROM events_event WHERE subject_id = %(card)s",
    "DELETE FROM giftcards_giftcard WHERE id = %(card)s",
]
OF_ANOTHER_MODE = [
    "UPDATE giftcards_giftcard SET mode = 'test' WHERE id = %(card)s",
    "UPDATE giftcards_ledgerentry SET mode = 'test' WHERE gift_card_id = %(card)s",
    "UPDATE events_event SET mode = 'test' WHERE subject_id = %(card)s",
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "heads.txt"


@pytest.fixture
def card(copy):
    """Issued and spent from twice, then written down; others lie around it."""
    an_active_card(by=LIVE)
    card = an_active_card(by=LIVE)
    for amount in (100, 30):
        debit(caller=LIVE, card_id=card.id, amount_cents=amount)
    an_active_card(by=LIVE)
    a_draft(by=LIVE)
    an_active_card(by=TEST)
    verify("--heads", copy)
    return card


def changed(copy: Path, what: bytes, into: bytes) -> None:
    before = copy.read_bytes()
    assert what in before
    copy.write_bytes(before.replace(what, into, 1))


def test_every_live_card_with_entries_is_in_it_and_no_other(card, copy):
    written = [line.split() for line in copy.read_text().splitlines()[2:]]
    issued = GiftCard.objects.filter(mode="live").exclude(status="draft").order_by("id")
    stored: Any = issued.values_list("id", "ledger_sequence", "ledger_hash")

    assert [line[:4] for line in written] == [
        [str(key), "live", str(number), bytes(head).hex()] for key, number, head in stored
    ]
    events = [Event.objects.filter(subject_id=key).count() for key, *_ in stored]
    assert [int(line[4]) for line in written] == events
    assert len(written) == 3


def test_test_cards_are_in_one_that_asks_for_them(card, copy):
    assert "1 heads written to" in verify("--heads", copy, "--mode", "test")
    assert " test 1 " in copy.read_text()
    assert "1 heads of" in verify("--against", copy)


def test_anybody_checks_the_signature_without_this_program(card, copy):
    first, second, body = copy.read_bytes().split(b"\n", 2)
    header = json.loads(first)
    public = base64.b64decode(header["public_key"])

    key: Any = load_der_public_key(public)
    key.verify(base64.b64decode(second), first)
    assert hashlib.sha256(body).hexdigest() == header["digest"]
    assert header["count"] == body.count(b"\n") == 3
    assert f"public key sha256:{hashlib.sha256(public).hexdigest()}" in verify("--heads", copy)


def test_heads_stand_while_cards_go_on(card, copy):
    debit(caller=LIVE, card_id=card.id, amount_cents=1)
    an_active_card(by=LIVE)

    assert "; 3 heads of 20" in verify("--against", copy)


def test_heads_of_no_cards_are_heads_too(copy):
    assert "0 heads written to" in verify("--heads", copy)
    assert "0 heads of" in verify("--against", copy)


TAMPERINGS = {
    "a history made anew": ([ENTRY, *A_NEW_CHAIN, ITS_EVENT], "another hash"),
    "an end cut off": ([NO_LAST_ENTRY, NO_LAST_EVENT, *A_NEW_CHAIN], "entry is gone"),
    "a card that has vanished": (NO_CARD, "it is gone"),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_the_ledger_itself_no_longer_tells_is_named(card, copy, tampering):
    statements, text = TAMPERINGS[tampering]
    number = 2 if tampering == "an end cut off" else 3
    values = {"card": card.id, "number": number, "gone": 3}

    with tampered(*((statement, values) for statement in statements)):
        assert_ledger_is_true()
        with pytest.raises(CommandError, match=rf"{card.id}, number 3: .*{text}") as failure:
            verify("--against", copy)

    assert failure.value.returncode == 1
    verify("--against", copy)


NO_TRACE = {
    "the last is gone": ["DELETE FROM events_event WHERE id = %(event)s"],
    "another actor": ["UPDATE events_event SET actor_id = 'nobody' WHERE id = %(event)s"],
    "another name": ["UPDATE events_event SET actor_name = 'Nobody' WHERE id = %(event)s"],
    "another reason": ["UPDATE events_event SET reason = 'He had to' WHERE id = %(event)s"],
    "another time": ["UPDATE events_event SET created_at = now() WHERE id = %(event)s"],
}


@pytest.fixture
def revealed(card, copy):
    """The event of a look at the card's code, its last one when the copy was made."""
    reveal_code(caller=LIVE, card_id=card.id, occasion=Occasion("He lost it"))
    verify("--heads", copy)
    return last_event(card)


@pytest.mark.parametrize("tampering", NO_TRACE)
def test_who_looked_at_a_code_cannot_be_taken_from_the_log(card, copy, revealed, tampering):
    values = {"event": revealed.id}

    with tampered(*((statement, values) for statement in NO_TRACE[tampering])):
        assert_ledger_is_true()
        with pytest.raises(CommandError, match=rf"{card.id}: .*its {revealed.sequence} events .* at 20"):
            verify("--against", copy)

    verify("--against", copy)


def test_nor_by_another_event_in_its_place(card, copy, revealed):
    with tampered((NO_TRACE["the last is gone"][0], {"event": revealed.id})):
        debit(caller=LIVE, card_id=card.id, amount_cents=1)
        with pytest.raises(CommandError, match="are not those"):
            verify("--against", copy)


def test_events_that_came_later_are_no_lie(card, copy, revealed):
    reveal_code(caller=LIVE, card_id=card.id, occasion=Occasion("Again"))

    assert "; 3 heads of 20" in verify("--against", copy)


def test_a_copy_without_events_is_read_for_its_chains(card, copy, revealed, monkeypatch):
    """The first format."""
    monkeypatch.setattr(heads, "FORMAT", heads.WITHOUT_EVENTS)
    monkeypatch.setattr(heads.Head, "line", line_without_events)
    verify("--heads", copy)
    monkeypatch.undo()

    with tampered((NO_TRACE["the last is gone"][0], {"event": revealed.id})):
        assert "; 3 heads of 20" in verify("--against", copy)
    with tampered(*((statement, {"card": card.id}) for statement in NO_CARD)), pytest.raises(CommandError):
        verify("--against", copy)


def line_without_events(head):
    return f"{head.card_id} {head.mode} {head.sequence} {head.hash.hex()}\n".encode()


def test_a_live_card_made_a_test_card_to_be_wiped_is_named(card, copy):
    header = heads.read_header(copy)

    with tampered(*((statement, {"card": card.id}) for statement in OF_ANOTHER_MODE)):
        ((_number, (lie,)),) = heads.lies_against(copy, header)

    assert f"{card.id}: it is of mode test, and was of mode live" in str(lie)


def test_test_cards_may_be_wiped_meanwhile(card, copy):
    wiped = GiftCard.objects.get(mode="test")

    with tampered(*((statement, {"card": wiped.id}) for statement in NO_CARD)):
        assert "3 heads of" in verify("--against", copy)


@pytest.mark.parametrize(
    ("what", "into"),
    [
        (b'"count": 3', b'"count": 2'),
        (b'"mode": "live"', b'"mode": "test"'),
        (b" live 3 ", b" live 2 "),
        (b" live 1 ", b"  live 1 "),
    ],
)
def test_a_copy_that_was_changed_is_not_believed(card, copy, what, into):
    changed(copy, what, into)

    with pytest.raises(CommandError, match="has been changed"):
        verify("--against", copy)


def test_a_copy_that_was_cut_off_is_not_believed(card, copy):
    copy.write_bytes(copy.read_bytes()[:-10])

    with pytest.raises(CommandError, match="its heads are not those that were signed"):
        verify("--against", copy)


@pytest.mark.parametrize("text", ["", "x", "{}\n\n", "[]\n\n", '"x"\n', "\xff\n"])
def test_another_file_is_no_copy(text, copy):
    copy.write_text(text, encoding="latin-1")

    with pytest.raises(CommandError, match="is no file of chain heads"):
        verify("--against", copy)


def test_a_copy_of_another_format_says_so(card, copy, monkeypatch):
    monkeypatch.setattr(heads, "FORMAT", "giftcards chain heads 3")

    with pytest.raises(CommandError, match="of another format: giftcards chain heads 2"):
        verify("--against", copy)


def test_a_copy_signed_by_another_is_believed_only_if_named(card, copy, settings):
    """Whoever rewrites history signs a new copy, with a key of his own; we, before, with one now retired."""
    ours, theirs = settings.GIFTCARDS_CODE_KEYS, {9: b"their own key of the very same size"}
    settings.GIFTCARDS_CODE_KEYS = ours | theirs
    fingerprint = verify("--heads", copy).rsplit(" ", 1)[1].strip(".\n")
    verify("--against", copy)
    settings.GIFTCARDS_CODE_KEYS = ours

    with pytest.raises(CommandError, match=f"signed by a key that is none of ours: {fingerprint}"):
        verify("--against", copy)
    assert "3 heads of" in verify("--against", copy, "--signed-by", fingerprint)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CommandError, match="missing can't be read: No such file or directory"):
        verify("--against", tmp_path / "missing")
    with pytest.raises(CommandError, match="can't be written: No such file or directory"):
        verify("--heads", tmp_path / "no such folder" / "heads")


def test_no_heads_are_written_of_a_ledger_that_lies(card, tmp_path):
    target = tmp_path / "of a lie"
    richer = "UPDATE giftcards_giftcard SET balance_cents = balance_cents + 1 WHERE id = %(card)s"

    with tampered((richer, {"card": card.id})), pytest.raises(CommandError):
        verify("--heads", target, "--export", tmp_path / "journal")
    assert [path.name for path in tmp_path.iterdir()] == ["heads.txt"]


def test_what_was_there_stays_when_writing_fails(card, copy, monkeypatch):
    before = copy.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", fail)
    with pytest.raises(CommandError, match=r"heads\.txt can't be written: No space left on device"):
        verify("--heads", copy)

    assert copy.read_bytes() == before
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_many_heads_are_read_in_portions(card, copy, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(heads, "HEADS_AT_A_TIME", 2)
    header = heads.read_header(copy)

    with django_assert_num_queries(2 + 2):  # entries and events of each portion
        assert [number for number, _lies in heads.lies_against(copy, header)] == [2, 1]
