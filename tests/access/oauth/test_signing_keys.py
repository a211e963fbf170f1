"""Signing keys follow one another, and nobody who has a token notices."""

from datetime import timedelta
from threading import Barrier

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
)
from django.core.management import CommandError, call_command
from django.test import Client

from access.models import SigningKey
from access.oauth import signing_keys
from access.oauth.signing_keys import BITS, key_in_use, rotate_signing_key, thumbprint
from kernel.clock import database_now
from kernel.refusals import Invalid
from tests.fixtures.client import ApiClient
from tests.fixtures.oauth import a_client
from tests.fixtures.races import at_once

pytestmark = pytest.mark.django_db


def published():
    """The ids of what anybody may verify with, and a check that it can be."""
    response = Client().get("/.well-known/jwks.json")
    assert response.headers["Cache-Control"] == "public, max-age=300"
    return {key["kid"]: jwt.PyJWK(key) for key in response.json()["keys"]}


def kid_of(token):
    return jwt.get_unverified_header(token)["kid"]


def let_in(token):
    return ApiClient(f"Bearer {token}").get("organization").status == 200


def later(**time):
    """As if so much time had passed since the keys were made."""
    passed = timedelta(**time)
    for key in SigningKey.objects.all():
        key.signs_from -= passed
        key.verified_until = key.verified_until and key.verified_until - passed
        key.save()


def test_the_first_key_is_made_when_it_is_first_asked_for():
    assert not SigningKey.objects.exists()

    token = a_client().token()

    assert list(published()) == [kid_of(token)]


def test_so_it_is_for_who_asks_for_the_published_keys_first():
    (kid,) = published()

    assert kid_of(a_client().token()) == kid


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_first_make_one_key():
    kids = {kid for kid, _private in at_once([key_in_use] * 6)}

    assert len(kids) == SigningKey.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_each_would_make_one(monkeypatch):
    all_are_there, made = Barrier(6, timeout=20), signing_keys._made

    def make(**when):
        all_are_there.wait()
        return made(**when)

    monkeypatch.setattr(signing_keys, "_lock", lambda: None)
    monkeypatch.setattr(signing_keys, "_made", make)

    kids = {kid for kid, _private in at_once([key_in_use] * 6)}

    assert len(kids) == 6


def test_anybody_verifies_a_token_with_what_is_published():
    token = a_client().token()
    key = published()[kid_of(token)]

    claims = jwt.decode(token, key.key, algorithms=["RS512"])

    assert claims["scope"] == "market:all"
    assert key.key.key_size == BITS
    assert thumbprint(key.key) == key.key_id


def test_only_the_public_half_is_published():
    key = Client().get("/.well-known/jwks.json").json()["keys"][0]

    assert key.keys() == {"kty", "n", "e", "kid", "use", "alg"}
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS512")


def test_the_private_half_is_sealed():
    _kid, private = key_in_use()
    plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    key = SigningKey.objects.get()
    assert plain[-64:] not in bytes(key.private_ciphertext)
    assert load_der_public_key(bytes(key.public_key)) == private.public_key()


def test_a_rotation_from_its_first_minute_to_its_last():
    client = a_client()
    old = client.token()

    new = rotate_signing_key()
    assert list(published()) == [kid_of(old), new.kid]
    assert kid_of(client.token()) == kid_of(old)

    later(minutes=10)
    young = client.token()
    assert kid_of(young) == new.kid
    assert list(published()) == [kid_of(old), new.kid]
    assert let_in(old)
    assert let_in(young)

    later(hours=2)
    assert let_in(old)

    later(minutes=5)
    assert list(published()) == [new.kid]
    assert not let_in(old)
    assert let_in(young)

    rotate_signing_key()
    assert not SigningKey.objects.filter(kid=kid_of(old)).exists()


def test_the_next_rotation_waits_until_the_last_key_signs():
    key_in_use()
    rotate_signing_key()

    with pytest.raises(Invalid, match="is not possible before"):
        rotate_signing_key()

    later(minutes=10)
    rotate_signing_key()
    assert len(published()) == 3


def test_the_first_rotation_makes_a_key_that_signs_at_once():
    made = rotate_signing_key()

    assert kid_of(a_client().token()) == made.kid


def test_a_key_that_somebody_may_know_is_withdrawn_with_all_it_has_signed():
    client = a_client()
    stolen = client.token()
    assert let_in(stolen)
    rotate_signing_key()

    new = rotate_signing_key(withdraw_others=True)

    assert list(published()) == [new.kid]
    assert not let_in(stolen)
    assert let_in(client.token())
    assert kid_of(client.token()) == new.kid


def test_withdrawn_keys_do_not_come_back():
    client = a_client()
    stolen = client.token()
    rotate_signing_key(withdraw_others=True)

    later(minutes=1)
    rotate_signing_key()
    later(minutes=20)

    assert not let_in(stolen)


def test_a_key_that_can_not_be_opened_is_followed_by_one_that_can(settings, caplog):
    client = a_client()
    old = client.token()
    settings.GIFTCARDS_CODE_KEYS = {2: b"2" * 32}

    new = client.token()

    assert kid_of(new) != kid_of(old)
    assert let_in(old)
    assert let_in(new)
    assert len(published()) == 2
    assert f"Signing key {kid_of(old)} can't be opened" in caplog.text


def test_a_key_whose_ciphertext_was_changed_signs_nothing():
    kid, _private = key_in_use()
    other = rotate_signing_key(withdraw_others=True)
    SigningKey.objects.filter(kid=other.kid).update(
        private_ciphertext=SigningKey.objects.get(kid=kid).private_ciphertext
    )

    assert key_in_use()[0] not in {kid, other.kid}


def test_the_command_says_what_it_has_made(capsys):
    key_in_use()
    call_command("rotate_signing_key")

    made = SigningKey.objects.latest("signs_from")
    assert made.signs_from > database_now()
    printed = capsys.readouterr()
    assert made.kid in printed.err
    assert printed.out == ""


def test_the_command_refuses_in_one_sentence():
    key_in_use()
    call_command("rotate_signing_key")

    with pytest.raises(
        CommandError, match=r"^Rotating is not possible before .*, when the next key signs\.$"
    ):
        call_command("rotate_signing_key")


def test_the_command_withdraws_at_once(capsys):
    token = a_client().token()
    call_command("rotate_signing_key", "--withdraw")

    assert not let_in(token)
