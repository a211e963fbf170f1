"""What an API key looks like: scanners recognise it, typing mistakes show, and only its digest is kept."""

import hashlib
import re
import zlib

import pytest

from access.credentials import ALPHABET, digest, is_well_formed, new_credentials
from kernel.modes import Mode


@pytest.mark.parametrize("mode", Mode)
def test_a_key_and_its_client_id_say_what_they_are_and_of_which_mode(mode):
    new = new_credentials(mode)

    assert re.fullmatch(rf"gck_{mode}_[0-9A-Za-z]{{49}}", new.key.reveal())
    assert re.fullmatch(rf"gcc_{mode}_[0-9A-Za-z]{{22}}", new.client_id)
    assert is_well_formed(new.key.reveal())


def test_a_scanner_can_check_a_key_by_its_last_six_characters():
    text = new_credentials(Mode.LIVE).key.reveal()
    body, checksum = text[:-6], text[-6:]

    number = 0
    for character in checksum:
        number = number * 62 + ALPHABET.index(character)
    assert number == zlib.crc32(body.encode())


def test_any_mistyped_character_shows():
    text = new_credentials(Mode.TEST).key.reveal()

    for position in range(len(text)):
        other = "a" if text[position] != "a" else "b"
        assert not is_well_formed(text[:position] + other + text[position + 1 :])


@pytest.mark.parametrize(
    "text", ["", "gck_test_", "Bearer", "gck_prod_" + "a" * 49, "gck_test_" + "é" * 49, "x" * 100_000]
)
def test_what_is_no_key_shows(text):
    assert not is_well_formed(text)


@pytest.mark.parametrize("around", ["{}\n", " {}", "{} ", "{}a"])
def test_a_key_with_something_around_it_is_no_key(around):
    assert not is_well_formed(around.format(new_credentials(Mode.TEST).key.reveal()))


def test_a_test_key_does_not_pass_for_a_live_one():
    assert not is_well_formed(new_credentials(Mode.TEST).key.reveal().replace("test", "live"))


def test_no_two_are_equal():
    made = [new_credentials(Mode.TEST) for _ in range(100)]

    assert len({new.key for new in made}) == len({new.client_id for new in made}) == 100


def test_the_digest_is_sha_256():
    key = new_credentials(Mode.TEST).key

    assert digest(key) == hashlib.sha256(key.reveal().encode()).digest()
