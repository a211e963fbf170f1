"""Values that no card can have, on POST and PATCH alike: refused by name, and nothing is stored."""

from typing import Any
from uuid import uuid4

import pytest

from events.models import Event
from giftcards.models import GiftCard
from recipients.models import GiftCardRecipient
from recipients.operations import create_recipient
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market
from tests.giftcards.api.documents import absent, errors, identifier, invalid, not_allowed, problem
from tests.giftcards.api.refusing import refuses

pytestmark = pytest.mark.django_db

MINIMUM = {"balance_cents": 10_000, "currency_code": "USD"}
INVALID = ("invalid", "is invalid")
NO_STRING = ("not_a_string", "must be a string")
NOT_IN_LIST = ("inclusion", "is not included in the list")
NO_OBJECT = ("not_an_object", "must be an object")
LONG_URL = "https://shop.example/" + "x" * 2_048
NULL = ("blank", "can't be blank")

VALUES: list[tuple[str, Any, tuple[str, str], dict[str, Any]]] = [
    ("currency_code", "usd", INVALID, {"value": "usd"}),
    ("currency_code", "US", INVALID, {"value": "US"}),
    ("currency_code", "EURO", INVALID, {"value": "EURO"}),
    ("currency_code", " EUR", INVALID, {"value": " EUR"}),
    ("currency_code", "XYZ", NOT_IN_LIST, {"value": "XYZ"}),
    ("currency_code", "XAU", NOT_IN_LIST, {"value": "XAU"}),
    ("currency_code", 978, NO_STRING, {"value": 978}),
    ("image_url", "card.png", INVALID, {"value": "card.png"}),
    ("image_url", "//shop.example/card.png", INVALID, {"value": "//shop.example/card.png"}),
    ("image_url", "ftp://shop.example/card.png", INVALID, {"value": "ftp://shop.example/card.png"}),
    ("image_url", "javascript:alert(1)", INVALID, {"value": "javascript:alert(1)"}),
    ("image_url", "data:image/png;base64,AAAA", INVALID, {"value": "data:image/png;base64,AAAA"}),
    ("image_url", "https://shop.example/a b", INVALID, {"value": "https://shop.example/a b"}),
    ("image_url", " ", INVALID, {"value": " "}),
    ("image_url", 1, NO_STRING, {"value": 1}),
    (
        "image_url",
        LONG_URL,
        ("too_long", "is too long (maximum is 2048 characters)"),
        {"count": 2_048},
    ),
    ("recipient_email", "ada", INVALID, {"value": "ada"}),
    ("recipient_email", "ada@", INVALID, {"value": "ada@"}),
    ("recipient_email", "@example.com", INVALID, {"value": "@example.com"}),
    ("recipient_email", " ada@example.com", INVALID, {"value": " ada@example.com"}),
    (
        "recipient_email",
        "ada@example.com,bob@example.com",
        INVALID,
        {"value": "ada@example.com,bob@example.com"},
    ),
    ("recipient_email", "ada@example.com\nBcc: x@example.com", INVALID, {}),
    ("recipient_email", " ", INVALID, {"value": " "}),
    ("recipient_email", ["ada@example.com"], NO_STRING, {}),
    ("expires_at", "", INVALID, {"value": ""}),
    ("expires_at", "tomorrow", INVALID, {"value": "tomorrow"}),
    ("expires_at", "2031-02-30", INVALID, {"value": "2031-02-30"}),
    ("expires_at", "2031-13-01", INVALID, {"value": "2031-13-01"}),
    ("expires_at", "31-01-01", INVALID, {"value": "31-01-01"}),
    ("expires_at", "2031-01-01T25:00:00Z", INVALID, {"value": "2031-01-01T25:00:00Z"}),
    ("expires_at", "2031-01-01T10:00:00", INVALID, {"value": "2031-01-01T10:00:00"}),
    ("expires_at", "2031-01-01 10:00:00Z", INVALID, {"value": "2031-01-01 10:00:00Z"}),
    ("expires_at", "20310101T100000Z", INVALID, {"value": "20310101T100000Z"}),
    ("expires_at", "2031-W01-1", INVALID, {"value": "2031-W01-1"}),
    ("expires_at", "0001-01-01T00:00:00+14:00", INVALID, {"value": "0001-01-01T00:00:00+14:00"}),
    ("expires_at", "10000-01-01T00:00:00Z", INVALID, {"value": "10000-01-01T00:00:00Z"}),
    ("expires_at", "9999-12-31", ("invalid", "is out of range"), {"value": "9999-12-31"}),
    ("expires_at", 1_924_992_000, INVALID, {"value": 1_924_992_000}),
    ("expires_at", True, INVALID, {"value": True}),
    ("reference", "x" * 256, ("too_long", "is too long (maximum is 255 characters)"), {"count": 255}),
    ("reference", 7, NO_STRING, {"value": 7}),
    ("reference", "nul\0", INVALID, {}),
    ("reference_origin", {}, NO_STRING, {}),
    ("metadata", [], NO_OBJECT, {}),
    ("metadata", "{}", NO_OBJECT, {"value": "{}"}),
    ("metadata", 1, NO_OBJECT, {"value": 1}),
    ("metadata", {"key": "nul\0"}, INVALID, {}),
    ("metadata", {"nul\0": 1}, INVALID, {}),
    ("metadata", {"key": 2**53 + 1}, INVALID, {}),
    ("metadata", {"key": [10**30]}, INVALID, {}),
    (
        "metadata",
        {"key": "x" * 16_384},
        ("too_large", "is too large (maximum is 16384 bytes)"),
        {"count": 16_384},
    ),
    (
        "metadata",
        {"1": {"2": {"3": {"4": {"5": {"6": {"7": {"8": {"9": 1}}}}}}}}},
        ("too_deep", "is nested too deeply (maximum is 8 levels)"),
        {"count": 8},
    ),
    *(
        (name, value, NOT_IN_LIST, {"value": value})
        for name in ("single_use", "rechargeable", "distribute_discount")
        for value in (1, 0, "True", "FALSE", "yes", "1", "", 1.0)
    ),
    *((name, None, NULL, {}) for name in ("single_use", "rechargeable", "distribute_discount")),
]


