"""A code is money: sealed under keys that the database does not have, and bound to its card."""

from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from giftcards import codes
from giftcards.code_format import new_uuid
from giftcards.exceptions import CodeTaken
from giftcards.models import GiftCard
from kernel.keys import uuid7
from kernel.refusals import Invalid
from kernel.secret import Secret
from tests.fixtures.cast import LIVE, a_draft
from tests.fixtures.raw_sql import run
from tests.fixtures.refusing import refused

CODE = "SUMMER-2027-GIFT"
OLD_KEY, NEW_KEY = b"o" * 32, b"n" * 32


@pytest.fixture
def rotate(settings):
    """From now on another key seals; both still open and find."""

    def add_key():
        settings.GIFTCARDS_CODE_KEYS = {1: OLD_KEY, 2: NEW_KEY}

    settings.GIFTCARDS_CODE_KEYS = {1: OLD_KEY}
    return add_key


def found(text):
    return GiftCard.objects.filter(code_digest__in=codes.digests(text))


@given(text=st.text(min_size=8, max_size=40).filter(lambda text: text.isprintable()))
def test_a_sealed_code_is_unsealed_again(text):
    card_id = uuid7()

    sealed = codes.seal(Secret(text), card_id=card_id)

    opened = codes.unseal(sealed.ciphertext, key_version=sealed.key_version, card_id=card_id)
    assert opened.reveal() == text
    assert sealed.last_four == text[-4:]
    assert text.encode() not in sealed.ciphertext + sealed.digest + (sealed.prefix_digest or b"")


def test_a_ciphertext_is_bound_to_its_card():
    sealed = codes.seal(Secret(CODE), card_id=uuid7())

    with pytest.raises(InvalidTag):
        codes.unseal(sealed.ciphertext, key_version=sealed.key_version, card_id=uuid7())


@pytest.mark.parametrize("position", [0, 11, 12, -1])
def test_a_ciphertext_that_was_changed_is_not_opened(position):
    card_id = uuid7()
    sealed = codes.seal(Secret(CODE), card_id=card_id)
    changed = bytearray(sealed.ciphertext)
    changed[position] ^= 1

    with pytest.raises(InvalidTag):
        codes.unseal(bytes(changed), key_version=sealed.key_version, card_id=card_id)


@pytest.mark.django_db
def test_ciphertexts_swapped_between_two_cards_open_neither():
    one, other = a_draft(), a_draft()
    for card, ciphertext in ((one, other.code_ciphertext), (other, one.code_ciphertext)):
        run("UPDATE giftcards_giftcard SET code_ciphertext = %s WHERE id = %s", bytes(ciphertext), card.id)

    for card in (one, other):
        with pytest.raises(InvalidTag):
            GiftCard.objects.get(id=card.id).code()


@pytest.mark.django_db
def test_a_card_gives_its_code_as_a_secret():
    card = GiftCard.objects.get(id=a_draft(code=CODE).id)

    assert card.code() == Secret(CODE)
    assert CODE not in f"{card.code()!r} {card.code()}"


def test_the_same_code_seals_to_the_same_digests_and_another_ciphertext():
    one, other = codes.seal(Secret(CODE), card_id=uuid7()), codes.seal(Secret(CODE), card_id=uuid7())

    assert (one.digest, one.prefix_digest) == (other.digest, other.prefix_digest)
    assert one.ciphertext[: codes.NONCE_LENGTH] != other.ciphertext[: codes.NONCE_LENGTH]


def test_digest_prefix_and_encryption_have_keys_of_their_own():
    """Else a code of eight characters would have the digest of a longer one's prefix."""
    eight = codes.seal(Secret("ABCDEFGH"), card_id=uuid7())
    longer = codes.seal(Secret("ABCDEFGHIJKLM"), card_id=uuid7())

    assert eight.digest != longer.prefix_digest


