"""Amounts at their edges, on every attribute that takes one. The values are JSON texts: what travels."""

import json
from typing import Any, NamedTuple

import pytest

from giftcards.models import GiftCard
from tests.fixtures.cast import a_draft, an_active_card, as_stored
from tests.fixtures.client import Answer, ApiClient
from tests.giftcards.api.documents import errors, invalid, problem
from tests.giftcards.api.raw import send_raw

pytestmark = pytest.mark.django_db

LARGEST = 10**13
NO_NUMBER = ("not_a_number", "is not a number")
NO_INTEGER = ("not_an_integer", "must be an integer")
TOO_LARGE = ("less_than_or_equal_to", f"must be less than or equal to {LARGEST}")
TOO_SMALL = ("greater_than_or_equal_to", f"must be greater than or equal to -{LARGEST}")
BLANK = ("blank", "can't be blank")

NO_AMOUNT: list[tuple[str, tuple[str, str], Any]] = [
    ("1.0", NO_INTEGER, 1.0),
    ("0.5", NO_INTEGER, 0.5),
    ("-0.0", NO_INTEGER, -0.0),
    ("1e3", NO_INTEGER, 1000.0),
    ("1E3", NO_INTEGER, 1000.0),
    ("1e30", NO_INTEGER, 1e30),
    ("true", NO_NUMBER, True),
    ("false", NO_NUMBER, False),
    ("[]", NO_NUMBER, None),
    ("[5]", NO_NUMBER, None),
    ('{"cents": 5}', NO_NUMBER, None),
    ('""', NO_NUMBER, ""),
    ('"1e3"', NO_NUMBER, "1e3"),
    ('"15000.0"', NO_NUMBER, "15000.0"),
    ('"15,000"', NO_NUMBER, "15,000"),
    ('" 5"', NO_NUMBER, " 5"),
    ('"5 "', NO_NUMBER, "5 "),
    ('"5\\n"', NO_NUMBER, None),
    ('"+5"', NO_NUMBER, "+5"),
    ('"05"', NO_NUMBER, "05"),
    ('"5_000"', NO_NUMBER, "5_000"),
    ('"0x10"', NO_NUMBER, "0x10"),
    ('"٣"', NO_NUMBER, "٣"),
    ('"\\uff11\\uff12"', NO_NUMBER, "\uff11\uff12"),
    ('"NaN"', NO_NUMBER, "NaN"),
    ('"Infinity"', NO_NUMBER, "Infinity"),
    ('"five"', NO_NUMBER, "five"),
]

BEYOND_COUNTING: list[tuple[str, tuple[str, str], Any, int]] = [
    (str(LARGEST + 1), TOO_LARGE, LARGEST + 1, LARGEST),
    (f'"{LARGEST + 1}"', TOO_LARGE, str(LARGEST + 1), LARGEST),
    (str(2**53 + 1), TOO_LARGE, 2**53 + 1, LARGEST),
    (str(2**63 - 1), TOO_LARGE, 2**63 - 1, LARGEST),
    (str(2**63), TOO_LARGE, None, LARGEST),
    (f'"{2**63}"', TOO_LARGE, str(2**63), LARGEST),
    (str(10**30), TOO_LARGE, None, LARGEST),
    (str(-LARGEST - 1), TOO_SMALL, -LARGEST - 1, -LARGEST),
    (str(-(2**63)), TOO_SMALL, -(2**63), -LARGEST),
    (str(-(10**30)), TOO_SMALL, None, -LARGEST),
]


class Place(NamedTuple):
    """One attribute that takes an amount, in one kind of request."""

    attribute: str
    method: str
    make: Any = None


BALANCES = [
    Place("balance_cents", "POST"),
    Place("balance_max_cents", "POST"),
    Place("balance_cents", "PATCH", a_draft),
    Place("balance_cents", "PATCH", an_active_card),
    Place("balance_max_cents", "PATCH", an_active_card),
]
PLACES = [*BALANCES, Place("_balance_change_cents", "PATCH", an_active_card)]


def place_id(place: Place) -> str:
    return f"{place.method}-{place.make.__name__ if place.make else 'new'}-{place.attribute}"


def send(api: ApiClient, place: Place, text: str, card: GiftCard | None) -> Answer:
    """The request, word for word."""
    if card is None:
        balance = "" if place.attribute == "balance_cents" else '"balance_cents": 1, '
        attributes = f'{{{balance}"currency_code": "USD", "{place.attribute}": {text}}}'
        body = f'{{"data": {{"type": "gift_cards", "attributes": {attributes}}}}}'
        return send_raw(api, "POST", "gift_cards", body)
    attributes = f'{{"{place.attribute}": {text}}}'
    body = f'{{"data": {{"type": "gift_cards", "id": "{card.pk}", "attributes": {attributes}}}}}'
    return send_raw(api, "PATCH", f"gift_cards/{card.pk}", body)


