"""The requests of the official dashboard, as its gift-card app sends them."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from giftcards.models import GiftCard
from giftcards.operations import debit
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market, a_redeemed_card, an_active_card, as_stored
from tests.fixtures.client import ROOT
from tests.giftcards.api import documents
from tests.giftcards.api.documents import document, errors, gift_card, identifier, invalid, of_card

pytestmark = pytest.mark.django_db


def edit_form(card: Any, **edited: Any) -> dict[str, Any]:
    """What the edit form sends: all that it has read, except for the code."""
    names = (
        "currency_code",
        "balance_cents",
        "balance_max_cents",
        "expires_at",
        "recipient_email",
        "image_url",
        "single_use",
        "rechargeable",
        "distribute_discount",
    )
    return {name: card["attributes"][name] for name in names} | edited


def a_full_card() -> GiftCard:
    return an_active_card(
        market=a_market(),
        balance_max_cents=50_000,
        expires_at=datetime.fromisoformat("2031-05-04T10:30:00.123Z"),
        recipient_email="ada@example.com",
        image_url="https://shop.example/card.png",
        metadata={"note": 1},
    )


def test_the_form_for_a_new_card_creates_and_purchases_it(api):
    market = a_market()
    form = {
        "code": None,
        "currency_code": "USD",
        "balance_cents": 10_000,
        "balance_max_cents": None,
        "recipient_email": None,
        "image_url": "",
        "single_use": False,
        "rechargeable": False,
        "distribute_discount": False,
    }

    created = api.create("gift_cards", {"market": {"data": identifier("markets", market)}}, **form)
    card = GiftCard.objects.get()
    as_sent: dict[str, Any] = {"rechargeable": False, "distribute_discount": False}
    assert (created.status, created.document) == (201, document(gift_card(card, **as_sent), "gift_cards"))

    purchased = api.update(f"gift_cards/{card.pk}", _purchase=True)
    assert (purchased.status, purchased.document) == (200, of_card(card, status="inactive", **as_sent))


def test_a_card_of_no_market_is_sent_with_null(api):
    created = api.create(
        "gift_cards", {"market": {"data": None}}, currency_code="USD", balance_cents=10_000, code=None
    )

    assert created.document == document(gift_card(GiftCard.objects.get()), "gift_cards")


def test_the_edit_form_sent_back_unchanged_leaves_no_trace(api):
    card = a_full_card()
    before = as_stored(card.pk)
    read = api.get(f"gift_cards/{card.pk}?include=market,gift_card_recipient").document["data"]

    answer = api.update(
        f"gift_cards/{card.pk}",
        {"market": {"data": read["relationships"]["market"]["data"]}},
        **edit_form(read),
    )

    assert answer.status == 200
    assert answer.document["data"]["attributes"] == read["attributes"]
    assert as_stored(card.pk) == before


def test_everything_that_was_read_can_be_sent_back_but_for_what_is_read_only(api):
    card = a_full_card()
    before = as_stored(card.pk)
    read = api.get(f"gift_cards/{card.pk}?include=market,gift_card_recipient").document["data"]
    more = {name: read["attributes"][name] for name in ("reference", "reference_origin", "metadata")}

    answer = api.update(f"gift_cards/{card.pk}", read["relationships"], **edit_form(read), **more)

    assert answer.status == 200
    assert as_stored(card.pk) == before


def test_the_edit_form_sent_back_after_a_debit_is_stale(api):
    card = a_full_card()
    read = api.get(f"gift_cards/{card.pk}").document["data"]
    debit(caller=TEST, card_id=card.pk, amount_cents=2_500)
    before = as_stored(card.pk)

    answer = api.update(f"gift_cards/{card.pk}", **edit_form(read, image_url=""))

    stale = invalid("balance_cents", "stale", "has changed since it was read", value=10_000)
    assert (answer.status, answer.document) == (422, errors(stale))
    assert as_stored(card.pk) == before


def test_the_edit_form_changes_what_was_edited_and_posts_nothing(api):
    card = a_full_card()
    entries = as_stored(card.pk)["entries"]
    read = api.get(f"gift_cards/{card.pk}").document["data"]

    answer = api.update(
        f"gift_cards/{card.pk}", **edit_form(read, image_url="", expires_at=None, single_use=True)
    )

    assert answer.document == of_card(
        card,
        status="active",
        balance_max_cents=50_000,
        balance_max_float=500.0,
        formatted_balance_max="$500.00",
        recipient_email="ada@example.com",
        metadata={"note": 1},
        single_use=True,
    )
    assert as_stored(card.pk)["entries"] == entries


@pytest.mark.parametrize("emptied", ["", None])
def test_a_recipient_is_cleared_both_ways_in_one_request(api, emptied):
    card = an_active_card(recipient_email="ada@example.com")

    answer = api.update(
        f"gift_cards/{card.pk}", {"gift_card_recipient": {"data": None}}, recipient_email=emptied
    )

    assert (answer.status, answer.document) == (200, of_card(card, status="active"))
    assert GiftCard.objects.get().gift_card_recipient is None


def test_the_card_with_what_belongs_to_it(api):
    card = a_full_card()
    market, recipient = card.market, card.gift_card_recipient
    assert market

    answer = api.get(f"gift_cards/{card.pk}?include=market%2Cgift_card_recipient")

    linkage = {
        "market": identifier("markets", market),
        "gift_card_recipient": identifier("gift_card_recipients", recipient),
    }
    whole = gift_card(
        card,
        linkage=linkage,
        status="active",
        balance_max_cents=50_000,
        balance_max_float=500.0,
        formatted_balance_max="$500.00",
        expires_at="2031-05-04T10:30:00.123Z",
        recipient_email="ada@example.com",
        image_url="https://shop.example/card.png",
        metadata={"note": 1},
    )
    assert answer.document == document(
        whole,
        f"gift_cards/{card.pk}?include=market%2Cgift_card_recipient",
        included=[documents.recipient(recipient, "ada@example.com"), documents.market(market)],
    )


FIELDS = (
    "id,code,status,currency_code,formatted_balance,formatted_initial_balance,created_at,updated_at,"
    "gift_card_recipient"
)


def in_the_table(card: GiftCard, **attributes: Any) -> Any:
    """A card as the dashboard's table asks for it."""
    recipient = documents.stored(card.pk).gift_card_recipient
    linkage = identifier("gift_card_recipients", recipient) if recipient else None
    row = gift_card(card, linkage={"gift_card_recipient": linkage}, **attributes)
    row["attributes"] = {name: row["attributes"][name] for name in FIELDS.split(",")[1:-1]}
    row["relationships"] = {"gift_card_recipient": row["relationships"]["gift_card_recipient"]}
    return row