def ids(rows: list[Any]) -> list[str]:
    return [f"{row[0]}={row[1]!r:.40}" for row in rows]


def creates_nothing(api: Any, attributes: Any, *expected: Any, status: int = 422, **more: Any) -> None:
    before = (GiftCard.objects.count(), GiftCardRecipient.objects.count(), Event.objects.count())
    answer = api.create("gift_cards", more.get("relationships"), **attributes)
    assert (answer.status, answer.document) == (status, errors(*expected))
    after = (GiftCard.objects.count(), GiftCardRecipient.objects.count(), Event.objects.count())
    assert after == before


@pytest.mark.parametrize(("name", "value", "refusal", "meta"), VALUES, ids=ids(VALUES))
class TestAValueThatNoCardCanHave:
    def test_makes_no_card(self, api, name, value, refusal, meta):
        creates_nothing(api, MINIMUM | {name: value}, invalid(name, *refusal, **meta))

    def test_changes_no_card(self, api, name, value, refusal, meta):
        refuses(api, a_draft(), {"reference_origin": "erp", name: value}, invalid(name, *refusal, **meta))


CODES: list[tuple[Any, tuple[str, str], dict[str, Any]]] = [
    ("1234567", ("too_short", "is too short (minimum is 8 characters)"), {"count": 8}),
    ("x" * 41, ("too_long", "is too long (maximum is 40 characters)"), {"count": 40}),
    ("TAKEN-CODE-1", ("taken", "has already been taken"), {}),
    ("SPACED CODE", ("invalid", "can't contain spaces or control characters"), {}),
    ("TABBED\tCODE", ("invalid", "can't contain spaces or control characters"), {}),
    ("NUL\0INSIDE", INVALID, {}),
    (" " * 8, NULL, {}),
    (12_345_678, NO_STRING, {}),
    (["A-CODE-IN-A-LIST"], NO_STRING, {}),
    (True, NO_STRING, {}),
]


@pytest.mark.parametrize(("code", "refusal", "meta"), CODES, ids=[f"{row[0]!r:.20}" for row in CODES])
def test_a_code_that_cannot_be_is_refused_and_never_echoed(api, code, refusal, meta):
    a_draft(code="TAKEN-CODE-1")

    creates_nothing(
        api,
        {**MINIMUM, "recipient_email": "ada@example.com", "code": code},
        invalid("code", *refusal, **meta),
    )


def test_the_same_code_is_free_in_the_other_mode(api):
    a_draft(by=LIVE, code="TAKEN-CODE-1")

    assert api.create("gift_cards", **MINIMUM, code="TAKEN-CODE-1").status == 201


def test_a_balance_and_a_currency_are_required(api):
    creates_nothing(api, {}, invalid("balance_cents", *NULL, at="/data"))
    creates_nothing(api, {"balance_cents": 1}, invalid("currency_code", *NULL, at="/data"))
    creates_nothing(api, {"balance_cents": 1, "currency_code": None}, invalid("currency_code", *NULL))
    creates_nothing(
        api,
        {"single_use": "x"},
        invalid("single_use", *NOT_IN_LIST, value="x"),
        invalid("balance_cents", *NULL, at="/data"),
    )


