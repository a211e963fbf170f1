"""The vendor's command line with its plugins `resources` and `triggers`, over TLS, from login to logout."""

import json

import pytest

from access.models import Organization
from giftcards.models import GiftCard
from tests.clients.command_line import CommandLine
from tests.clients.official_clients import Node
from tests.clients.tls import DOMAIN
from tests.clients.tls_server import TlsServer
from tests.fixtures.cast import a_draft, a_market
from tests.fixtures.client import ApiClient
from tests.fixtures.oauth import OAuthClient, a_client

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = ("resources:create", "gift_cards", "--json", "-a", "currency_code=EUR")
UPDATE = ("resources:update", "gift_cards")


@pytest.fixture
def client() -> OAuthClient:
    made = a_client()
    Organization.objects.update(slug="acme")
    return made


@pytest.fixture
def cli(node: Node, tls_server: TlsServer, client: OAuthClient, tmp_path) -> CommandLine:
    """Logged in."""
    made = CommandLine(node, tls_server, tmp_path)
    made.link_plugins()
    printed = login(made, client)
    assert printed.status == 0, printed
    assert "Login successful!" in printed.text
    assert "till (acme) [ Gift cards | integration | test | loop ] (Scope: market:all)" in printed.text
    return made


def login(cli: CommandLine, client: OAuthClient, *, secret: str = "", alias: str = "loop"):
    return cli.run(
        *("applications:login", "-o", "acme", "-d", f"{DOMAIN}:{cli.server.port}", "-a", alias),
        *("-i", client.client_id, "-s", secret or client.secret.reveal()),
    )


def test_a_card_from_its_creation_to_what_is_left_of_it(cli: CommandLine):
    europe = a_market(name="Europe", code="eu", currency_code="EUR")

    created = cli.run(*CREATE, "balance_cents=15000", "-r", f"market={europe.pk}").document
    assert (created["status"], created["balance_cents"]) == ("draft", 15000)
    assert created["market"]["name"] == "Europe"
    card = created["id"]

    updated = cli.run(*UPDATE, card, "--json", "-a", "reference=shop-1", "-m", "table=4").document
    assert (updated["reference"], updated["metadata"]) == ("shop-1", {"table": 4})

    purchased = cli.run("gift_card:purchase", card, "--print", "--json").document
    assert purchased["status"] == "inactive"
    assert "activate executed without errors" in cli.run("gift_card:activate", card).text

    debited = cli.run(*UPDATE, card, "--json", "-a", "_balance_change_cents=-5000").document
    assert (debited["status"], debited["balance_cents"]) == ("active", 10000)
    (listed,) = cli.run("resources:list", "gift_cards", "--json").document
    assert (listed["id"], listed["balance_cents"]) == (card, 10000)

    refused = cli.run("resources:delete", "gift_cards", card)
    assert refused.status != 0
    assert "LOCKED" in refused.complaint


def test_the_trigger_for_amounts_sends_none_and_no_cent_moves(cli: CommandLine):
    """It has no option for the amount and sends `true`, which is not taken for one cent."""
    card = a_draft()

    printed = cli.run("gift_card:balance_change_cents", card.pk)

    assert printed.status != 0
    assert "_balance_change_cents - is not a number" in printed.complaint
    assert GiftCard.objects.get().balance_cents == card.balance_cents


def test_a_draft_is_deleted_with_a_token_that_was_refreshed_and_the_last_one_is_revoked(
    cli: CommandLine, client: OAuthClient
):
    file = cli.token_file()
    first = json.loads(file.read_text())
    file.write_text(json.dumps({**first, "expires": "2020-01-01T00:00:00.000Z"}))

    card = cli.run(*CREATE, "balance_cents=500").document["id"]
    assert "Successfully deleted" in cli.run("resources:delete", "gift_cards", card).text
    second = json.loads(file.read_text())
    assert not GiftCard.objects.exists()

    assert "revoked" in cli.run("applications:logout", "--revoke", "--force").text
    assert [is_good(text["accessToken"]) for text in (first, second)] == [False, False]
    assert is_good(client.token())


def is_good(token: str) -> bool:
    return ApiClient(f"Bearer {token}").get("organization").status == 200


def test_a_wrong_secret_is_told_in_one_sentence(cli: CommandLine, client: OAuthClient):
    printed = login(cli, client, secret="guess", alias="other")

    assert printed.status != 0
    told = " ".join(printed.complaint.replace("›", "").split())
    assert "do not belong to an API key that can be used" in told