@pytest.mark.parametrize(("length", "has_prefix"), [(8, False), (12, False), (13, True), (40, True)])
def test_only_a_code_longer_than_twelve_characters_is_found_by_its_first_eight(length, has_prefix):
    sealed = codes.seal(Secret("A" * length), card_id=uuid7())

    assert (sealed.prefix_digest is not None) is has_prefix
    assert (sealed.prefix_digest in codes.prefix_digests("A" * 8)) is has_prefix


def test_the_highest_key_seals(rotate):
    before = codes.seal(Secret(CODE), card_id=uuid7())
    rotate()
    after = codes.seal(Secret(CODE), card_id=uuid7())

    assert (before.key_version, after.key_version) == (1, 2)
    assert before.digest != after.digest
    assert set(codes.digests(CODE)) == {before.digest, after.digest}
    assert set(codes.prefix_digests(CODE[:8])) == {before.prefix_digest, after.prefix_digest}


@pytest.mark.django_db
def test_cards_sealed_under_every_key_are_found_and_opened(rotate):
    before = a_draft(code="BEFORE-ROTATION")
    rotate()
    after = a_draft(code="AFTER-ROTATION")

    assert found("BEFORE-ROTATION").get() == before
    assert found("AFTER-ROTATION").get() == after
    assert [before.code().reveal(), after.code().reveal()] == ["BEFORE-ROTATION", "AFTER-ROTATION"]


@pytest.mark.django_db
def test_a_code_stays_taken_when_the_key_has_been_rotated(rotate):
    a_draft(code=CODE)
    rotate()

    with refused(CodeTaken, about="code", error="taken"):
        a_draft(code=CODE)


def test_without_its_key_a_code_stays_shut(rotate, settings):
    card_id = uuid7()
    sealed = codes.seal(Secret(CODE), card_id=card_id)
    settings.GIFTCARDS_CODE_KEYS = {2: NEW_KEY}

    with pytest.raises(KeyError):
        codes.unseal(sealed.ciphertext, key_version=sealed.key_version, card_id=card_id)


def test_a_generated_code_is_a_random_uuid():
    texts = {new_uuid().reveal() for _ in range(100)}

    assert len(texts) == 100
    assert {UUID(text).version for text in texts} == {4}


@pytest.mark.django_db
def test_a_card_without_a_code_is_given_one():
    assert UUID(a_draft().code().reveal()).version == 4


@pytest.mark.django_db
@pytest.mark.parametrize("length", [8, 40])
def test_a_code_has_between_8_and_40_characters(length):
    assert a_draft(code="é" * length).code().reveal() == "é" * length


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("", "too_short"),
        ("A" * 7, "too_short"),
        ("A" * 41, "too_long"),
        ("WITH SPACE", "invalid"),
        (" LEADING-1", "invalid"),
        ("NEW\nLINE-1", "invalid"),
        ("NULL\x00BYTE", "invalid"),
        ("HALF\ud800PAIR", "invalid"),
        ("HIDDEN\u200bSPACE", "invalid"),
        ("NO\xa0BREAK-1", "invalid"),
    ],
)
def test_a_code_that_cannot_be_one_is_refused_without_repeating_it(code, error):
    with refused(Invalid, about="code", error=error) as refusal:
        a_draft(code=code)

    assert refusal.value.value is None
    assert not code or code not in f"{refusal.value} {refusal.value!r}"


@pytest.mark.django_db
def test_a_code_is_given_once_within_a_mode():
    a_draft(code=CODE)

    with refused(CodeTaken, about="code", error="taken") as refusal:
        a_draft(code=CODE)
    assert refusal.value.value is None


@pytest.mark.django_db
def test_test_and_live_may_use_the_same_code():
    test, live = a_draft(code=CODE), a_draft(by=LIVE, code=CODE)

    assert set(found(CODE)) == {test, live}


@pytest.mark.django_db
def test_codes_that_differ_in_capitals_are_two():
    assert a_draft(code=CODE) != a_draft(code=CODE.lower())


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", CODE[:-1], CODE + " ", CODE.lower(), CODE[:8], CODE[-4:], "%", "\x00"])
def test_only_the_whole_code_finds_the_card(text):
    card = a_draft(code=CODE)

    assert not found(text).exists()
    assert found(CODE).get() == card