def test_a_new_card_obeys_its_own_limits(api):
    maximum = invalid(
        "balance_cents",
        "balance_max_exceeded",
        "would exceed the maximum balance of 99",
        value=100,
        count=99,
    )
    creates_nothing(api, {**MINIMUM, "balance_cents": 100, "balance_max_cents": 99}, maximum)
    worthless = invalid(
        "balance_cents", "greater_than", "must be greater than 0 unless rechargeable", value=0, count=0
    )
    creates_nothing(api, {**MINIMUM, "balance_cents": 0, "rechargeable": False}, worthless)


READ_ONLY = (
    "status",
    "initial_balance_cents",
    "initial_balance_float",
    "formatted_initial_balance",
    "balance_float",
    "formatted_balance",
    "balance_max_float",
    "formatted_balance_max",
    "balance_log",
    "usage_log",
    "archived_at",
    "created_at",
    "updated_at",
)
UNKNOWN = (
    "id",
    "type",
    "mode",
    "pk",
    "code_digest",
    "ledger_sequence",
    "market_id",
    "gift_card_recipient_id",
    "_balance_chnage_cents",
    "_redeem",
    "_reopen",
    "Balance_cents",
    "balance-cents",
    "a/b~c",
    "",
)
TRIGGERS = (
    "_purchase",
    "_activate",
    "_deactivate",
    "_cash_out",
    "_archive",
    "_unarchive",
    "_balance_change_cents",
    "_reference",
    "_order_number",
    "_reason",
    "_market_id",
)


@pytest.mark.parametrize("value", [None, 1, "x"], ids=repr)
@pytest.mark.parametrize("name", [*READ_ONLY, *UNKNOWN, *TRIGGERS])
def test_what_may_not_be_set_on_a_new_card_is_refused_by_name(api, name, value):
    creates_nothing(api, MINIMUM | {name: value}, named(name), status=400)


@pytest.mark.parametrize("value", [None, 1, "x"], ids=repr)
@pytest.mark.parametrize("name", [*READ_ONLY, *UNKNOWN, "code"])
def test_what_may_not_be_changed_is_refused_by_name(api, name, value):
    refuses(api, a_draft(), {"reference": "gc-1", name: value}, named(name), status=400)


def named(name: str) -> dict[str, Any]:
    refusal = not_allowed(name)
    refusal["source"] = {"pointer": "/data/attributes/" + name.replace("~", "~0").replace("/", "~1")}
    return refusal


def test_all_names_that_may_not_be_set_are_said_at_once_before_any_value(api):
    sent = {"status": "active", "balance_cents": "1e3", "nonsense": 1, "usage_log": {}}

    creates_nothing(
        api, sent, not_allowed("status"), not_allowed("nonsense"), not_allowed("usage_log"), status=400
    )


@pytest.mark.parametrize("value", ["7", {"type": "markets", "id": "7"}, ["7"], 0, False, ""], ids=repr)
def test_a_relationship_under_attributes_only_ever_clears(api, value):
    creates_nothing(api, MINIMUM | {"market": value}, not_allowed("market"), status=400)


def test_a_named_resource_must_be_there(api):
    missing = [
        ("market", "markets", uuid4()),
        ("market", "markets", a_market(by=LIVE).pk),
        ("market", "markets", "berlin"),
        ("market", "markets", ""),
        ("gift_card_recipient", "gift_card_recipients", uuid4()),
        (
            "gift_card_recipient",
            "gift_card_recipients",
            create_recipient(caller=LIVE, email="a@b.example").pk,
        ),
    ]
    for name, resource_type, key in missing:
        named_there = {name: {"data": {"type": resource_type, "id": str(key)}}}
        not_there = absent(resource_type, key, pointer=f"/data/relationships/{name}/data")
        creates_nothing(api, MINIMUM, not_there, status=404, relationships=named_there)
        refuses(api, a_draft(), {}, not_there, status=404, relationships=named_there)


def test_a_relationship_leads_to_its_own_type_only(api):
    ada = create_recipient(caller=TEST, email="ada@example.com")
    wrong = {"market": {"data": identifier("gift_card_recipients", ada)}}

    conflict = problem(
        409,
        "TYPE_MISMATCH",
        "Type mismatch",
        "market must be of the type markets.",
        pointer="/data/relationships/market/data/type",
    )
    creates_nothing(api, MINIMUM, conflict, status=409, relationships=wrong)


def test_a_relationship_that_cards_do_not_have_is_refused_by_name(api):
    wrong = {"owner": {"data": None}}

    creates_nothing(
        api, MINIMUM, not_allowed("owner", member="relationships"), status=400, relationships=wrong
    )
