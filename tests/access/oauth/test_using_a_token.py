"""A token is the key that it was made from, within what was asked of it, and for as long as both count."""

from datetime import timedelta

import jwt
import pytest

from access.api.authentication import credential_in
from access.models import ApiKey, ApiKeyMarket
from access.oauth import tokens
from access.oauth.tokens import claims_of
from access.operations import revoke_api_key, rotate_api_key
from access.queries import credential_of
from access.scopes import EVERY_SCOPE
from kernel.caller import Actor
from kernel.clock import database_now
from kernel.modes import Mode
from kernel.secret import Secret
from tests.fixtures.cast import a_draft, a_market, caller
from tests.fixtures.client import ApiClient
from tests.fixtures.oauth import a_client

pytestmark = pytest.mark.django_db

OWNER = Actor.system("tests")


def key_of(client):
    return ApiKey.objects.get(client_id=client.client_id)


def let_in(token):
    return credential_in(f"Bearer {token}")


def refused(token):
    """In the words that make the SDK ask for another token."""
    answer = ApiClient(f"Bearer {token}").get("gift_cards")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    return (answer.status, answer.error) == (
        401,
        {
            "title": "Invalid token",
            "detail": "The access token is missing, unknown, expired or revoked.",
            "code": "INVALID_TOKEN",
            "status": "401",
        },
    )


@pytest.mark.parametrize("mode", Mode)
def test_a_token_is_its_key(mode):
    client = a_client(mode)
    itself = credential_of(client.secret)
    assert itself is not None

    credential = let_in(client.token())

    assert credential.caller == itself.caller
    assert credential.scopes == itself.scopes == set(EVERY_SCOPE)
    assert (credential.api_key_id, credential.application_id, credential.organization_id) == (
        itself.api_key_id,
        itself.application_id,
        itself.organization_id,
    )


def test_a_token_spends_and_reads_like_its_key():
    api = a_client().with_token()
    card = a_draft()

    assert api.update(f"gift_cards/{card.pk}", _purchase=True).status == 200
    assert api.get("gift_cards").document["meta"]["record_count"] == 1


def test_another_mode_is_another_world():
    a_draft()
    a_draft(by=caller(Mode.LIVE), balance_cents=700)

    (card,) = a_client(Mode.LIVE).with_token().get("gift_cards").document["data"]

    assert card["attributes"]["balance_cents"] == 700


def test_a_request_with_a_token_costs_one_statement_like_one_with_a_key(django_assert_num_queries):
    token = a_client().token()
    let_in(token)

    with django_assert_num_queries(1):
        let_in(token)


# What a token is asked for, and what comes of it.


def cards_seen(client, scope):
    document = client.with_token(scope=scope).get("gift_cards?sort=balance_cents").document
    return [card["attributes"]["balance_cents"] for card in document["data"]]


@pytest.fixture
def markets():
    """Cards over 100 in Italy, 200 in Spain, 300 in France and 400 in none."""
    italy, spain, france = (a_market(code=code) for code in ("it", "es", "fr"))
    for amount, market in ((100, italy), (200, spain), (300, france)):
        a_draft(market=market, balance_cents=amount)
    a_draft(balance_cents=400)
    return {"it": italy, "es": spain, "fr": france}


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ("", [100, 200, 300, 400]),
        ("market:all", [100, 200, 300, 400]),
        ("market:all market:code:it", [100, 200, 300, 400]),
        ("market:code:it", [100, 400]),
        ("market:code:it market:code:es", [100, 200, 400]),
        ("market:code:it,market:code:es", [100, 200, 400]),
        ("gift_cards:read market:code:fr", [300, 400]),
    ],
)
def test_markets_narrow_what_a_key_of_all_markets_reaches(markets, scope, seen):
    assert cards_seen(a_client(), scope) == seen


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ("", [100, 200, 400]),
        ("market:all", [100, 200, 400]),
        ("market:code:it", [100, 400]),
        ("market:code:es market:code:it", [100, 200, 400]),
    ],
)
def test_and_never_widen_what_a_key_of_some_markets_reaches(markets, scope, seen):
    assert cards_seen(a_client(market_codes=["it", "es"]), scope) == seen


def test_a_market_is_the_one_that_had_the_code_when_the_token_was_made(markets):
    api = a_client().with_token(scope="market:code:it")
    type(markets["it"]).objects.filter(pk=markets["it"].pk).update(code="old")
    type(markets["fr"]).objects.filter(pk=markets["fr"].pk).update(code="it")

    (first, second) = api.get("gift_cards?sort=balance_cents").document["data"]

    assert [card["attributes"]["balance_cents"] for card in (first, second)] == [100, 400]


