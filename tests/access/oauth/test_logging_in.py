"""`POST /oauth/token`: an API key's id and text for a token, however a client writes that down."""

import base64
import json
import time
from urllib.parse import urlencode

import jwt
import pytest
from django.test import Client, override_settings

from access.models import ApiKey, Application, Organization
from access.operations import revoke_api_key
from kernel.caller import Actor
from kernel.modes import Mode
from tests.fixtures.cast import a_market
from tests.fixtures.oauth import HOST, a_client, post

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
GRANT = {"grant_type": "client_credentials"}


def form(fields, **headers):
    return Client().post("/oauth/token", fields, content_type=FORM, headers={"host": HOST, **headers})


def basic(client_id, secret):
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def refusal(response):
    """Status and symbol, once it is clear that both ways to tell them agree."""
    document = response.json()
    (error,) = document["errors"]
    assert error["title"] == document["error"]
    assert error["detail"] == document["error_description"]
    assert error["status"] == str(response.status_code)
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, error["title"]


def said(response):
    return jwt.decode(response.json()["access_token"], options={"verify_signature": False})


def test_the_whole_answer():
    response = a_client().log_in()

    document = response.json()
    claims = said(response)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert document == {
        "access_token": document["access_token"],
        "token_type": "Bearer",
        "expires_in": 7200,
        "scope": "market:all",
        "created_at": claims["iat"],
    }
    assert abs(claims["iat"] - time.time()) < 60


@pytest.mark.parametrize("mode", Mode)
def test_the_whole_of_what_a_token_says(mode):
    client = a_client(mode)
    token = client.token()

    claims = jwt.decode(token, options={"verify_signature": False})
    header = jwt.get_unverified_header(token)
    assert header == {"alg": "RS512", "typ": "JWT", "kid": header["kid"]}
    assert claims == {
        "organization": {
            "id": str(Organization.objects.get().pk),
            "slug": "gift-cards",
            "enterprise": False,
            "region": "self-hosted",
        },
        "application": {
            "id": str(Application.objects.get(name="till").pk),
            "client_id": client.client_id,
            "kind": "integration",
            "public": False,
            "confidential": True,
        },
        "scope": "market:all",
        "exp": claims["iat"] + 7200,
        "test": mode is Mode.TEST,
        "rand": claims["rand"],
        "iat": claims["iat"],
        "iss": "https://auth.gifts.example:8443",
    }


def test_two_tokens_of_one_second_differ():
    client = a_client()

    assert client.token() != client.token()


def test_what_clients_send_along_is_passed_over():
    response = a_client().log_in(slug="acme", scope="", audience=None, organization="Gift cards", mode="test")

    assert response.status_code == 200
    assert response.json()["scope"] == "market:all"


def test_a_form_does_as_well():
    fields = a_client().credentials(**GRANT, scope="")

    assert form(urlencode(fields)).status_code == 200


@pytest.mark.parametrize("kind", ["json", "form"])
def test_the_client_may_be_in_the_header(kind):
    client = a_client()
    header = basic(client.client_id, client.secret.reveal())

    if kind == "json":
        response = post("token", GRANT, authorization=header)
    else:
        response = form("grant_type=client_credentials", authorization=header)

    assert response.status_code == 200


def bad_clients():
    good, other = a_client(), a_client(application_name="another")
    revoked = a_client(application_name="revoked")
    revoke_api_key(api_key_id=ApiKey.objects.get(client_id=revoked.client_id).pk, actor=Actor.system("tests"))
    secret = good.secret.reveal()
    yield {}
    yield {"client_id": good.client_id}
    yield {"client_secret": secret}
    yield {"client_id": other.client_id, "client_secret": secret}
    yield {"client_id": good.client_id + "\0", "client_secret": secret}
    yield {"client_id": "café", "client_secret": secret}
    yield {"client_id": good.client_id, "client_secret": secret[:-1]}
    yield {"client_id": good.client_id, "client_secret": good.client_id}
    yield revoked.credentials()


def test_one_answer_to_every_client_who_is_none():
    answers = {post("token", {**GRANT, **client}).content for client in bad_clients()}

    (answer,) = answers
    assert json.loads(answer)["errors"] == [
        {
            "title": "invalid_client",
            "detail": "The client id and the client secret do not belong to an API key that can be used.",
            "code": "INVALID_CLIENT",
            "status": "401",
        }
    ]


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic " + "AAAA", basic("a", "b"), "Basic \xff"])
def test_a_client_who_is_none_in_the_header_is_told_how_to_be_one(header):
    response = post("token", GRANT, authorization=header)

    assert refusal(response) == (401, "invalid_client")
    assert response.headers["WWW-Authenticate"] == 'Basic realm="oauth"'


def test_one_way_to_authenticate_is_enough():
    client = a_client()
    header = basic(client.client_id, client.secret.reveal())

    response = post("token", client.credentials(**GRANT), authorization=header)

    assert refusal(response) == (400, "invalid_request")


