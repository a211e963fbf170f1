"""What is sealed opens with the same key, for the same purpose, at the same place, and not otherwise."""

import pytest

from kernel.sealing import Sealed, Unreadable, derived_key, keyed_digest, seal, unseal, version_in_use

OLD, NEW = b"o" * 32, b"n" * 32


@pytest.fixture(autouse=True)
def _two_keys(settings):
    settings.GIFTCARDS_CODE_KEYS = {1: OLD, 2: NEW}


def test_what_is_sealed_opens_again_and_shows_nothing():
    sealed = seal("letters", b"ABCD-1234", belongs_to=b"ada")

    assert unseal("letters", sealed, belongs_to=b"ada") == b"ABCD-1234"
    assert b"ABCD" not in sealed.ciphertext
    assert seal("letters", b"ABCD-1234", belongs_to=b"ada") != sealed


def test_the_newest_key_seals_and_the_others_still_open(settings):
    settings.GIFTCARDS_CODE_KEYS = {1: OLD}
    sealed = seal("letters", b"x", belongs_to=b"ada")
    settings.GIFTCARDS_CODE_KEYS = {1: OLD, 2: NEW}

    assert (sealed.key_version, version_in_use()) == (1, 2)
    assert unseal("letters", sealed, belongs_to=b"ada") == b"x"
    assert seal("letters", b"x", belongs_to=b"ada").key_version == 2


@pytest.mark.parametrize(
    ("purpose", "belongs_to", "change"),
    [
        ("diaries", b"ada", lambda sealed: sealed),
        ("letters", b"bob", lambda sealed: sealed),
        ("letters", b"ada", lambda sealed: Sealed(sealed.ciphertext, 1)),
        ("letters", b"ada", lambda sealed: Sealed(sealed.ciphertext, 3)),
        ("letters", b"ada", lambda sealed: Sealed(sealed.ciphertext[:-1], 2)),
        ("letters", b"ada", lambda sealed: Sealed(sealed.ciphertext + b"x", 2)),
        ("letters", b"ada", lambda sealed: Sealed(b"", 2)),
        ("letters", b"ada", lambda sealed: Sealed(b"short", 2)),
    ],
)
def test_it_does_not_open_otherwise(purpose, belongs_to, change):
    sealed = seal("letters", b"x", belongs_to=b"ada")

    with pytest.raises(Unreadable):
        unseal(purpose, change(sealed), belongs_to=belongs_to)


def test_every_purpose_and_every_version_has_a_key_of_its_own():
    keys = {derived_key(purpose, version) for purpose in ("letters", "diaries") for version in (1, 2)}

    assert len(keys | {OLD, NEW}) == 6
    assert {len(key) for key in keys} == {32}


def test_a_digest_depends_on_purpose_message_and_key():
    digests = {
        keyed_digest(purpose, message, key_version=version)
        for purpose in ("letters", "diaries")
        for message in (b"x", b"y")
        for version in (1, 2)
    }

    assert len(digests) == 8
    with pytest.raises(Unreadable):
        keyed_digest("letters", b"x", key_version=3)
