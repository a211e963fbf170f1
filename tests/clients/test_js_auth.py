"""The vendor's library for logging in, and its SDK with nothing but a token, over real TLS.

A certificate and a way to find the names in it are given to node from outside; the packages are as published.
"""

from typing import Any, Final

import pytest

from access.models import Application, Organization
from markets.models import Market
from tests.clients.official_clients import Node
from tests.clients.outcomes import Refused, told
from tests.clients.tls import DOMAIN
from tests.clients.tls_server import TlsServer
from tests.fixtures.cast import a_draft, a_market
from tests.fixtures.oauth import OAuthClient, a_client

REFUSALS: Final = {
    "with a wrong secret": "invalid_client",
    "for a market that there is not": "invalid_scope",
    "as a person": "unsupported_grant_type",
    "revoke with a wrong secret": "invalid_client",
}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def europe() -> Market:
    return a_market(name="Europe", code="eu", currency_code="EUR")


@pytest.fixture
def client(europe: Market) -> OAuthClient:
    made = a_client()
    Organization.objects.update(slug="acme")
    return made


def given(client: OAuthClient, server: TlsServer) -> dict[str, Any]:
    return {
        "clientId": client.client_id,
        "clientSecret": client.secret.reveal(),
        "domain": f"{DOMAIN}:{server.port}",
    }


def test_js_auth_logs_in_keeps_verifies_and_revokes(
    node: Node, tls_server: TlsServer, client: OAuthClient, europe: Market
):
    a_draft(market=europe)
    outcomes = node.drive("js_auth", tls_server, **given(client, tls_server))

    answers = {step: outcome.get("answer", outcome) for step, outcome in outcomes.items()}
    token, payload = answers["log in"], answers["decode"]["payload"]
    assert {name: token[name] for name in ("tokenType", "expiresIn", "scope", "createdAt")} == {
        "tokenType": "Bearer",
        "expiresIn": 7200,
        "scope": "market:all",
        "createdAt": payload["iat"],
    }
    assert answers["log in for a market"]["scope"] == "market:code:eu"
    assert {step: title_of(answers[step]) for step in REFUSALS} == REFUSALS

    assert answers["decode"]["header"]["alg"] == "RS512"
    assert answers["decode"]["isIntegration"] is True
    assert payload["organization"]["slug"] == "acme"
    assert payload["application"]["id"] == str(Application.objects.get().pk)
    assert payload["test"] is True
    assert payload["iss"] == f"https://auth.{DOMAIN}:{tls_server.port}"
    assert answers["verify"] == answers["verify again"] == "market:all"
    assert answers["asked for keys"] == 1
    assert answers["verify what was changed"] == {
        "refused": "InvalidTokenError",
        "message": "Invalid signature",
    }
    assert answers["where the API is"] == f"https://acme.{DOMAIN}:{tls_server.port}"
    assert answers["read"] == {"status": 200, "cards": 1}
    assert answers["revoke"] == {}
    assert answers["read after that"] == {"status": 401, "code": "INVALID_TOKEN"}

    for scope in ("", " of a market"):
        assert answers[f"authorization{scope}"]["ownerType"] == "guest"
        assert answers[f"authorization{scope}"]["expiresIn"] > 7100
        assert answers[f"the same authorization{scope}"] == {"same": True, "logins": 1}
        assert answers[f"revoke the authorization{scope}"] == {}
        assert answers[f"read with it{scope}"] == {"status": 401, "code": "INVALID_TOKEN"}
        assert answers[f"another authorization{scope}"] == {"same": False, "read": 200}


def title_of(answer: dict[str, Any]) -> str:
    (error,) = answer["errors"]
    title: str = error["title"]
    return title


def test_the_sdk_needs_nothing_but_a_token(node: Node, tls_server: TlsServer, client: OAuthClient, sdk: str):
    outcomes = node.drive("token_alone", tls_server, sdk=sdk, **given(client, tls_server))

    assert told(outcomes, "status", "balance_cents") == {
        "whose it is by its token": "acme",
        "whose it says it is": "acme",
        "create": ("draft", 5000),
        "purchase": ("inactive", 5000),
        "list": ["inactive"],
        "delete": Refused(423, "LOCKED"),
    }