@pytest.mark.parametrize(
    "grant_type", ["password", "refresh_token", "authorization_code", "CLIENT_CREDENTIALS"]
)
def test_there_is_one_grant(grant_type):
    response = post("token", a_client().credentials(grant_type=grant_type))

    assert refusal(response) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"client_credentials"',
        b"null",
        b"\xff",
        b'{"grant_type": 1}',
        b'{"grant_type": ["client_credentials"]}',
        b'{"grant_type": null}',
        b'{"grant_type": "client_credentials", "scope": ["market:all"]}',
        b'{"grant_type": ""}',
        b'{"a": "b", "a": "c"}',
        b'{"scope": "\\ud800"}',
        b"[" * 100_000,
        b"{}",
    ],
)
def test_a_body_that_is_none_or_not_what_is_asked_for(body):
    assert refusal(post("token", body)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data; boundary=x", "", "application/xml"]
)
def test_another_kind_of_body(content_type):
    response = Client().post("/oauth/token", b"grant_type=client_credentials", content_type=content_type)

    assert refusal(response) == (400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "%",
        "grant_type=",
        "grant_type=client_credentials&grant_type=client_credentials",
        "scope=%ff",
        "=",
    ],
)
def test_a_form_that_is_none(body):
    assert refusal(form(body)) == (400, "invalid_request")


def test_a_body_that_is_too_large():
    response = post("token", b'{"scope": "' + b"a" * 3_000_000 + b'"}')

    assert response.status_code == 413
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("address", ["token", "revoke"])
def test_only_post(method, address):
    response = Client().generic(method, f"/oauth/{address}")

    assert refusal(response) == (405, "invalid_request")
    assert response.headers["Allow"] == "POST"


def test_no_cookie_and_no_csrf_token_is_asked_for():
    client = a_client()

    response = Client(enforce_csrf_checks=True).post(
        "/oauth/token", json.dumps(client.credentials(**GRANT)), content_type="application/json"
    )

    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.parametrize("path", ["/oauth", "/oauth/", "/oauth/token/", "/oauth/authorize"])
@pytest.mark.parametrize("debug", [True, False])
def test_there_is_nothing_beside_them_and_it_is_told_in_json(path, debug):
    with override_settings(DEBUG=debug):
        assert refusal(Client().post(path)) == (404, "invalid_request")


def test_a_host_that_is_not_ours_is_refused_in_json():
    with override_settings(ALLOWED_HOSTS=["gifts.example"]):
        assert refusal(post("token", {}, host="elsewhere.example")) == (400, "invalid_request")


@pytest.mark.parametrize(("method", "path"), [("POST", "/oauth/token"), ("GET", "/.well-known/jwks.json")])
def test_nobody_is_led_to_https_after_sending_a_secret_without_it(method, path):
    with override_settings(SECURE_SSL_REDIRECT=True):
        response = Client().generic(method, path)

    assert refusal(response) == (400, "invalid_request")
    assert "Location" not in response.headers


def test_a_crash_is_told_in_json(monkeypatch):
    def crash(**_):
        raise RuntimeError

    monkeypatch.setattr("access.api.oauth.views.issue_token", crash)

    assert refusal(a_client().log_in()) == (500, "server_error")


def test_logging_in_is_noted_as_a_use_of_the_key():
    client = a_client()
    client.token()

    assert ApiKey.objects.get(client_id=client.client_id).last_used_at is not None


@override_settings(GIFTCARDS_LOGIN_FAILURES=3)
def test_who_fails_too_often_waits_and_who_knows_a_secret_does_not():
    client = a_client()
    wrong = {**client.credentials(**GRANT), "client_secret": "guess"}

    answers = [refusal(post("token", wrong)) for _ in range(5)]
    held_back = post("revoke", {**wrong, "token": "x"})

    assert answers == [(401, "invalid_client")] * 3 + [(429, "throttled")] * 2
    assert 0 < int(held_back.headers["Retry-After"]) <= 600
    assert refusal(held_back) == (429, "throttled")
    assert client.log_in().status_code == 200


def market_words(*markets):
    return [f"market:id:{market.pk}" for market in markets]


def test_the_scope_comes_back_word_by_word():
    italy, spain = a_market(code="it"), a_market(code="es")
    client = a_client()
    by_id = market_words(italy)[0]
    wanted = [
        "market:all",
        by_id,
        by_id.upper().replace("MARKET:ID", "market:id"),
        "market:code:es",
        f"  market:code:es   {by_id} ",
        f"{by_id},market:code:es",
        "gift_cards:read",
        "gift_cards:read market:all gift_cards:read",
        f"market:id:{spain.pk} market:all",
    ]

    assert [client.log_in(scope=scope).json()["scope"] for scope in wanted] == wanted


@pytest.mark.parametrize(
    "scope",
    [
        "market:id:01a1fe97-9fc1-7194-8768-02c326dbc41e",
        "market:id:",
        "market:id:eu",
        "market:code:",
        "market:code:nowhere",
        "market:code:live",
        "market:code:fr",
        "market:code:it market:code:nowhere",
        "market:all market:code:it gift_cards:issue",
        "gift_cards:issue",
        "gift_cards:*",
        "stock_location:all",
        "provisioning-api",
        "MARKET:ALL",
        "market:code:it\n",
        "market:code:\0",
        "a" * 2001,
    ],
)
def test_a_scope_that_there_is_not_or_that_the_key_has_not(scope):
    a_market(code="it"), a_market(code="fr")
    live = a_client(Mode.LIVE, application_name="live")
    assert live.log_in(scope="market:all").status_code == 200

    response = a_client(market_codes=["it"], scopes=["gift_cards:read"]).log_in(scope=scope)

    assert refusal(response) == (400, "invalid_scope")


def test_what_the_key_has_not_and_what_there_is_not_is_refused_in_the_same_words():
    a_market(code="fr")
    a_market(code="it")
    client = a_client(market_codes=["it"])

    (there, _), (nowhere, _) = (
        (client.log_in(scope=f"market:code:{code}").json()["error_description"].replace(code, "…"), code)
        for code in ("fr", "xx")
    )

    assert there == nowhere
