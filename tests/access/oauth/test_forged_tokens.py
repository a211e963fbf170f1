"""What is not signed by us, or not as we sign, is no token, however much it looks like one."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rest_framework.exceptions import AuthenticationFailed

from access.api.authentication import credential_in
from access.oauth import signing_keys, tokens
from access.oauth.issuer import Issuer
from access.oauth.scopes import Grant
from access.oauth.tokens import claims_of, issue_token
from access.queries import credential_of
from kernel.secret import Secret
from tests.fixtures.client import ApiClient
from tests.fixtures.oauth import a_client

pytestmark = pytest.mark.django_db


def let_in(token):
    return credential_in(f"Bearer {token}")


def parts_of(token):
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forgeries(token):
    (header, claims), (head, body, signature) = parts_of(token), token.split(".")
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ours = signing_keys.public_key(header["kid"])
    assert ours is not None
    public = ours.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    yield "another claim", f"{head}.{encoded({**claims, 'test': False})}.{signature}"
    yield "a later end", f"{head}.{encoded({**claims, 'exp': claims['exp'] + 1})}.{signature}"
    yield "no signature", f"{head}.{body}."
    yield "another signature", f"{head}.{body}.{'A' * len(signature)}"
    yield "no algorithm", f"{encoded({**header, 'alg': 'none'})}.{body}."
    yield "no algorithm with a signature", f"{encoded({**header, 'alg': 'none'})}.{body}.{signature}"
    yield "another algorithm", f"{encoded({**header, 'alg': 'RS256'})}.{body}.{signature}"
    hmac_key = base64.urlsafe_b64encode(public).decode()
    yield "the public key as a secret", jwt.encode(claims, hmac_key, "HS512", headers={"kid": header["kid"]})
    yield "another key under our name", jwt.encode(claims, other, "RS512", headers={"kid": header["kid"]})
    yield "another key", jwt.encode(claims, other, "RS512", headers={"kid": "A" * 43})
    yield "no name of a key", jwt.encode(claims, other, "RS512")
    for kid in (None, 1, "", "\0", "\ud800", "../../etc/passwd", "' OR 1=1 --"):
        yield f"the key {kid!r}", f"{encoded({**header, 'kid': kid})}.{body}.{signature}"
    yield "a header that is none", f"{encoded([])}.{body}.{signature}"
    yield "a deep header", f"{base64.urlsafe_b64encode(b'[' * 3000).decode()}.{body}.{signature}"
    yield "a long number", f"{base64.urlsafe_b64encode(b'1' * 6000).decode()}.{body}.{signature}"
    yield "one too many", f"{token}.{signature}"
    yield "two", f"{token} {token}"
    yield "a line break", f"{head}.{body}\n.{signature}"
    yield "padding", f"{token}=="
    yield "letters of other alphabets", f"{head}.{body}.é{signature[1:]}"
    yield "too long", f"{token}{'A' * 8192}"
    yield "dots", ".."


def test_no_forgery_is_let_in():
    token = a_client().token()
    let_in(token)

    def gets_in(forged):
        try:
            let_in(forged)
        except AuthenticationFailed:
            return False
        return True

    assert [name for name, forged in forgeries(token) if gets_in(forged)] == []


def test_every_forgery_is_answered_alike():
    token = a_client().token()

    answers = {
        json.dumps([answer.status, answer.document])
        for name, forged in forgeries(token)
        if forged.isascii() and "\n" not in forged
        for answer in [ApiClient(f"Bearer {forged}").get("gift_cards")]
    }

    (answer,) = answers
    assert "INVALID_TOKEN" in answer


def test_a_forgery_costs_no_statement_once_its_key_is_known(django_assert_num_queries):
    token = a_client().token()
    let_in(token)
    forged = dict(forgeries(token))["another claim"]

    with django_assert_num_queries(0), pytest.raises(AuthenticationFailed):
        let_in(forged)


def test_a_signature_is_verified_once_in_a_process(monkeypatch):
    token = a_client().token()
    let_in(token)
    monkeypatch.setattr(tokens, "_verify", None)

    let_in(token)


def test_only_the_last_tokens_are_remembered():
    remembered = tokens.VerifiedTokens(2)
    client = a_client()
    first, second, third = (client.token() for _ in range(3))

    for token in (first, second, first, third):
        assert remembered.claims_of(token) is not None
    assert remembered.claims_of("a.b.c") is None

    assert len(remembered._claims) == 2
    assert list(remembered._claims.values()) == [claims_of(Secret(token)) for token in (first, third)]


def test_a_token_does_not_show_itself():
    credential = credential_of(a_client().secret)
    assert credential is not None
    issued = issue_token(
        credential=credential,
        grant=Grant("market:all", None, None),
        issuer=Issuer("acme", "gifts.example"),
    )

    assert issued.text.reveal() not in repr(issued)
