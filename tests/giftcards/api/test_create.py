"""POST /api/gift_cards: a draft, whole in the answer, and nobody is owed anything yet."""

from uuid import UUID

import pytest

from giftcards.models import GiftCard, LedgerEntry
from markets.operations import create_market
from recipients.models import GiftCardRecipient
from recipients.operations import create_recipient
from tests.fixtures.cast import TEST, a_market
from tests.fixtures.client import ROOT
from tests.giftcards.api import documents
from tests.giftcards.api.documents import document, gift_card, identifier

pytestmark = pytest.mark.django_db

MINIMUM = {"balance_cents": 10_000, "currency_code": "USD"}


def created(answer, **attributes):
    """Asserts the whole answer, and that it is what is stored; returns the new card."""
    card = GiftCard.objects.latest("created_at")
    assert answer.document == document(gift_card(card, **attributes), "gift_cards")
    assert (answer.status, answer.headers["Location"]) == (201, f"{ROOT}/gift_cards/{card.pk}")
    return card


def test_an_amount_and_a_currency_are_enough(api):
    card = created(api.create("gift_cards", **MINIMUM))

    assert UUID(card.code().reveal()).version == 4
    assert not LedgerEntry.objects.exists()


def test_every_attribute_that_may_be_given_is_kept(api):
    answer = api.create(
        "gift_cards",
        code="BIRTHDAY-2031-ADA",
        balance_cents=15_050,
        balance_max_cents=50_000,
        currency_code="EUR",
        single_use=True,
        rechargeable=False,
        distribute_discount=False,
        image_url="https://shop.example/card.png?size=2",
        expires_at="2031-05-04T12:30:00.250+02:00",
        recipient_email="Ada@example.com",
        reference="gc-1",
        reference_origin="erp",
        metadata={"note": "née", "lines": [1, None, {"deep": True}]},
    )

    card = created(
        answer,
        code="BIRTHDAY-2031-ADA",
        currency_code="EUR",
        initial_balance_cents=15_050,
        initial_balance_float=150.5,
        formatted_initial_balance="€150.50",
        balance_cents=15_050,
        balance_float=150.5,
        formatted_balance="€150.50",
        balance_max_cents=50_000,
        balance_max_float=500.0,
        formatted_balance_max="€500.00",
        single_use=True,
        rechargeable=False,
        distribute_discount=False,
        image_url="https://shop.example/card.png?size=2",
        expires_at="2031-05-04T10:30:00.250Z",
        recipient_email="Ada@example.com",
        reference="gc-1",
        reference_origin="erp",
        metadata={"note": "née", "lines": [1, None, {"deep": True}]},
    )
    assert card.gift_card_recipient == GiftCardRecipient.objects.get(email="Ada@example.com")


@pytest.mark.parametrize("given", [{}, {"currency_code": None}, {"currency_code": "JPY"}])
def test_the_currency_is_the_markets(api, given):
    market = a_market(currency_code="JPY", locale="ja_JP")

    answer = api.create(
        "gift_cards", {"market": {"data": identifier("markets", market)}}, balance_cents=10_000, **given
    )

    card = created(
        answer,
        currency_code="JPY",
        initial_balance_float=10_000.0,
        formatted_initial_balance="￥10,000",
        balance_float=10_000.0,
        formatted_balance="￥10,000",
    )
    assert card.market == market


@pytest.mark.parametrize("spelling", ["ada@example.com", "ADA@Example.com"])
def test_a_known_e_mail_finds_its_recipient(api, spelling):
    ada = create_recipient(caller=TEST, email="ada@example.com")

    card = created(
        api.create("gift_cards", **MINIMUM, recipient_email=spelling), recipient_email="ada@example.com"
    )

    assert card.gift_card_recipient == ada
    assert GiftCardRecipient.objects.count() == 1


def test_a_recipient_may_be_named(api):
    ada = create_recipient(caller=TEST, email="ada@example.com")
    named = {"gift_card_recipient": {"data": identifier("gift_card_recipients", ada)}}

    created(api.create("gift_cards", named, **MINIMUM), recipient_email="ada@example.com")


@pytest.mark.parametrize("code", ["12345678", "x" * 40, "Ünïcödé!", "a/b?c&d=e"])
def test_a_given_code_is_taken_as_it_is(api, code):
    created(api.create("gift_cards", **MINIMUM, code=code), code=code)


