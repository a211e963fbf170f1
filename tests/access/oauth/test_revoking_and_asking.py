"""`POST /oauth/revoke` and `GET /oauth/tokeninfo`."""

import base64
from datetime import timedelta

import pytest
from django.test import Client

from access.models import ApiKey, Application, RevokedToken
from access.operations import rotate_api_key
from access.scopes import Scope
from events.models import Event
from kernel.caller import Actor
from kernel.clock import database_now
from kernel.modes import Mode
from tests.fixtures.cast import a_market
from tests.fixtures.client import ApiClient
from tests.fixtures.oauth import OAuthClient, a_client, post

pytestmark = pytest.mark.django_db


def let_in(token):
    return ApiClient(f"Bearer {token}").get("organization").status == 200


def told(response):
    return response.status_code, response.json().get("error")


def test_a_revoked_token_is_unknown_from_the_next_request_on():
    client = a_client()
    token, other = client.token(), client.token()
    assert let_in(token)

    response = client.revoke(token)

    assert (response.status_code, response.content) == (200, b"{}")
    assert response.headers["Cache-Control"] == "no-store"
    assert ApiClient(f"Bearer {token}").get("gift_cards").error["code"] == "INVALID_TOKEN"
    assert let_in(other)
    assert let_in(client.secret.reveal())


def test_in_no_other_spelling_of_its_signature_either():
    client = a_client()
    token = client.token()
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(token[-1])
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + alphabet[last ^ 1]
    assert base64.urlsafe_b64decode(twin.split(".")[2] + "==") == base64.urlsafe_b64decode(
        token.split(".")[2] + "=="
    )
    let_in(twin)

    client.revoke(token)

    assert not let_in(twin)


def test_revoking_again_and_revoking_nothing_change_nothing():
    client = a_client()
    token = client.token()

    answers = [client.revoke(text) for text in (token, token, "nothing", "a.b.c", token[:-5] + "AAAAA")]

    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"{}")}
    assert RevokedToken.objects.count() == 1


def test_it_is_written_down_who_revoked():
    client = a_client()
    client.revoke(client.token())

    key = ApiKey.objects.get(client_id=client.client_id)
    event = Event.objects.get(topic="api_keys.revoke_token")
    assert (event.subject_id, event.actor_id) == (key.pk, str(key.pk))
    assert event.data["client_id"] == client.client_id


def test_a_new_key_of_the_application_revokes_what_an_old_one_was_given():
    client = a_client()
    token = client.token()
    key = ApiKey.objects.get(client_id=client.client_id)
    new, secret = rotate_api_key(api_key_id=key.pk, overlap=timedelta(hours=1), actor=Actor.system("tests"))

    OAuthClient(new.client_id, secret).revoke(token)

    assert not let_in(token)


@pytest.mark.parametrize("other", [{"application_name": "another"}, {"mode": Mode.LIVE}])
def test_nobody_revokes_the_token_of_somebody_else(other):
    client = a_client()
    token = client.token()

    answer = a_client(**other).revoke(token)

    assert told(answer) == (400, "invalid_request")
    assert let_in(token)


def test_what_clients_send_along_is_passed_over():
    """The official command line sends all that it has kept of the login."""
    client = a_client()
    kept = {"scope": ["market:all"], "slug": "acme", "live": False, "user": None, "api": {"core": 1}}

    answer = post("revoke", client.credentials(token=client.token(), **kept))

    assert (answer.status_code, answer.content) == (200, b"{}")


def test_nobody_revokes_without_a_secret():
    client = a_client()
    token = client.token()

    assert told(post("revoke", {"client_id": client.client_id, "token": token})) == (401, "invalid_client")
    assert let_in(token)


def test_a_request_without_a_token():
    assert told(post("revoke", a_client().credentials())) == (400, "invalid_request")


def test_a_key_is_not_revoked_here():
    client = a_client()

    assert told(client.revoke(client.secret.reveal())) == (400, "unsupported_token_type")
    assert let_in(client.secret.reveal())


def test_revoked_tokens_are_forgotten_when_they_would_have_expired():
    client = a_client()
    client.revoke(client.token())
    RevokedToken.objects.update(expires_at=database_now() - timedelta(seconds=1))

    client.revoke(client.token())

    assert (
        RevokedToken.objects.filter(expires_at__gt=database_now()).count()
        == RevokedToken.objects.count()
        == 1
    )


# Asking


def ask(authorization):
    return Client().get("/oauth/tokeninfo", headers={"authorization": authorization})


def test_the_whole_of_what_is_told_about_a_token():
    market = a_market(code="it")
    client = a_client(Mode.TEST)
    token = client.token(scope="market:code:it gift_cards:read gift_cards:spend")

    response = ask(f"Bearer {token}")

    document = response.json()
    permissions = document.pop("permissions")
    application = Application.objects.get(name="till")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert document == {
        "token": {"test": True, "market_ids": [str(market.pk)], "stock_location_ids": []},
        "role": {
            "id": str(ApiKey.objects.get(client_id=client.client_id).pk),
            "kind": "custom",
            "name": "till",
        },
        "application": {
            "id": str(application.pk),
            "client_id": client.client_id,
            "kind": "integration",
            "name": "till",
            "public": False,
            "confidential": True,
            "core": False,
        },
        "owner": None,
        "accessible_apps": [],
    }
    assert permissions["gift_cards"] == {"actions": ["read", "update"]}
    assert permissions["markets"] == {"actions": ["read"]}
    assert permissions["gift_card_lookups"] == {"actions": ["create"]}
    assert permissions["organizations"] == {"actions": ["read"]}


EVERYTHING = ["create", "read", "update", "destroy"]


@pytest.mark.parametrize(
    ("scopes", "kind", "gift_cards", "markets"),
    [
        (None, "admin", EVERYTHING, EVERYTHING),
        ([Scope.READ], "read_only", ["read"], ["read"]),
        ([Scope.READ, Scope.REVEAL_CODES], "read_only", ["read"], ["read"]),
        ([Scope.ISSUE], "custom", ["create", "update", "destroy"], []),
        ([Scope.RECHARGE], "custom", ["update"], []),
        ([Scope.ADMIN], "custom", [], ["create", "update", "destroy"]),
    ],
)
def test_what_may_be_done_follows_the_scopes_and_a_key_is_told_like_a_token(
    scopes, kind, gift_cards, markets
):
    client = a_client(scopes=scopes)

    by_token, by_key = (ask(f"Bearer {text}").json() for text in (client.token(), client.secret.reveal()))

    assert by_token == by_key
    assert by_token["role"]["kind"] == kind
    assert by_token["permissions"]["gift_cards"]["actions"] == gift_cards
    assert by_token["permissions"]["markets"]["actions"] == markets


def test_a_live_key_is_told_so():
    assert ask(f"Bearer {a_client(Mode.LIVE).secret.reveal()}").json()["token"]["test"] is False


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", "Basic YTpi", "Bearer a.b.c"])
def test_who_is_nobody_is_told_so(authorization):
    response = ask(authorization)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json()["errors"] == [
        {
            "title": "Invalid token",
            "detail": "The access token is missing, unknown, expired or revoked.",
            "code": "INVALID_TOKEN",
            "status": "401",
        }
    ]