def refuses(api: ApiClient, place: Place, text: str, *expected: Any, status: int = 422) -> None:
    """Answers with these errors, and neither a card nor anything of this card is stored."""
    card = place.make() if place.make else None
    before = as_stored(card.pk) if card else None
    answer = send(api, place, text, card)
    assert answer.document == errors(*expected)
    assert answer.status == status
    assert GiftCard.objects.count() == (1 if card else 0)
    assert (as_stored(card.pk) if card else None) == before


@pytest.mark.parametrize("place", PLACES, ids=place_id)
@pytest.mark.parametrize(("text", "refusal", "echo"), NO_AMOUNT, ids=[row[0] for row in NO_AMOUNT])
def test_what_is_no_whole_number_is_no_amount(api, place, text, refusal, echo):
    refuses(api, place, text, invalid(place.attribute, *refusal, value=echo))


@pytest.mark.parametrize("place", PLACES, ids=place_id)
@pytest.mark.parametrize("row", BEYOND_COUNTING, ids=[row[0] for row in BEYOND_COUNTING])
def test_an_amount_beyond_counting_is_refused(api, place, row):
    text, refusal, echo, limit = row
    refuses(api, place, text, invalid(place.attribute, *refusal, value=echo, count=limit))


@pytest.mark.parametrize("place", PLACES, ids=place_id)
@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "05", "+5", "5.", ".5", "1_000", "0x10"])
def test_what_is_no_json_is_no_request(api, place, text):
    unreadable = problem(400, "BAD_REQUEST", "Bad request", "The request's body is not valid JSON.")
    refuses(api, place, text, unreadable, status=400)


@pytest.mark.parametrize("place", BALANCES, ids=place_id)
@pytest.mark.parametrize("text", ["-1", '"-1"', str(-LARGEST)])
def test_a_balance_is_never_negative(api, place, text):
    title = "must be greater than or equal to 0"
    sent = int(json.loads(text))
    refuses(
        api, place, text, invalid(place.attribute, "greater_than_or_equal_to", title, value=sent, count=0)
    )


@pytest.mark.parametrize(
    "place", [each for each in BALANCES if each.attribute == "balance_cents"], ids=place_id
)
def test_a_balance_cannot_be_null(api, place):
    refuses(api, place, "null", invalid("balance_cents", *BLANK))


@pytest.mark.parametrize("text", ["0", "-0", '"0"', '"-0"'])
def test_a_balance_change_of_nothing_is_refused(api, text):
    title = "must be other than 0"
    refuses(
        api,
        PLACES[-1],
        text,
        invalid("_balance_change_cents", "other_than", title, value=0, count=0),
    )


@pytest.mark.parametrize("place", BALANCES, ids=place_id)
@pytest.mark.parametrize("text", [str(LARGEST), f'"{LARGEST}"', "0", "-0", '"0"', "1"])
def test_the_edges_themselves_are_amounts(api, place, text):
    if place.attribute == "balance_max_cents" and place.make is None and text in {"0", "-0", '"0"'}:
        text = "1"  # the new card has one cent on it

    answer = send(api, place, text, place.make() if place.make else None)

    assert answer.status in {200, 201}
    assert answer.document["data"]["attributes"][place.attribute] == int(json.loads(text))


def test_no_card_ever_holds_more_than_can_be_counted(api):
    card = an_active_card(balance_cents=LARGEST)

    answer = api.update(f"gift_cards/{card.pk}", _balance_change_cents=1)

    title = f"would exceed the maximum balance of {LARGEST}"
    assert answer.document == errors(
        invalid("_balance_change_cents", "balance_max_exceeded", title, value=1, count=LARGEST)
    )


def test_a_card_of_the_largest_amount_is_spent_to_the_last_cent(api):
    card = an_active_card(balance_cents=LARGEST)

    answer = api.update(f"gift_cards/{card.pk}", _balance_change_cents=-LARGEST)

    shown = answer.document["data"]["attributes"]
    assert (shown["balance_cents"], shown["initial_balance_cents"]) == (0, LARGEST)
    assert (shown["initial_balance_float"], shown["formatted_initial_balance"]) == (
        100_000_000_000.0,
        "$100,000,000,000.00",
    )
