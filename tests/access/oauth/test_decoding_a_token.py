"""What clients do with a token that they do not understand: plain base64, and a header that must fit."""

import base64
import json
import string

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.api.authentication import credential_in
from access.oauth.tokens import PlainBase64
from tests.fixtures.cast import a_market
from tests.fixtures.oauth import a_client

ASCII = set(string.ascii_letters + string.digits + "+/")


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False) | st.integers()))
def test_what_a_token_says_can_be_decoded_as_plain_base64(claims):
    token = jwt.encode({"claims": claims}, "k" * 64, "HS512", json_encoder=PlainBase64)
    payload = token.split(".")[1]

    assert set(payload) <= ASCII
    text = base64.b64decode(payload + "=" * (-len(payload) % 4), validate=True)
    assert text.isascii()
    assert json.loads(text) == {"claims": claims}


@pytest.mark.django_db
def test_a_scope_with_any_letters_comes_through():
    a_market(code="~?>München?>~")
    scope = "market:code:~?>München?>~"

    token = a_client().token(scope=scope)

    assert set(token.split(".")[1]) <= ASCII
    assert jwt.decode(token, options={"verify_signature": False})["scope"] == scope
    assert len(credential_in(f"Bearer {token}").caller.market_ids or ()) == 1


@pytest.mark.django_db
def test_a_token_for_many_markets_is_not_too_long_to_be_sent():
    names = " ".join(f"market:id:{a_market(name=str(number)).pk}" for number in range(40))

    token = a_client().token(scope=names)

    assert len(token) < 8000
    assert len(credential_in(f"Bearer {token}").caller.market_ids or ()) == 40
