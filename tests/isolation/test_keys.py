"""A key may do what its scopes say, until it is revoked: in every process, from the next request on."""

from contextlib import ExitStack
from typing import Any

import pytest

from access.operations import mint_api_key, revoke_api_key
from access.scopes import EVERY_SCOPE, Scope
from kernel.caller import Actor
from kernel.modes import Mode
from tests.fixtures.cast import a_draft, a_market, an_active_card
from tests.server import Api, Server, a_key

pytestmark = pytest.mark.django_db(transaction=True)

RESOURCES = ("markets", "gift_card_recipients", "gift_cards")


def denials(caller: Api, requests: list[tuple[str, str, dict[str, Any] | None]]) -> set[tuple[int, str]]:
    answers = []
    for method, address, attributes in requests:
        resource, _, key = address.partition("/")
        if attributes is None:
            answers.append(caller.request(method, f"/{address}"))
        elif key:
            answers.append(caller.update(resource, key, attributes))
        else:
            answers.append(caller.create(resource, attributes))
    return {(answer.status_code, answer.json()["errors"][0]["code"]) for answer in answers}


def test_a_key_without_the_scope_is_denied_whatever_it_names(server: Server):
    card, unknown = a_draft(), "018f0000-0000-7000-8000-000000000000"
    requests: list[tuple[str, str, dict[str, Any] | None]] = [
        *(("GET", resource, None) for resource in RESOURCES),
        *(("GET", f"{resource}/{unknown}", None) for resource in RESOURCES),
        *(("DELETE", f"{resource}/{unknown}", None) for resource in RESOURCES),
        ("GET", f"gift_cards/{card.id}/market", None),
        ("POST", "markets", {"name": "Rome"}),
        ("POST", "gift_card_recipients", {"email": "ada@example.com"}),
        ("POST", "gift_cards", {"balance_cents": 1, "currency_code": "EUR"}),
        ("PATCH", f"gift_cards/{card.id}", {"_purchase": True}),
    ]

    with server.caller(a_key(scopes=[Scope.REVEAL_CODES])) as caller:
        assert denials(caller, requests) == {(403, "UNAUTHORIZED")}


@pytest.mark.parametrize(
    ("attributes", "scope"),
    [
        ({"_balance_change_cents": -1}, Scope.SPEND),
        ({"_balance_change_cents": 1}, Scope.RECHARGE),
        ({"_deactivate": True}, Scope.ISSUE),
        ({"balance_cents": 5}, Scope.ADJUST),
        ({"metadata": {"a": 1}}, Scope.ISSUE),
    ],
)
def test_each_verb_needs_its_own_scope(server: Server, attributes: dict[str, Any], scope: Scope):
    card = an_active_card()
    every_other = [each for each in EVERY_SCOPE if each != scope]

    with server.caller(a_key(scopes=every_other)) as caller:
        assert denials(caller, [("PATCH", f"gift_cards/{card.id}", attributes)]) == {(403, "UNAUTHORIZED")}
    with server.caller(a_key(scopes=[scope])) as caller:
        assert caller.trigger(card.id, **attributes).status_code == 200


def test_a_key_that_may_not_reveal_codes_reads_their_ends(server: Server):
    a_draft(code="WELCOME-2026")

    with server.caller(a_key(scopes=[Scope.READ])) as caller:
        (card,) = caller.get("/gift_cards").json()["data"]

    assert "WELCOME" not in card["attributes"]["code"]
    assert card["attributes"]["code"].endswith("2026")


def test_a_revoked_key_is_refused_at_once_on_every_connection(server: Server):
    a_market()
    api_key, secret = mint_api_key(application_name="The shop", mode=Mode.TEST, actor=Actor.system("tests"))

    with ExitStack() as connections:
        callers = [connections.enter_context(server.caller(secret.reveal())) for _ in range(8)]
        assert {caller.get("/markets").status_code for caller in callers} == {200}
        revoke_api_key(api_key_id=api_key.pk, actor=Actor.system("tests"))
        answers = [caller.get("/markets") for caller in callers]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["errors"][0]["code"] for answer in answers} == {"INVALID_TOKEN"}
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}