def test_a_token_says_which_markets_it_is_for(markets):
    client = a_client()
    token = client.token(scope="market:code:es market:code:it")

    claims = jwt.decode(token, options={"verify_signature": False})
    wanted = sorted(str(markets[code].pk) for code in ("es", "it"))
    assert claims["scope"] == "market:code:es market:code:it"
    assert claims["market"] == {
        "id": wanted,
        "stock_location_ids": [],
        "geocoder_id": None,
        "allows_external_prices": False,
    }
    scopes = ApiClient(f"Bearer {token}").get("application").document["data"]["attributes"]["scopes"]
    assert scopes == " ".join(f"market:id:{key}" for key in wanted)


def test_a_token_whose_markets_its_key_has_lost_reaches_none_and_not_all(markets):
    client = a_client(market_codes=["it", "es"])
    token = client.token(scope="market:code:it")
    ApiKeyMarket.objects.filter(market=markets["it"]).delete()

    assert let_in(token).caller.market_ids == frozenset()
    assert ApiClient(f"Bearer {token}").get("gift_cards").document["meta"]["record_count"] == 1


def test_scopes_narrow_what_a_token_may_do():
    client = a_client()
    api = client.with_token(scope="gift_cards:read")

    assert api.get("gift_cards").status == 200
    assert api.create("gift_cards", balance_cents=1, currency_code="USD").status == 403
    assert client.with_token(scope="gift_cards:read admin").get("events").status == 200


def test_only_a_token_with_admin_sees_what_administrators_see():
    a_client()
    client = a_client(application_name="office")

    assert let_in(client.token()).caller.administers
    assert let_in(client.token(scope="gift_cards:read admin")).caller.administers
    assert not let_in(client.token(scope="gift_cards:read")).caller.administers


def test_a_code_is_masked_without_its_scope():
    card = a_draft()
    client = a_client()

    def code(**scope):
        document = client.with_token(**scope).get(f"gift_cards/{card.pk}").document
        return document["data"]["attributes"]["code"]

    assert len(code()) == 36
    assert code(scope="gift_cards:read") == f"****{code()[-4:]}"


def test_what_a_key_may_no_longer_do_its_tokens_may_not_either():
    client = a_client()
    token = client.token()
    ApiKey.objects.update(scopes=["gift_cards:read"])

    assert let_in(token).scopes == {"gift_cards:read"}


# When it ends.


def test_revoking_the_key_ends_its_tokens_at_once():
    client = a_client()
    token = client.token()
    let_in(token)

    revoke_api_key(api_key_id=key_of(client).pk, actor=OWNER)

    assert refused(token)


def test_a_key_that_expires_takes_its_tokens_along():
    client = a_client()
    token = client.token()
    let_in(token)

    ApiKey.objects.update(expires_at=database_now())

    assert refused(token)


def test_a_key_that_is_rotated_keeps_its_tokens_until_the_overlap_is_over():
    client = a_client()
    token = client.token()
    rotate_api_key(api_key_id=key_of(client).pk, overlap=timedelta(hours=1), actor=OWNER)
    let_in(token)

    ApiKey.objects.filter(client_id=client.client_id).update(expires_at=database_now())

    assert refused(token)


def issued(**ago):
    """A token as if made at another time."""
    moment = database_now() - timedelta(**ago)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "database_now", lambda: moment)
        return a_client().token()


@pytest.mark.parametrize(("seconds", "good"), [(7100, True), (7200, False), (90_000, False)])
def test_a_token_lives_two_hours_by_the_databases_clock(seconds, good):
    answer = ApiClient(f"Bearer {issued(seconds=seconds)}").get("gift_cards")

    assert (answer.status == 200) is good


def test_an_expired_token_is_refused_in_the_words_that_make_a_client_refresh_it():
    assert refused(issued(hours=2))


def test_that_its_signature_is_remembered_makes_no_token_live_longer():
    token = issued(hours=2)

    assert claims_of(Secret(token)) is claims_of(Secret(token))
    assert refused(token)


def test_a_wrong_clock_of_this_host_ends_no_token(time_machine):
    token = a_client().token()

    for moment in ("2001-01-01", "2060-01-01"):
        time_machine.move_to(moment)
        let_in(token)
