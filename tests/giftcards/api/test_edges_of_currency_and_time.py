"""Decimals of currencies on every resource that shows money, and the microsecond at which things end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fixtures.cast import a_market, an_active_card, last_entry
from tests.fixtures.client import ApiClient
from tests.fixtures.fingerprint import fingerprint

pytestmark = pytest.mark.django_db

INSTANT = timedelta(microseconds=1)
END = datetime(2040, 6, 1, 12, tzinfo=UTC)

# Of 12345 minor units: ISO 4217's decimals, whatever libraries for formatting think of them.
FACES = {
    "JPY": (12345.0, "¥12,345"),
    "USD": (123.45, "$123.45"),
    "KWD": (12.345, "KWD12.345"),
    "CLF": (1.2345, "CLF1.2345"),
}


def faces(attributes: dict[str, object], name: str) -> tuple[object, object]:
    return attributes[f"{name}_float"], attributes[f"formatted_{name}"]


@pytest.mark.parametrize("currency_code", FACES)
def test_an_amount_has_the_decimals_of_its_currency_wherever_it_is_shown(api: ApiClient, currency_code: str):
    card = an_active_card(currency_code=currency_code, balance_cents=40_000)
    on_card = {"gift_card": {"data": {"type": "gift_cards", "id": str(card.pk)}}}
    with_card = {"gift_cards": {"data": [{"type": "gift_cards", "id": str(card.pk)}]}}

    paid = api.create("gift_card_payments", with_card, amount_cents=12345).document["data"]
    spent = {"transaction": {"data": {"type": "gift_card_transactions", "id": str(last_entry(card).pk)}}}
    refund = api.create("gift_card_refunds", spent, amount_cents=12345).document["data"]
    held = api.create("gift_card_authorizations", on_card, amount_cents=12345).document["data"]
    captured = api.update(f"gift_card_authorizations/{held['id']}", _capture=True).document["data"]
    api.update(f"gift_cards/{card.pk}", balance_cents=12345)
    shown = api.update(f"gift_cards/{card.pk}", balance_max_cents=12345).document["data"]
    created = api.create("gift_cards", balance_cents=12345, currency_code=currency_code).document["data"]

    told = {
        *(faces(paid["attributes"], name) for name in ("amount", "paid_amount")),
        faces(refund["attributes"], "amount"),
        *(faces(captured["attributes"], name) for name in ("amount", "captured_amount")),
        *(faces(shown["attributes"], name) for name in ("balance", "available_balance", "balance_max")),
        faces(created["attributes"], "initial_balance"),
    }
    assert told == {FACES[currency_code]}


# No currency at all, one of the past, metals and a code for tests, which have no minor unit.
@pytest.mark.parametrize(
    "code", ["ZZZ", "DEM", "XAU", "XXX", "XTS", "usd", "US", "USDT", "ＵＳＤ", "", None, 840]
)
@pytest.mark.parametrize("resource_type", ["gift_cards", "gift_card_payments", "markets"])
def test_an_unknown_currency_is_refused(api: ApiClient, resource_type: str, code: object):
    card = an_active_card()
    tried: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "gift_cards": ({"balance_cents": 1}, {}),
        "gift_card_payments": (
            {"amount_cents": 1},
            {"gift_cards": {"data": [{"type": "gift_cards", "id": str(card.pk)}]}},
        ),
        "markets": ({"name": "Rome"}, {}),
    }
    attributes, relationships = tried[resource_type]
    before = fingerprint()

    answer = api.create(resource_type, relationships, currency_code=code, **attributes)

    if not code and resource_type != "gift_cards":
        assert answer.status == 201  # null, which forms send as an empty text, takes the default
        return
    assert (answer.status, answer.error["source"]["pointer"]) == (422, "/data/attributes/currency_code")
    assert fingerprint() == before


# --- The microsecond


ENDING = {
    "_balance_change_cents": lambda api, card: api.update(f"gift_cards/{card.pk}", _balance_change_cents=-1),
    "_cash_out": lambda api, card: api.update(f"gift_cards/{card.pk}", _cash_out=True),
    "authorization": lambda api, card: api.create(
        "gift_card_authorizations",
        {"gift_card": {"data": {"type": "gift_cards", "id": str(card.pk)}}},
        amount_cents=1,
    ),
    "payment": lambda api, card: api.create(
        "gift_card_payments",
        {"gift_cards": {"data": [{"type": "gift_cards", "id": str(card.pk)}]}},
        amount_cents=1,
    ),
    "payment by code": lambda api, card: api.create(
        "gift_card_payments", amount_cents=1, codes=[card.code().reveal()]
    ),
    "look-up": lambda api, card: api.create("gift_card_lookups", code=card.code().reveal()),
}


@pytest.mark.parametrize("how", ENDING)
@pytest.mark.parametrize(
    ("clock", "possible"), [(END - INSTANT, True), (END, False), (END + INSTANT, False)], ids=str
)
def test_a_card_ends_at_its_microsecond(api: ApiClient, how: str, clock: datetime, possible: bool):  # noqa: FBT001
    card = an_active_card(market=a_market(cash_out_below_cents=100_000), expires_at=END, test_clock_at=clock)
    before = fingerprint()

    answer = ENDING[how](api, card)

    assert answer.status in ({200, 201} if possible else {404, 422})
    assert possible or fingerprint() == before


@pytest.mark.parametrize("trigger", ["_capture", "_void"])
@pytest.mark.parametrize(
    ("clock", "possible"), [(END - INSTANT, True), (END, False), (END + INSTANT, False)], ids=str
)
def test_a_hold_ends_at_its_microsecond_also_after_its_card(
    api: ApiClient,
    trigger: str,
    clock: datetime,
    possible: bool,  # noqa: FBT001
):
    """It was taken before the card expired, so it lives as long as it was promised."""
    day = timedelta(days=1)
    card = an_active_card(expires_at=END - day, test_clock_at=END - day - INSTANT)
    on_card = {"gift_card": {"data": {"type": "gift_cards", "id": str(card.pk)}}}
    held = api.create(
        "gift_card_authorizations", on_card, amount_cents=10_000, expires_at=END.isoformat()
    ).document["data"]

    card = api.update(f"gift_cards/{card.pk}", test_clock_at=clock.isoformat()).document["data"]
    resolved = api.update(f"gift_card_authorizations/{held['id']}", **{trigger: True})

    assert card["attributes"]["available_balance_cents"] == (0 if possible else 10_000)
    assert resolved.status == (200 if possible else 422)
    assert possible or resolved.error["meta"]["error"] == "invalid_transition"


# The day on which clocks in that place go forward or back; of the second of two equal hours the last counts.
LAST_DAYS = {
    ("America/New_York", "2027-03-13"): "2027-03-14T05:00:00.000Z",
    ("America/New_York", "2027-03-14"): "2027-03-15T04:00:00.000Z",
    ("America/New_York", "2027-11-07"): "2027-11-08T05:00:00.000Z",
    ("Europe/Berlin", "2027-03-28"): "2027-03-28T22:00:00.000Z",
    ("Europe/Berlin", "2027-10-31"): "2027-10-31T23:00:00.000Z",
    ("Australia/Lord_Howe", "2027-04-04"): "2027-04-04T13:30:00.000Z",
    ("Pacific/Kiritimati", "2027-01-01"): "2027-01-01T10:00:00.000Z",
}


@pytest.mark.parametrize(("zone", "day"), LAST_DAYS, ids=" ".join)
def test_a_date_without_a_time_is_the_end_of_that_day_in_the_market(api: ApiClient, zone: str, day: str):
    market = a_market(time_zone=zone)
    in_market = {"market": {"data": {"type": "markets", "id": str(market.pk)}}}
    active = an_active_card(market=market)
    on_card = {"gift_card": {"data": {"type": "gift_cards", "id": str(active.pk)}}}

    card = api.create("gift_cards", in_market, balance_cents=1, expires_at=day).document["data"]
    held = api.create("gift_card_authorizations", on_card, amount_cents=1, expires_at=day).document["data"]

    ends = LAST_DAYS[zone, day]
    assert (card["attributes"]["expires_at"], held["attributes"]["expires_at"]) == (ends, ends)
    end = datetime.fromisoformat(ends)
    for clock, status in ((end - INSTANT, 200), (end, 422)):
        address = f"gift_cards/{active.pk}"
        answer = api.update(
            address, expires_at=day, test_clock_at=clock.isoformat(), _balance_change_cents=-1
        )
        assert answer.status == status