@pytest.mark.parametrize("code", [None, ""])
def test_a_code_that_is_left_empty_is_generated(api, code):
    assert UUID(created(api.create("gift_cards", **MINIMUM, code=code)).code().reveal()).version == 4


def test_the_command_line_sends_everything_as_text(api):
    answer = api.create(
        "gift_cards",
        balance_cents="10000",
        balance_max_cents="20000",
        currency_code="USD",
        single_use="true",
        rechargeable="false",
        distribute_discount="false",
    )

    created(
        answer,
        balance_max_cents=20_000,
        balance_max_float=200.0,
        formatted_balance_max="$200.00",
        single_use=True,
        rechargeable=False,
        distribute_discount=False,
    )


def test_a_form_left_empty_sets_nothing(api):
    created(
        api.create(
            "gift_cards",
            {"market": {"data": None}, "gift_card_recipient": {"data": None}},
            **MINIMUM,
            balance_max_cents=None,
            image_url="",
            expires_at=None,
            recipient_email="",
            reference="",
            reference_origin=None,
            metadata=None,
        )
    )


def test_null_and_an_empty_list_under_attributes_clear_a_relationship(api):
    created(api.create("gift_cards", **MINIMUM, market=None, gift_card_recipient=[]))


def test_a_relationship_that_comes_back_with_links_only_is_ignored(api):
    created(api.create("gift_cards", {"market": {"links": {"self": "x"}}, "tags": {"meta": {}}}, **MINIMUM))


@pytest.mark.parametrize(
    ("expires_at", "moment"),
    [
        ("2031-05-04T10:30:00Z", "2031-05-04T10:30:00.000Z"),
        ("2031-05-04T10:30:00.123Z", "2031-05-04T10:30:00.123Z"),
        ("2031-05-04T10:30-05:00", "2031-05-04T15:30:00.000Z"),
        ("2031-05-04", "2031-05-05T00:00:00.000Z"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00.000Z"),
        ("9999-12-30", "9999-12-31T00:00:00.000Z"),
    ],
)
def test_an_expiry_is_a_moment_or_the_end_of_a_day(api, expires_at, moment):
    created(api.create("gift_cards", **MINIMUM, expires_at=expires_at), expires_at=moment)


@pytest.mark.parametrize(
    ("time_zone", "day", "midnight"),
    [
        ("Europe/Rome", "2031-01-31", "2031-01-31T23:00:00.000Z"),
        ("Europe/Rome", "2031-07-31", "2031-07-31T22:00:00.000Z"),
        ("Pacific/Auckland", "2031-01-31", "2031-01-31T11:00:00.000Z"),
        ("America/Los_Angeles", "2030-11-03", "2030-11-04T08:00:00.000Z"),
    ],
)
def test_a_day_ends_in_the_time_zone_of_the_market(api, time_zone, day, midnight):
    market = create_market(caller=TEST, name="There", currency_code="USD", time_zone=time_zone)

    answer = api.create(
        "gift_cards", {"market": {"data": identifier("markets", market)}}, **MINIMUM, expires_at=day
    )

    created(answer, expires_at=midnight)


def test_the_answer_includes_and_leaves_out_what_is_asked_for(api):
    market = a_market()

    answer = api.send(
        "POST",
        "gift_cards?include=market,gift_card_recipient&fields[gift_cards]=status,market&fields[markets]=name",
        {
            "data": {
                "type": "gift_cards",
                "attributes": {"balance_cents": 1, "recipient_email": "ada@example.com"},
                "relationships": {"market": {"data": identifier("markets", market)}},
            }
        },
    )

    card = GiftCard.objects.get()
    sparse_card = gift_card(card, linkage={"market": identifier("markets", market)})
    sparse_card["attributes"] = {"status": "draft"}
    sparse_card["relationships"] = {"market": sparse_card["relationships"]["market"]}
    sparse_market = documents.market(market)
    sparse_market["attributes"], sparse_market["relationships"] = {"name": "Berlin"}, {}
    assert answer.document == document(
        sparse_card,
        "gift_cards?include=market%2Cgift_card_recipient"
        "&fields%5Bgift_cards%5D=status%2Cmarket&fields%5Bmarkets%5D=name",
        included=[documents.recipient(card.gift_card_recipient, "ada@example.com"), sparse_market],
    )
