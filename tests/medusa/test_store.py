"""GET /store/gift-cards/:code: anybody may ask, and only what can be spent is found."""

import io
import logging
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import ApiKey
from access.operations import revoke_api_key
from giftcards.operations import archive, authorize, deactivate
from kernel.caller import Actor
from kernel.modes import Mode
from medusa import store
from medusa.log import NoCodesInAddresses
from tests.fixtures.cast import (
    LIVE,
    a_draft,
    a_market,
    a_redeemed_card,
    an_active_card,
    an_inactive_card,
    disabled,
    edit,
)
from tests.giftcards.api.documents import time_text
from tests.medusa.asking import ANYBODY, Medusa, a_secret, refusal

pytestmark = pytest.mark.django_db

PAST = datetime(2020, 1, 1, tzinfo=UTC)


def code_of(card):
    return card.code().reveal()


def look_up(code, by=ANYBODY, slash=""):
    return by.get(f"/store/gift-cards/{code}{slash}")


def not_found(code):
    return 404, refusal("not_found", f"Gift card with code: {code} was not found")


def with_publishable_key(mode=Mode.TEST, **choices):
    a_secret(mode, **choices)
    return Medusa({"x-publishable-api-key": ApiKey.objects.latest("created_at").client_id})


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_customer_sees_what_the_card_is_worth(slash):
    market = a_market(by=LIVE, currency_code="EUR", tax_rate=19, tax_code="de")
    card = an_active_card(by=LIVE, market=market, balance_cents=500)
    market.refresh_from_db()

    answer = look_up(code_of(card), slash=slash)

    assert answer.told == (
        200,
        {
            "gift_card": {
                "id": str(card.pk),
                "code": code_of(card),
                "value": 500,
                "balance": 500,
                "region": {
                    "id": str(market.pk),
                    "created_at": time_text(market.created_at),
                    "updated_at": time_text(market.updated_at),
                    "deleted_at": None,
                    "name": "Berlin",
                    "currency_code": "eur",
                    "tax_rate": 19,
                    "tax_code": "de",
                    "gift_cards_taxable": True,
                    "automatic_taxes": True,
                    "tax_provider_id": None,
                    "metadata": None,
                },
            }
        },
    )


def test_what_is_held_for_an_order_is_not_there_to_spend():
    card = an_active_card(by=LIVE, balance_cents=500)
    authorize(caller=LIVE, card_id=card.pk, amount_cents=200)

    assert look_up(code_of(card)).card["balance"] == 300


def code_of_card_in_a_disabled_market():
    market = a_market(by=LIVE)
    card = an_active_card(by=LIVE, market=market)
    disabled(market)
    return code_of(card)


UNUSABLE = {
    "unknown": lambda: "NONE-SUCH-CODE-0000",
    "draft": lambda: code_of(a_draft(by=LIVE)),
    "switched off": lambda: code_of(an_inactive_card(by=LIVE)),
    "switched off again": lambda: code_of(deactivate(caller=LIVE, card_id=an_active_card(by=LIVE).pk)),
    "redeemed": lambda: code_of(a_redeemed_card(by=LIVE)),
    "archived": lambda: code_of(archive(caller=LIVE, card_id=an_active_card(by=LIVE).pk)),
    "expired": lambda: code_of(edit(an_active_card(by=LIVE), expires_at=PAST)),
    "of a disabled market": code_of_card_in_a_disabled_market,
    "of the other mode": lambda: code_of(an_active_card()),
    "no text at all": lambda: "%00",
}


@pytest.mark.parametrize("unusable", UNUSABLE)
def test_whatever_cannot_be_spent_is_answered_alike_after_the_same_statements(unusable):
    code = UNUSABLE[unusable]()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = look_up(code)

    assert answer.told == not_found("\x00" if code == "%00" else code)
    looked = [each["sql"] for each in queries if '"giftcards_giftcard"' in each["sql"]]
    assert len(looked) == 1


