"""What is refused, in Medusa's own sentences."""

import pytest

from giftcards.models import GiftCard
from giftcards.operations import authorize
from tests.fixtures.cast import TEST, a_market, disabled
from tests.medusa.asking import refusal

pytestmark = pytest.mark.django_db

NOBODY = "00000000-0000-7000-8000-000000000000"
VALUE, ENDS, DISABLED = (
    "value must be an integer number",
    "ends_at must be a Date instance",
    "is_disabled must be a boolean value",
)
REGION, BALANCE, METADATA = (
    "region_id must be a string",
    "balance must be an integer number",
    "metadata must be an object",
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"foo": 1, "bar": None}, "property foo should not exist, property bar should not exist"),
        ({"balance": 1}, "property balance should not exist"),
        ({"value": "10"}, VALUE),
        ({"value": 10.5}, VALUE),
        ({"value": True}, VALUE),
        ({"value": None}, VALUE),
        ({"value": -1}, "value must be greater than or equal to 0"),
        ({"value": 0}, "value must be greater than 0 unless rechargeable"),
        ({"value": 10**14}, "value must be less than or equal to 10000000000000"),
        ({"region_id": 1}, REGION),
        ({"region_id": None}, REGION),
        ({"ends_at": "soon"}, ENDS),
        ({"ends_at": True}, ENDS),
        ({"ends_at": {}}, ENDS),
        ({"ends_at": "2040-02-30"}, ENDS),
        ({"ends_at": 10**30}, ENDS),
        ({"is_disabled": "false"}, DISABLED),
        ({"is_disabled": None}, DISABLED),
        ({"metadata": "x"}, METADATA),
        ({"metadata": [1]}, METADATA),
        (
            {"is_disabled": 1, "value": "x", "region_id": 5, "ends_at": "", "foo": 1},
            f"property foo should not exist, {VALUE}, {ENDS}, {DISABLED}, {REGION}",
        ),
    ],
)
def test_a_card_is_not_made_of_nonsense(shop, region, changes, message):
    given = {"value": 1000, "region_id": str(region.pk), **changes}

    assert shop.post("/admin/gift-cards", given).told == (400, refusal("invalid_data", message))
    assert not GiftCard.objects.exists()


def test_what_is_missing_is_said_of_each(shop):
    answer = shop.post("/admin/gift-cards", {})

    assert answer.told == (400, refusal("invalid_data", f"{VALUE}, {REGION}"))


def test_a_whole_number_may_be_written_as_javascript_writes_it(shop, region):
    assert shop.create(region, value=1000.0)["value"] == 1000


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": 5, "code": "A"}, "property value should not exist, property code should not exist"),
        ({"tax_rate": 3}, "property tax_rate should not exist"),
        ({"balance": "5"}, BALANCE),
        ({"balance": None}, BALANCE),
        ({"is_disabled": None}, DISABLED),
        ({"ends_at": "soon"}, ENDS),
        ({"region_id": 7}, REGION),
        ({"metadata": 7}, METADATA),
    ],
)
def test_a_card_is_not_changed_by_nonsense(shop, region, changes, message):
    card = shop.create(region)

    assert shop.update(card, **changes).told == (400, refusal("invalid_data", message))
    assert shop.read(card) == card


@pytest.mark.parametrize("region_id", [NOBODY, "reg_1", ""])
def test_an_unknown_region_is_not_found(shop, region_id):
    answer = shop.post("/admin/gift-cards", {"value": 1, "region_id": region_id})

    assert answer.told == (404, refusal("not_found", f"Region with {region_id} was not found"))


def test_a_card_is_looked_for_before_its_new_region(shop, region):
    card = shop.create(region)

    unknown = shop.post(f"/admin/gift-cards/{NOBODY}", {"region_id": NOBODY})
    assert unknown.told == (404, refusal("not_found", f"Gift card with id: {NOBODY} was not found"))
    moved = shop.update(card, region_id=NOBODY)
    assert moved.told == (404, refusal("not_found", f"Region with {NOBODY} was not found"))


@pytest.mark.parametrize("card_id", [NOBODY, "gc_01", "%00", "é"])
def test_an_unknown_card_is_not_found(shop, card_id):
    told = {"%00": "\x00"}.get(card_id, card_id)
    missing = (404, refusal("not_found", f"Gift card with id: {told} was not found"))

    assert shop.get(f"/admin/gift-cards/{card_id}").told == missing
    assert shop.post(f"/admin/gift-cards/{card_id}", {}).told == missing


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("foo=1&bar[]=2", "property foo should not exist, property bar should not exist"),
        ("limit=-1", "limit must not be less than 0"),
        ("limit=1&offset=-1", "offset must not be less than 0"),
        ("limit=x&offset=1.5", "limit must be an integer number, offset must be an integer number"),
        ("limit=1&limit=2", "limit must be an integer number"),
        ("limit=1001", "limit must not be greater than 1000"),
        ("q=a&q=b", "q must be a string"),
        ("q[like]=b", "q must be a string"),
        ("expand=region", "property expand should not exist"),
    ],
)
@pytest.mark.parametrize("address", ["/admin/gift-cards", "/admin/regions", "/store/regions"])
def test_a_list_is_not_asked_for_nonsense(shop, query, message, address):
    assert shop.get(f"{address}?{query}").told == (400, refusal("invalid_data", message))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "The request's body is not valid JSON."),
        (b'{"value": NaN}', "The request's body is not valid JSON."),
        (b'{"value": 1, "value": 2}', "The request's body has an object with the same member twice."),
        (b"[]", "The request's body must be a JSON object"),
        (b'"x"', "The request's body must be a JSON object"),
    ],
)
def test_a_body_that_cannot_be_read(shop, content, message):
    answer = shop.send("POST", "/admin/gift-cards", content)

    assert answer.told == (400, refusal("invalid_data", message))


def test_a_market_that_is_disabled_sells_nothing(shop, region):
    disabled(region)

    answer = shop.post("/admin/gift-cards", {"value": 1, "region_id": str(region.pk)})

    assert answer.told == (400, refusal("invalid_data", "region_id is disabled"))


def test_a_market_may_forbid_an_end(shop):
    market = a_market(allows_expiry=False)

    answer = shop.post(
        "/admin/gift-cards", {"value": 1, "region_id": str(market.pk), "ends_at": "2040-01-01"}
    )

    assert (answer.status, answer.body["type"]) == (400, "invalid_data")
    assert answer.body["message"].startswith("ends_at ")


def test_what_is_held_for_an_order_stays(shop, region):
    card = shop.create(region)
    authorize(caller=TEST, card_id=GiftCard.objects.get().pk, amount_cents=300)

    assert shop.update(card, balance=299).told == (
        400,
        refusal("invalid_data", "balance must be at least the 300 that open authorizations hold"),
    )
    assert shop.update(card, balance=300).card["balance"] == 300