def test_the_table_of_cards_filtered_by_status_market_and_search(api):
    berlin, paris = a_market(), a_market(name="Paris")
    by_e_mail = an_active_card(market=berlin, recipient_email="ada@example.com")
    by_code = a_redeemed_card(market=paris, code="ada@2031")
    an_active_card(market=berlin, recipient_email="bob@example.com")
    a_draft(market=berlin, recipient_email="ada@example.com")
    an_active_card(recipient_email="ada@example.com")
    an_active_card(by=LIVE, recipient_email="ada@example.com")
    query = {
        "fields[gift_cards]": FIELDS,
        "include": "gift_card_recipient",
        "filter[q][status_in]": "inactive,active,redeemed",
        "filter[q][market_id_in]": f"{berlin.pk},{paris.pk}",
        "sort": "-created_at",
        "page[size]": "25",
    }

    for search, found in [
        ("ada@", [in_the_table(by_e_mail)]),
        ("ada@2031", [in_the_table(by_code)]),
        ("2031", [in_the_table(by_code)]),
        ("nobody", []),
    ]:
        asked = {**query, "filter[q][gift_card_recipient_email_or_code_cont]": search}
        answer = api.get(f"gift_cards?{urlencode(asked)}")

        for row in found:
            status = "active" if row["id"] == str(by_e_mail.pk) else "redeemed"
            row["attributes"]["status"] = status
            row["attributes"]["formatted_balance"] = "$100.00" if status == "active" else "$50.00"
        shown = [by_e_mail.gift_card_recipient] if search == "ada@" else []
        page = {name: value for name, value in asked.items() if not name.startswith("page")}
        only = f"{ROOT}/gift_cards?{urlencode({**page, 'page[number]': 1, 'page[size]': 25})}"
        assert answer.document == document(
            found,
            f"gift_cards?{urlencode(asked)}",
            links={"first": only, "last": only},
            included=[documents.recipient(recipient, "ada@example.com") for recipient in shown],
            meta={"record_count": len(found), "page_count": 1},
        )
