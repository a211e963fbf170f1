"""Two verbs on one card, or two claims to one name, at the same moment: one order wins, and both are told."""

from collections import Counter
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from events.models import Event
from giftcards.models import GiftCard, LedgerEntry, Status
from markets.models import Market
from recipients.models import GiftCardRecipient
from tests.concurrency.crowd import all_at_once, assert_ledger_is_true
from tests.fixtures.cast import CARD_IN, a_market
from tests.server import Api, Server, a_key

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6
Verb = Callable[[Api, UUID], httpx.Response]


def purchase(caller: Api, card_id: UUID) -> httpx.Response:
    return caller.trigger(card_id, _purchase=True)


def activate(caller: Api, card_id: UUID) -> httpx.Response:
    return caller.trigger(card_id, _activate=True)


def deactivate(caller: Api, card_id: UUID) -> httpx.Response:
    return caller.trigger(card_id, _deactivate=True)


def spend_everything(caller: Api, card_id: UUID) -> httpx.Response:
    return caller.trigger(card_id, _balance_change_cents=-10_000)


def delete(caller: Api, card_id: UUID) -> httpx.Response:
    return caller.delete(f"/gift_cards/{card_id}")


def halve_the_face_value(caller: Api, card_id: UUID) -> httpx.Response:
    return caller.trigger(card_id, balance_cents=5000)


def on(card_id: UUID, verb: Verb) -> Callable[[Api], httpx.Response]:
    return lambda caller: verb(caller, card_id)


@pytest.mark.parametrize(
    ("status", "one", "other", "possible"),
    [
        (Status.DRAFT, purchase, purchase, {(200, 422), (422, 200)}),
        (Status.DRAFT, purchase, delete, {(200, 423), (404, 204)}),
        (Status.DRAFT, delete, delete, {(204, 404), (404, 204)}),
        # Alone on an issued card, a balance is an adjustment: both orders are possible, and both are true.
        (Status.DRAFT, purchase, halve_the_face_value, {(200, 200)}),
        (Status.DRAFT, halve_the_face_value, delete, {(200, 204), (404, 204)}),
        (Status.INACTIVE, activate, activate, {(200, 422), (422, 200)}),
        (Status.INACTIVE, activate, delete, {(200, 423)}),
        (Status.ACTIVE, deactivate, spend_everything, {(200, 200), (200, 422)}),
        (Status.ACTIVE, spend_everything, spend_everything, {(200, 422), (422, 200)}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_two_verbs_at_once_have_one_of_two_orders(
    server: Server, status: Status, one: Verb, other: Verb, possible: set[tuple[int, int]]
):
    key = a_key()
    cards = [CARD_IN[status](balance_cents=10_000) for _ in range(ROUNDS)]
    actions = [on(card.id, verb) for card in cards for verb in (one, other)]

    answers = all_at_once(server, key, actions)

    statuses = [answer.status_code for answer in answers]
    assert set(zip(statuses[::2], statuses[1::2], strict=True)) <= possible
    assert_ledger_is_true()
    for card in cards:
        kinds = Counter(LedgerEntry.objects.filter(gift_card_id=card.id).values_list("kind", flat=True))
        assert kinds["issue"] <= 1
        assert kinds["debit"] <= 1


def test_a_code_is_claimed_once(server: Server):
    answers = all_at_once(
        server,
        a_key(),
        [
            lambda caller: caller.create(
                "gift_cards", {"balance_cents": 100, "currency_code": "EUR", "code": "WELCOME-2026"}
            )
        ]
        * 8,
    )

    assert_one_was_created(answers, "code")
    assert GiftCard.objects.count() == 1


def test_a_markets_code_is_claimed_once_and_its_number_is_its_own(server: Server):
    key = a_key()
    create = [lambda caller: caller.create("markets", {"name": "Rome", "code": "it"})] * 8
    assert_one_was_created(all_at_once(server, key, create), "code")

    numbered = all_at_once(server, key, [lambda caller: caller.create("markets", {"name": "Any"})] * 8)

    assert {answer.status_code for answer in numbered} == {201}
    assert sorted(Market.objects.values_list("number", flat=True)) == list(range(1, 10))


def test_a_recipients_address_is_claimed_once(server: Server):
    create = [
        lambda caller, email=email: caller.create("gift_card_recipients", {"email": email})
        for email in ("ada@example.com", "ADA@example.com") * 4
    ]

    assert_one_was_created(all_at_once(server, a_key(), create), "email")


def test_cards_for_one_new_recipient_share_him(server: Server):
    attributes = {"balance_cents": 100, "currency_code": "EUR", "recipient_email": "ada@example.com"}

    answers = all_at_once(server, a_key(), [lambda caller: caller.create("gift_cards", attributes)] * 8)

    assert {answer.status_code for answer in answers} == {201}
    recipient = GiftCardRecipient.objects.get()
    assert recipient.gift_cards.count() == 8
    assert Event.objects.filter(subject_id=recipient.id).count() == 1


def test_a_market_is_not_closed_under_a_card_that_is_being_made(server: Server):
    markets = [a_market(code=f"m{number}", currency_code="EUR") for number in range(ROUNDS)]

    def create(market: Market):
        return lambda caller: caller.create(
            "gift_cards", {"balance_cents": 100}, market=("markets", str(market.id))
        )

    def close(market: Market):
        return lambda caller: caller.delete(f"/markets/{market.id}")

    answers = all_at_once(
        server, a_key(), [action(market) for market in markets for action in (create, close)]
    )

    statuses = [answer.status_code for answer in answers]
    outcomes = set(zip(statuses[::2], statuses[1::2], strict=True))
    assert outcomes <= {(201, 423), (404, 204), (409, 204)}
    assert GiftCard.objects.count() == statuses.count(201)


def assert_one_was_created(answers: list[httpx.Response], attribute: str) -> None:
    """The others are told that it is taken: 422 if they came late, 409 if they lost the race."""
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[201] == 1
    assert statuses.keys() <= {201, 409, 422}
    pointers = {
        error["source"]["pointer"]
        for answer in answers
        if answer.status_code != 201
        for error in answer.json()["errors"]
    }
    assert pointers == {f"/data/attributes/{attribute}"}
