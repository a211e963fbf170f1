"""The same card through the JSON:API, the back office and Medusa's addresses, after each step of its life."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from access.credentials import digest
from access.models import ApiKey, User
from giftcards import operations
from giftcards.models import GiftCard
from kernel.caller import Caller
from kernel.secret import Secret
from markets.models import Market
from tests.fixtures.cast import TEST, a_market
from tests.fixtures.client import ApiClient
from tests.medusa.asking import Medusa, a_secret

pytestmark = pytest.mark.django_db

TEXT_OF = re.compile(r"<[^>]+>|\s+")


@dataclass(frozen=True)
class Seen:
    """What all three say of a card. Nothing is `available` of one that can't be spent."""

    balance: int
    face_value: int
    available: int
    status: str
    """"disabled" is all that Medusa says of what is not active."""
    is_expired: bool
    is_archived: bool
    ends: str | None
    tax_rate: float | None
    ends_in: str
    order: int | None = None
    """Its number, of the one that it was bought with."""


class Faces:
    held: UUID
    paid: str

    def __init__(self, market: Any) -> None:
        self.key = a_secret()
        self.api = ApiClient(f"Bearer {self.key}")
        self.shop = Medusa({"x-medusa-access-token": self.key})
        publishable = ApiKey.objects.get(digest=digest(Secret(self.key))).client_id
        self.store = Medusa({"x-publishable-api-key": publishable})
        self.owner = User.objects.create_superuser("ada@example.com", "x")
        self.person = Caller(TEST.mode, self.owner.actor)
        self.browser = Client()
        self.browser.force_login(self.owner)
        self.card = self.shop.create(market, value=1000)

    @property
    def id(self) -> UUID:
        return UUID(self.card["id"])

    def change(self, **attributes: Any) -> None:
        answer = self.api.update(f"gift_cards/{self.id}", **attributes)
        assert answer.status == 200, answer.document

    def refused(self, **attributes: Any) -> str:
        answer = self.api.update(f"gift_cards/{self.id}", **attributes)
        assert answer.status == 422
        return str(answer.error["meta"]["error"])

    def in_medusa(self, **fields: Any) -> None:
        assert self.shop.update(self.card, **fields).status == 200

    def in_the_back_office(self, verb: str, **fields: Any) -> None:
        address = reverse(f"admin:giftcards_giftcard_{verb}", args=[self.id])
        seen = GiftCard.objects.get(pk=self.id).ledger_sequence
        answer = self.browser.post(address, {"reason": "on the phone", "seen": seen, **fields})
        assert answer.status_code == 302, answer.content

    def seen(self) -> Seen:
        """By all three, which agree."""
        by_api, by_medusa, by_people = self.by_api(), self.by_medusa(), self.by_people()
        assert by_api == by_medusa == by_people
        return by_api

    def by_api(self) -> Seen:
        document = self.api.get(f"gift_cards/{self.id}?include=gift_card_order").document
        told = document["data"]["attributes"]
        orders = [each["attributes"]["display_number"] for each in document.get("included", ())]
        looked_up = self.api.create("gift_card_lookups", code=told["code"])
        found = looked_up.status == 200
        attributes = looked_up.document["data"]["attributes"] if found else {}
        return Seen(
            balance=told["balance_cents"],
            face_value=told["initial_balance_cents"],
            available=attributes["available_balance_cents"] if found else 0,
            status="active" if told["status"] == "active" else "disabled",
            is_expired=expired(told["expires_at"]),
            is_archived=told["archived_at"] is not None,
            ends=told["expires_at"],
            tax_rate=told["tax_rate"],
            ends_in=told["code"][-4:],
            order=orders[0] if orders else None,
        )

    def by_medusa(self) -> Seen:
        """What is archived is gone from the list, and stays in its order; without one it is read from what it
        was before."""
        answer = self.shop.get(f"/admin/gift-cards/{self.id}")
        listed = [each["id"] for each in self.shop.list()]
        assert listed == ([str(self.id)] if answer.status == 200 else [])
        told = self.card = answer.card if answer.status == 200 else self.archived_in_medusa()
        in_store = self.store.get(f"/store/gift-cards/{told['code']}")
        return Seen(
            balance=told["balance"],
            face_value=told["value"],
            available=in_store.card["balance"] if in_store.status == 200 else 0,
            status="disabled" if told["is_disabled"] else "active",
            is_expired=expired(told["ends_at"]),
            is_archived=answer.status == 404,
            ends=told["ends_at"],
            tax_rate=told["tax_rate"],
            ends_in=told["code"][-4:],
            order=told["order"] and told["order"]["display_id"],
        )

    def archived_in_medusa(self) -> dict[str, Any]:
        if self.card["order_id"] is None:
            return self.card
        order = self.shop.get(f"/admin/orders/{self.card['order_id']}").body["order"]
        (told,) = order["bought_gift_cards"]
        return {**told, "order": order}

    def by_people(self) -> Seen:
        page = self.browser.get(f"/back-office/giftcards/giftcard/{self.id}/change/").content.decode()
        glance = page[page.index('class="bo-card"') : page.index("</dl>")]
        words = [unescape(word) for word in TEXT_OF.sub(" ", glance.partition(">")[2]).split()]
        labels, _, facts = " ".join(words).partition(" Code ")
        ends = re.search(r"Expires (never|.+? UTC)", facts)
        order = re.search(r"Bought with #(\d+)", facts)
        rate = re.search(r"Tax rate ([\d.]+) %", facts)
        assert ends is not None
        return Seen(
            balance=cents_after("Balance", labels),
            face_value=cents_after("Face value", facts),
            available=cents_after("available", labels),
            status="active" if " active" in labels else "disabled",
            is_expired=" expired" in labels,
            is_archived=" archived" in labels,
            ends=as_on_the_wire(ends[1]),
            tax_rate=None if rate is None else float(rate[1]),
            ends_in=facts.split()[0][-4:],
            order=None if order is None else int(order[1]),
        )