def test_a_publishable_key_says_the_mode():
    card = an_active_card()

    assert look_up(code_of(card), with_publishable_key()).status == 200
    assert look_up(code_of(card), with_publishable_key(Mode.LIVE)).told == not_found(code_of(card))


def test_a_publishable_key_says_the_markets():
    here, there = a_market(code="here"), a_market(code="there")
    card, other = an_active_card(market=here), an_active_card(market=there)
    asker = with_publishable_key(market_codes=["here"])

    assert look_up(code_of(card), asker).status == 200
    assert look_up(code_of(other), asker).told == not_found(code_of(other))
    assert [each["id"] for each in asker.get("/store/regions").body["regions"]] == [str(here.pk)]


def test_a_publishable_key_permits_nothing_else():
    asker = with_publishable_key(Mode.TEST)
    client_id = asker.headers["x-publishable-api-key"]

    assert asker.get("/admin/gift-cards").status == 401
    assert Medusa({"x-medusa-access-token": client_id}).get("/admin/gift-cards").status == 401
    assert Medusa({"authorization": f"Bearer {client_id}"}).get("/admin/gift-cards").status == 401


def test_a_publishable_key_that_does_not_count_is_said_to_be_none():
    card, asker = an_active_card(), with_publishable_key()
    revoke_api_key(api_key_id=ApiKey.objects.get().pk, actor=Actor.system("tests"))

    bad = (asker, *(Medusa({"x-publishable-api-key": key}) for key in ("", "pk_1", a_secret())))
    for stranger in bad:
        assert look_up(code_of(card), stranger).told == (401, "Unauthorized")


def test_tries_are_throttled_by_address(settings):
    settings.GIFTCARDS_CODE_TRIES_PER_ADDRESS = 2
    code = code_of(an_active_card(by=LIVE))

    assert [look_up(code).status for _ in range(3)] == [200, 200, 429]
    refused = look_up(code)
    assert (refused.body["type"], int(refused.headers["Retry-After"]) > 0) == ("not_allowed", True)


def test_who_fails_too_often_while_many_fail_is_held_back(settings):
    settings.GIFTCARDS_CODE_FAILURES = settings.GIFTCARDS_CODE_FAILURES_OF_ONE = 2

    assert [look_up(f"GUESS-{number}").status for number in range(3)] == [404, 404, 429]


def test_a_code_does_not_get_into_the_log_when_something_breaks(monkeypatch, settings):
    monkeypatch.setattr(store, "usable_cards", lambda *_: 1 / 0)
    code, written = code_of(an_active_card(by=LIVE)), io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(NoCodesInAddresses())
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        answer = look_up(code)
    finally:
        logger.removeHandler(handler)

    assert answer.told == (
        500,
        {"code": "unknown_error", "type": "unknown_error", "message": "An unknown error occurred."},
    )
    assert "Internal Server Error: /store/gift-cards/…\n" in written.getvalue()
    assert code not in written.getvalue()
    assert settings.LOGGING["handlers"]["stderr"]["filters"] == ["no codes"]


def test_regions_are_those_that_sell_to_everybody():
    shown = a_market(by=LIVE, name="Berlin")
    disabled(a_market(by=LIVE, name="Closed"))
    hidden = a_market(by=LIVE, name="Staff", private=True)
    a_market(name="Another mode")

    answer = ANYBODY.get("/store/regions")

    assert [region["id"] for region in answer.body["regions"]] == [str(shown.pk)]
    assert {name: answer.body[name] for name in ("count", "offset", "limit")} == {
        "count": 1, "offset": 0, "limit": 100,
    }  # fmt: skip
    assert ANYBODY.get(f"/store/regions/{shown.pk}/").body["region"]["name"] == "Berlin"
    assert ANYBODY.get(f"/store/regions/{hidden.pk}").told == (
        404,
        refusal("not_found", f"Region with {hidden.pk} was not found"),
    )
