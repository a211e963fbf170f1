"""Every row of the routes' table: what goes in, and the whole of what comes out."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from events.models import Event
from giftcards.models import GiftCard, LedgerEntry
from giftcards.operations import archive, deactivate
from kernel import counting
from tests.fixtures.cast import TEST, a_draft, a_market, a_redeemed_card, an_active_card, last_entry
from tests.giftcards.api.documents import time_text
from tests.medusa.asking import refusal

pytestmark = pytest.mark.django_db

NOBODY = "00000000-0000-7000-8000-000000000000"
CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}")
CARD_KEYS = [
    "id", "created_at", "updated_at", "deleted_at", "code", "value", "balance", "region_id", "order_id",
    "is_disabled", "ends_at", "tax_rate", "metadata", "region", "order",
]  # fmt: skip


def region_document(region):
    region.refresh_from_db()
    return {
        "id": str(region.pk),
        "created_at": time_text(region.created_at),
        "updated_at": time_text(region.updated_at),
        "deleted_at": None,
        "name": "Berlin",
        "currency_code": "eur",
        "tax_rate": None,
        "tax_code": None,
        "gift_cards_taxable": True,
        "automatic_taxes": True,
        "tax_provider_id": None,
        "metadata": None,
    }


def card_document(card_id, region, **members):
    row = GiftCard.objects.get(pk=card_id)
    return {
        "id": str(card_id),
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
        "deleted_at": None,
        "code": row.code().reveal(),
        "value": 1000,
        "balance": 1000,
        "region_id": str(region.pk),
        "order_id": None,
        "is_disabled": False,
        "ends_at": None,
        "tax_rate": None,
        "metadata": None,
        "region": region_document(region),
        "order": None,
        **members,
    }


def test_a_card_is_made_and_can_be_used_at_once(shop, region):
    answer = shop.post("/admin/gift-cards", {"value": 1000, "region_id": str(region.pk)})

    row = GiftCard.objects.get()
    assert answer.told == (200, {"gift_card": card_document(row.pk, region)})
    assert list(answer.body["gift_card"]) == CARD_KEYS
    assert CODE.fullmatch(answer.body["gift_card"]["code"])
    assert (row.status, row.rechargeable, row.single_use, row.currency_code) == (
        "active",
        False,
        False,
        "EUR",
    )
    assert [event.topic for event in Event.objects.filter(subject_id=row.pk).order_by("sequence")] == [
        "gift_cards.create", "gift_card.created", "gift_cards.purchase", "gift_cards.activate",
    ]  # fmt: skip


def test_a_card_is_made_with_all_that_may_be_said(shop, region):
    card = shop.create(
        region, ends_at="2040-02-01T12:00:00.250+02:00", is_disabled=True, metadata={"to": "Ada", "n": 1}
    )

    assert card == card_document(
        card["id"],
        region,
        ends_at="2040-02-01T10:00:00.250Z",
        is_disabled=True,
        metadata={"to": "Ada", "n": 1},
    )
    assert GiftCard.objects.get().status == "inactive"


@pytest.mark.parametrize(
    ("sent", "ends_at"),
    {
        "2040-02-01": "2040-02-01T00:00:00.000Z",
        "2040-02": "2040-02-01T00:00:00.000Z",
        "2040-02-01T08:00": "2040-02-01T08:00:00.000Z",
        "Wed, 01 Feb 2040 08:00:00 GMT": "2040-02-01T08:00:00.000Z",
        2211667200000: "2040-02-01T00:00:00.000Z",
        None: None,
    }.items(),
)
def test_a_date_is_read_as_javascript_reads_it(shop, region, sent, ends_at):
    assert shop.create(region, ends_at=sent)["ends_at"] == ends_at


def test_the_market_gives_a_validity_where_the_request_gives_none(shop):
    market = a_market(default_validity_months=12)

    assert shop.create(market)["ends_at"] is not None


def test_a_card_is_read_whatever_the_query_says(shop, region):
    card = shop.create(region)

    assert shop.get(f"/admin/gift-cards/{card['id']}?foo=1&limit=-1").told == (200, {"gift_card": card})


@pytest.mark.parametrize("slash", ["", "/"])
def test_both_slashes_lead_to_the_same(shop, region, slash):
    card = shop.create(region)

    assert shop.get(f"/admin/gift-cards{slash}").body["count"] == 1
    assert shop.get(f"/admin/gift-cards/{card['id']}{slash}").card == card
    assert shop.post(f"/admin/gift-cards/{card['id']}{slash}", {"balance": 400}).card["balance"] == 400
    made = shop.post(f"/admin/gift-cards{slash}", {"value": 5, "region_id": str(region.pk)})
    assert (made.status, made.card["value"]) == (200, 5)
    assert shop.delete(f"/admin/gift-cards/{card['id']}{slash}").status == 200


def test_the_list_has_the_newest_first_in_its_envelope(shop, region):
    first, second, third = (shop.create(region, value=value) for value in (1, 2, 3))

    assert shop.get("/admin/gift-cards/").told == (
        200,
        {"gift_cards": [third, second, first], "count": 3, "offset": 0, "limit": 50},
    )
    assert shop.get("/admin/gift-cards?limit=1&offset=1").told == (
        200,
        {"gift_cards": [second], "count": 3, "offset": 1, "limit": 1},
    )
    assert shop.get("/admin/gift-cards?limit=0").told == (
        200,
        {"gift_cards": [], "count": 3, "offset": 0, "limit": 0},
    )


def test_all_cards_are_counted_however_many_and_a_search_up_to_a_limit(shop, region, monkeypatch):
    cards = [shop.create(region) for _ in range(5)]
    archive(caller=TEST, card_id=cards[0]["id"])
    monkeypatch.setattr(counting, "LIMIT", 2)
    for card in cards:
        GiftCard.objects.filter(pk=card["id"]).update(code_last_four="ABCD")

    assert shop.get("/admin/gift-cards?limit=1").body["count"] == 4
    assert shop.get("/admin/gift-cards?limit=1&q=ABCD").body["count"] == 3
    assert shop.get("/admin/gift-cards?limit=1&q=ABCD&offset=3").body["count"] == 4


def test_the_list_can_be_ordered(shop, region):
    for value in (20, 10, 30):
        shop.create(region, value=value)

    def values(order):
        return [card["value"] for card in shop.list(f"?order={order}")]

    assert values("value") == [10, 20, 30]
    assert values("-balance") == [30, 20, 10]
    assert values("created_at") == [20, 10, 30]
    assert shop.get("/admin/gift-cards?order=-colour").told == (
        400,
        refusal("invalid_data", "Order field colour is not valid"),
    )


def test_q_finds_a_code_by_its_whole_its_beginning_or_its_end_in_any_capitals(shop, region):
    card, _other = shop.create(region), shop.create(region)
    code = card["code"]

    for q in (code, code.lower(), code.replace("-", ""), code[:9], code[:9].lower(), code[-4:]):
        assert [each["id"] for each in shop.list(f"?q={q}")] == [card["id"]]
    assert len(shop.list("?q=")) == 2
    assert shop.list("?q=GC") == []
    assert shop.list("?q=%00abc") == []


def test_a_balance_is_corrected_by_an_adjustment(shop, region):
    card = shop.create(region)

    changed = shop.update(card, balance=10).card

    assert changed == card_document(card["id"], region, balance=10)
    entry = last_entry(GiftCard.objects.get())
    assert (entry.kind, entry.amount_cents, entry.balance_cents) == ("adjustment", -990, 10)


def test_a_balance_that_is_the_same_posts_nothing(shop, region):
    card = shop.create(region)

    assert shop.update(card, balance=1000).card == card
    assert LedgerEntry.objects.count() == 1


@pytest.mark.parametrize("balance", [-1, 1001, 10**15])
def test_a_balance_below_nothing_or_above_the_value_is_refused(shop, region, balance):
    card = shop.create(region)

    answer = shop.update(card, balance=balance, metadata={"a": 1})

    assert answer.told == (400, refusal("invalid_argument", "new balance is invalid"))
    assert shop.read(card) == card


def test_at_nothing_a_card_is_disabled_and_a_balance_above_opens_it_again(shop, region):
    card = shop.create(region)

    assert shop.update(card, balance=0).card["is_disabled"] is True
    assert GiftCard.objects.get().status == "redeemed"
    assert shop.update(card, balance=1).card["is_disabled"] is False
    assert GiftCard.objects.get().status == "active"


def test_a_card_is_switched_off_and_on(shop, region):
    card = shop.create(region)

    assert shop.update(card, is_disabled=True).card["is_disabled"] is True
    assert GiftCard.objects.get().status == "inactive"
    off = shop.read(card)
    assert shop.update(card, is_disabled=True).card == off
    assert shop.update(card, is_disabled=False).card["is_disabled"] is False
    assert GiftCard.objects.get().status == "active"


def test_a_card_without_money_is_not_switched_on(shop, region):
    card = shop.create(region)
    shop.update(card, balance=0)

    assert shop.update(card, is_disabled=False).told == (
        400,
        refusal("not_allowed", "This is not possible while the gift card is redeemed"),
    )
    assert shop.update(card, is_disabled=False, balance=5).card["is_disabled"] is False


def test_an_end_is_set_and_cleared(shop, region):
    card = shop.create(region)

    assert shop.update(card, ends_at="2041-01-01").card["ends_at"] == "2041-01-01T00:00:00.000Z"
    assert shop.update(card, metadata={}).card["ends_at"] == "2041-01-01T00:00:00.000Z"
    assert shop.update(card, ends_at=None).card["ends_at"] is None


def test_metadata_is_merged_and_an_empty_text_takes_a_member_away(shop, region):
    card = shop.create(region, metadata={"a": 1, "b": 2})

    assert shop.update(card, metadata={"b": "", "c": None, "d": "x", "e": ""}).card["metadata"] == {
        "a": 1, "c": None, "d": "x",
    }  # fmt: skip
    assert shop.update(card, metadata=None).card["metadata"] == {"a": 1, "c": None, "d": "x"}
    assert shop.update(card, metadata={"a": "", "c": "", "d": ""}).card["metadata"] is None


def test_a_card_moves_to_another_region_of_its_currency(shop, region):
    card, munich = shop.create(region), a_market(name="Munich", currency_code="EUR")

    moved = shop.update(card, region_id=str(munich.pk)).card

    assert (moved["region_id"], moved["region"]["name"]) == (str(munich.pk), "Munich")
    assert shop.update(card, region_id="").card == moved
    assert shop.update(card, region_id=None).card == moved
    york = a_market(name="York", currency_code="GBP")
    assert shop.update(card, region_id=str(york.pk)).told == (
        400,
        refusal("invalid_data", "region_id must be the market's (GBP), not EUR"),
    )


def test_several_changes_stand_or_fall_together(shop, region):
    card = shop.create(region)

    changed = shop.update(card, balance=0, metadata={"a": 1}, ends_at="2041-01-01", is_disabled=True).card

    assert (changed["balance"], changed["metadata"], changed["is_disabled"]) == (0, {"a": 1}, True)
    assert shop.update(card, metadata={"a": 2}, is_disabled=False).status == 400
    assert shop.read(card) == changed


def test_deleting_archives_and_says_the_same_of_what_never_was(shop, region):
    card = shop.create(region)

    for card_id in (card["id"], card["id"], NOBODY, "gc_1"):
        assert shop.delete(f"/admin/gift-cards/{card_id}").told == (
            200,
            {"id": card_id, "object": "gift-card", "deleted": True},
        )
    row = GiftCard.objects.get()
    assert (row.is_archived, row.balance_cents, row.ledger_entries.count()) == (True, 1000, 1)
    missing = (404, refusal("not_found", f"Gift card with id: {card['id']} was not found"))
    assert shop.get(f"/admin/gift-cards/{card['id']}").told == missing
    assert shop.update(card, balance=1).told == missing
    assert shop.get("/admin/gift-cards").body["count"] == 0


def test_what_the_json_api_made_is_a_card_here_too(shop, region):
    draft = a_draft(market=region)
    redeemed = a_redeemed_card(balance_cents=200, currency_code="USD")
    archive(caller=TEST, card_id=an_active_card().pk)

    listed = shop.list("?order=created_at")

    assert [(card["id"], card["is_disabled"], card["value"], card["balance"]) for card in listed] == [
        (str(draft.pk), True, 10_000, 10_000),
        (str(redeemed.pk), True, 200, 100),
    ]
    assert (listed[1]["region_id"], listed[1]["region"], listed[1]["tax_rate"]) == (None, None, None)
    assert shop.update(listed[0], is_disabled=False).told == (
        400,
        refusal("not_allowed", "This is not possible while the gift card is draft"),
    )


def test_an_expired_card_stays_visible_to_the_shop(shop, region):
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()

    card = shop.create(region, ends_at=past)

    assert shop.read(card)["is_disabled"] is False


def test_a_card_of_the_json_api_that_is_switched_off_is_disabled_here(shop, region):
    card = an_active_card(market=region)
    deactivate(caller=TEST, card_id=card.pk)

    assert shop.list()[0]["is_disabled"] is True