def expired(ends: str | None) -> bool:
    return ends is not None and datetime.fromisoformat(ends) <= datetime.now(UTC)


def cents_after(word: str, text: str) -> int:
    return round(float(re.search(rf"{word} \D?([\d,]+\.\d\d)", text)[1].replace(",", "")) * 100)  # type: ignore[index]


def as_on_the_wire(written: str) -> str | None:
    if written == "never":
        return None
    moment = datetime.strptime(written, "%d %b %Y %H:%M UTC").replace(tzinfo=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def pay_with_it(faces: Faces) -> None:
    code = faces.card["code"]
    assert faces.api.create("gift_card_payments", amount_cents=50, codes=[code]).status == 201


def hold(faces: Faces) -> None:
    faces.held = operations.authorize(caller=faces.person, card_id=faces.id, amount_cents=100).pk


def archive_in_medusa(faces: Faces) -> None:
    assert faces.shop.delete(f"/admin/gift-cards/{faces.id}").status == 200
    assert faces.refused(_balance_change_cents=-1) == "archived"


def move_to_where_cards_are_not_taxed(faces: Faces) -> None:
    elsewhere = a_market(name="Bern", currency_code="EUR", gift_cards_taxable=False)
    faces.in_medusa(region_id=str(elsewhere.pk))


def spend_what_is_off(faces: Faces) -> None:
    assert faces.refused(_balance_change_cents=-1) == "invalid_transition"


def spend_what_has_expired(faces: Faces) -> None:
    assert faces.refused(_balance_change_cents=-1) == "expired"


LATER, PAST = "2040-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"
STEPS: list[tuple[str, Callable[[Faces], object], dict[str, Any]]] = [
    ("made", lambda faces: None, {"balance": 1000, "available": 1000, "status": "active"}),
    (
        "spent from by the API",
        lambda faces: faces.change(_balance_change_cents=-400),
        {"balance": 600, "available": 600},
    ),
    (
        "spent from in the back office",
        lambda faces: faces.in_the_back_office("debit", amount_cents="50"),
        {"balance": 550, "available": 550},
    ),
    ("paid with", pay_with_it, {"balance": 500, "available": 500}),
    ("held for an order", hold, {"available": 400}),
    (
        "let go",
        lambda faces: operations.void(caller=faces.person, authorization_id=faces.held),
        {"available": 500},
    ),
    (
        "switched off in the back office",
        lambda faces: faces.in_the_back_office("deactivate"),
        {"status": "disabled", "available": 0},
    ),
    ("not spent while it is off", spend_what_is_off, {}),
    (
        "switched on by Medusa",
        lambda faces: faces.in_medusa(is_disabled=False),
        {"status": "active", "available": 500},
    ),
    (
        "switched off by Medusa",
        lambda faces: faces.in_medusa(is_disabled=True),
        {"status": "disabled", "available": 0},
    ),
    (
        "switched on by the API",
        lambda faces: faces.change(_activate=True),
        {"status": "active", "available": 500},
    ),
    ("given an end by Medusa", lambda faces: faces.in_medusa(ends_at="2040-01-01"), {"ends": LATER}),
    (
        "expired by the API",
        lambda faces: faces.change(expires_at=PAST),
        {"ends": PAST, "is_expired": True, "available": 0},
    ),
    ("not spent after its end", spend_what_has_expired, {}),
    (
        "without an end by Medusa",
        lambda faces: faces.in_medusa(ends_at=None),
        {"ends": None, "is_expired": False, "available": 500},
    ),
    (
        "exhausted by the API",
        lambda faces: faces.change(_balance_change_cents=-500),
        {"balance": 0, "status": "disabled", "available": 0},
    ),
    (
        "reopened by Medusa",
        lambda faces: faces.in_medusa(balance=20),
        {"balance": 20, "status": "active", "available": 20},
    ),
    ("moved to where cards are not taxed", move_to_where_cards_are_not_taxed, {"tax_rate": None}),
    ("archived by Medusa", archive_in_medusa, {"is_archived": True, "available": 0}),
    (
        "taken out of the archive by the API",
        lambda faces: faces.change(_unarchive=True),
        {"is_archived": False, "available": 20},
    ),
    (
        "archived in the back office",
        lambda faces: faces.in_the_back_office("archive"),
        {"is_archived": True, "available": 0},
    ),
]


def test_after_each_step_all_three_say_the_same():
    faces = Faces(a_market(name="Berlin", currency_code="EUR", tax_rate=19))
    compare(faces, STEPS)


def compare(faces: Faces, steps: Sequence[tuple[str, Callable[[Faces], object], dict[str, Any]]]) -> None:
    expected: dict[str, Any] = {
        "face_value": 1000,
        "is_expired": False,
        "is_archived": False,
        "ends": None,
        "tax_rate": 19,
        "ends_in": faces.card["code"][-4:],
    }
    for name, step, changed in steps:
        step(faces)
        expected |= changed
        assert faces.seen() == Seen(**expected), name


def buy(faces: Faces) -> None:
    """Another one, with an order; the first is put away."""
    faces.shop.delete(f"/admin/gift-cards/{faces.id}")
    market = {"market": {"data": {"type": "markets", "id": faces.card["region_id"]}}}
    lines = [{"amount_cents": 1000, "tax_rate": 7}]
    answer = faces.api.create("gift_card_orders", market, display_number=1009, lines=lines)
    assert answer.status == 201, answer.document
    (faces.card,) = faces.shop.list("?q=1009")


def pay_for_another_order(faces: Faces) -> None:
    other = operations.place_order(caller=faces.person, market=Market.objects.get())
    linkage = {"gift_card_order": {"data": {"type": "gift_card_orders", "id": str(other.pk)}}}
    faces.paid = faces.api.create(
        "gift_card_payments", linkage, amount_cents=300, codes=[faces.card["code"]]
    ).document["data"]["id"]


def give_back(faces: Faces) -> None:
    assert faces.api.update(f"gift_card_payments/{faces.paid}", _refund=True).status == 200


def cancel(faces: Faces) -> None:
    assert faces.api.update(f"gift_card_orders/{faces.card['order_id']}", _cancel=True).status == 200


STEPS_OF_AN_ORDER: list[tuple[str, Callable[[Faces], object], dict[str, Any]]] = [
    (
        "bought",
        lambda faces: None,
        {"balance": 1000, "available": 1000, "status": "active", "order": 1009, "tax_rate": 7},
    ),
    ("paid with for an order", pay_for_another_order, {"balance": 700, "available": 700}),
    ("given back", give_back, {"balance": 1000, "available": 1000}),
    (
        "its order is cancelled",
        cancel,
        {"balance": 0, "available": 0, "status": "disabled", "is_archived": True},
    ),
]


def test_a_card_that_was_bought_with_an_order_names_it_everywhere():
    faces = Faces(a_market(name="Berlin", currency_code="EUR", tax_rate=19))
    buy(faces)
    compare(faces, STEPS_OF_AN_ORDER)
