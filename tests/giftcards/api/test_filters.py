"""`filter[q]`: which cards each predicate finds, and never their likes in the other mode."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from giftcards.models import GiftCard
from giftcards.operations import debit
from tests.fixtures.cast import LIVE, TEST, a_draft, a_market, an_active_card, an_inactive_card
from tests.fixtures.client import api_client

pytestmark = pytest.mark.django_db

BERLIN = "BERLIN-2031-ADA9"
SHORT = "SHORT-AB"


@pytest.fixture
def _cards():
    """Three cards, known by their reference; and their likes in live mode."""
    for by in (TEST, LIVE):
        berlin = a_market(by=by, code="berlin", currency_code="EUR", reference="m-1")
        a_draft(by=by, reference="plain", balance_cents=100)
        an_active_card(
            by=by,
            reference="berlin",
            reference_origin="erp",
            balance_cents=5_000,
            balance_max_cents=9_000,
            market=berlin,
            recipient_email="Ada@example.com",
            code=BERLIN,
            expires_at=datetime(2031, 5, 4, 12, tzinfo=UTC),
            metadata={"tier": "gold", "lines": [1, 2]},
        )
        an_inactive_card(
            by=by, reference="short", balance_cents=700, single_use=True, rechargeable=False, code=SHORT
        )


EVERY = ["berlin", "plain", "short"]

TABLE = [
    ("status_eq", "draft", ["plain"]),
    ("status_not_eq", "draft", ["berlin", "short"]),
    ("status_in", "draft,inactive", ["plain", "short"]),
    ("status_not_in", "draft,inactive", ["berlin"]),
    ("currency_code_eq", "EUR", ["berlin"]),
    ("currency_code_in", "EUR,USD", EVERY),
    ("currency_code_cont", "U", EVERY),
    ("balance_cents_eq", "700", ["short"]),
    ("balance_cents_gt", "700", ["berlin"]),
    ("balance_cents_gteq", "700", ["berlin", "short"]),
    ("balance_cents_lt", "700", ["plain"]),
    ("balance_cents_lteq", "700", ["plain", "short"]),
    ("balance_cents_in", "100,5000", ["berlin", "plain"]),
    ("balance_max_cents_null", "true", ["plain", "short"]),
    ("balance_max_cents_null", "false", ["berlin"]),
    ("balance_max_cents_not_null", "true", ["berlin"]),
    ("balance_max_cents_not_eq", "1", ["berlin"]),
    ("balance_max_cents_lt", "9001", ["berlin"]),
    ("single_use_eq", "true", ["short"]),
    ("rechargeable_eq", "false", ["short"]),
    ("rechargeable_not_eq", "false", ["berlin", "plain"]),
    ("expires_at_null", "true", ["plain", "short"]),
    ("expires_at_lt", "2031-05-04T12:00:00.001Z", ["berlin"]),
    ("expires_at_lt", "2031-05-04T12:00:00Z", []),
    ("expires_at_lteq", "2031-05-04T14:00:00+02:00", ["berlin"]),
    ("expires_at_gteq", "2031-05-04", ["berlin"]),
    ("expires_at_gteq", "2031-05-05", []),
    ("created_at_gt", "2000-01-01", EVERY),
    ("created_at_lt", "2000-01-01", []),
    ("updated_at_gteq", "2000-01-01T00:00:00Z", EVERY),
    ("reference_eq", "plain", ["plain"]),
    ("reference_start", "b", ["berlin"]),
    ("reference_end", "in", ["berlin", "plain"]),
    ("reference_cont", "lai", ["plain"]),
    ("reference_cont", "LAI", ["plain"]),
    ("reference_i_cont", "LAI", ["plain"]),
    ("reference_cont", "%", []),
    ("reference_cont", "_", []),
    ("reference_origin_null", "true", ["plain", "short"]),
    ("reference_origin_not_eq", "x", ["berlin"]),
    ("reference_origin_in", "erp", ["berlin"]),
    ("metadata_jcont", '{"tier": "gold"}', ["berlin"]),
    ("metadata_jcont", '{"lines": [2]}', ["berlin"]),
    ("metadata_jcont", '{"tier": "silver"}', []),
    ("metadata_jcont", "{}", EVERY),
    ("code_eq", BERLIN, ["berlin"]),
    ("code_eq", BERLIN.lower(), []),
    ("code_eq", BERLIN[:8], []),
    ("code_in", f"{BERLIN},{SHORT},NOBODYS-CODE", ["berlin", "short"]),
    ("code_start", BERLIN[:8], ["berlin"]),
    ("code_start", SHORT[:8], []),  # a short code's first 8 characters would be most of the secret
    ("code_end", "ADA9", ["berlin"]),
    ("code_end", "T-AB", ["short"]),
    ("code_cont", BERLIN, ["berlin"]),
    ("code_cont", BERLIN[:8], ["berlin"]),
    ("code_cont", "ADA9", ["berlin"]),
    ("code_cont", SHORT, ["short"]),
    ("code_cont", "ERLIN-20", []),
    ("code_cont", "B", []),
    ("code_cont", "", []),
    ("market_name_eq", "Berlin", ["berlin"]),
    ("market_code_in", "berlin,paris", ["berlin"]),
    ("market_id_null", "true", ["plain", "short"]),
    ("market_reference_start", "m", ["berlin"]),
    ("market_currency_code_eq", "EUR", ["berlin"]),
    ("market_disabled_at_null", "true", EVERY),
    ("gift_card_recipient_email_eq", "Ada@example.com", ["berlin"]),
    ("gift_card_recipient_email_cont", "@example", ["berlin"]),
    ("gift_card_recipient_email_i_cont", "ADA@", ["berlin"]),
    ("gift_card_recipient_email_or_code_cont", "T-AB", ["short"]),
    ("gift_card_recipient_email_or_reference_start", "A", ["berlin"]),
    ("reference_or_reference_origin_or_market_name_eq", "erp", ["berlin"]),
    ("status_or_reference_eq", "draft", ["plain"]),
]


def found(client, **predicates):
    query = {f"filter[q][{name}]": value for name, value in predicates.items()}
    answer = client.get("gift_cards?" + urlencode(query))
    assert answer.status == 200, answer.document
    return sorted(card["attributes"]["reference"] for card in answer.document["data"])


@pytest.mark.usefixtures("_cards")
@pytest.mark.parametrize(("predicate", "value", "references"), TABLE)
def test_a_predicate_finds(api, predicate, value, references):
    assert found(api, **{predicate: value}) == references


@pytest.mark.usefixtures("_cards")
def test_predicates_are_joined_by_and(api):
    assert found(api, balance_cents_lt="1000", single_use_eq="false") == ["plain"]
    assert found(api, status_eq="draft", currency_code_eq="EUR") == []
    assert found(api, balance_cents_gteq="100", balance_cents_lteq="700") == ["plain", "short"]


@pytest.mark.usefixtures("_cards")
def test_ids_are_filtered_within_the_mode(api):
    here = GiftCard.objects.get(mode="test", reference="plain")
    there = GiftCard.objects.get(mode="live", reference="berlin")
    markets = {card.mode: str(card.market_id) for card in GiftCard.objects.filter(reference="berlin")}

    assert found(api, id_eq=str(here.pk)) == ["plain"]
    assert found(api, id_in=f"{here.pk},{there.pk}") == ["plain"]
    assert found(api, market_id_in=f"{markets['live']}") == []
    assert found(api, market_id_eq=markets["test"]) == ["berlin"]


@pytest.mark.usefixtures("_cards")
def test_a_key_of_one_market_finds_its_cards_and_those_without_a_market():
    a_market(code="paris")

    assert found(api_client(market_codes=["berlin"]), created_at_gt="2000-01-01") == EVERY
    assert found(api_client(market_codes=["paris"]), created_at_gt="2000-01-01") == ["plain", "short"]
    assert found(api_client(market_codes=["paris"]), code_eq=BERLIN) == []
    assert found(api_client(market_codes=["paris"]), market_name_eq="Berlin") == []


@pytest.mark.usefixtures("_cards")
def test_a_list_counts_what_is_found(api):
    answer = api.get("gift_cards?" + urlencode({"filter[q][status_not_eq]": "draft", "page[size]": 1}))

    assert answer.document["meta"] == {"record_count": 2, "page_count": 2}
    assert len(answer.document["data"]) == 1


@pytest.mark.usefixtures("_cards")
def test_a_spent_card_is_found_by_what_is_left(api):
    card = GiftCard.objects.get(mode="test", reference="berlin")
    debit(caller=TEST, card_id=card.pk, amount_cents=4_999)

    assert found(api, balance_cents_eq="1") == ["berlin"]
