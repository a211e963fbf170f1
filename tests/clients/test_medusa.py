"""`@medusajs/medusa-js` 6.1.10, unmodified: every gift-card call that it has, and lost answers."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import global_settings

from access.models import ApiKey, User
from giftcards.models import Denomination, GiftCard, LedgerEntry
from giftcards.operations import LineTold, pay, place_order
from kernel.modes import Mode
from tests.clients.official_clients import Node
from tests.clients.tap import Tap, _Relay
from tests.fixtures.cast import LIVE, TEST, a_denomination, a_market, an_active_card
from tests.giftcards.api.documents import time_text
from tests.server import Server, a_key

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL, PASSWORD = "ada@example.com", "engine of difference"
NOT_FOUND = "not_found"


class _Losing(_Relay):
    """Passes everything on; of each `Idempotency-Key` the first answer gets lost on its way back."""

    seen: set[str]

    def _relay(self) -> None:
        key = self.headers.get("Idempotency-Key")
        if key is None or key in self.seen:
            super()._relay()
            return
        self.seen.add(key)
        kept, self.wfile = self.wfile, _Nowhere()  # type: ignore[assignment]
        super()._relay()
        self.wfile = kept
        self.close_connection = True

    do_GET = do_POST = do_DELETE = _relay  # noqa: N815 (as the handler's base looks them up)


class _Nowhere:
    closed = False

    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None: ...


@pytest.fixture
def losing(server: Server) -> Iterator[Tap]:
    class Relay(_Losing):
        seen: set[str] = set()

    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as listening:
        listening.daemon_threads = True
        Relay.tap = Tap(server, f"http://127.0.0.1:{listening.server_port}")
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield Relay.tap
        listening.shutdown()
        thread.join()


@pytest.fixture
def given(settings: Any) -> dict[str, Any]:
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS  # the server's
    User.objects.create_superuser(EMAIL, PASSWORD)
    key = a_key()
    return {
        "key": key,
        "publishable_key": ApiKey.objects.get().client_id,
        "person": {"email": EMAIL, "password": PASSWORD},
    }


def answers(outcomes: dict[str, Any], *steps: str) -> list[Any]:
    return [outcomes[step]["answer"] for step in steps]


def cards(outcome: dict[str, Any]) -> list[str]:
    return [card["id"] for card in outcome["answer"]["gift_cards"]]


def test_every_call_of_the_client(node: Node, server: Server, given: dict[str, Any]):
    region = a_market(name="Berlin", currency_code="EUR", tax_rate=19)
    live = an_active_card(by=LIVE)
    denomination = a_denomination()

    told = node.drive("medusa", server, **given)

    _second, first = GiftCard.objects.filter(mode=Mode.TEST).order_by("-created_at")
    created, other = (told[step]["answer"]["gift_card"] for step in ("create", "create another"))
    assert [each["id"] for each in told["regions"]["answer"]["regions"]] == [str(region.pk)]
    assert told["a region"]["answer"]["region"] == created["region"]
    assert told["regions of the store"]["answer"]["regions"] == [created["region"]]
    products_are_told(told, denomination)
    assert created == {
        "id": str(first.pk),
        "created_at": time_text(first.created_at),
        "updated_at": created["updated_at"],
        "deleted_at": None,
        "code": first.code().reveal(),
        "value": 1000,
        "balance": 1000,
        "region_id": str(region.pk),
        "order_id": None,
        "is_disabled": False,
        "ends_at": None,
        "tax_rate": 19,
        "metadata": None,
        "region": told["a region"]["answer"]["region"],
        "order": None,
    }
    assert (other["ends_at"], other["is_disabled"]) == ("2040-01-01T00:00:00.000Z", True)
    assert told["retrieve"]["answer"] == {"gift_card": created}
    assert told["list"]["answer"] == {"gift_cards": [other, created], "count": 2, "offset": 0, "limit": 50}
    assert told["list a page"]["answer"] == {"gift_cards": [created], "count": 2, "offset": 1, "limit": 1}
    assert (cards(told["find"]), cards(told["find nothing"])) == ([str(first.pk)], [])
    updated = told["update"]["answer"]["gift_card"]
    assert (updated["balance"], updated["metadata"]) == (10, {"seen": "yes"})
    assert told["in the store"]["answer"]["gift_card"] == {
        "id": str(first.pk),
        "code": created["code"],
        "value": 1000,
        "balance": 10,
        "region": created["region"],
    }
    switched = [each["gift_card"]["is_disabled"] for each in answers(told, "disable", "enable")]
    assert switched == [True, False]
    gone = {"id": str(first.pk), "object": "gift-card", "deleted": True}
    assert answers(told, "delete", "delete again") == [gone, gone]
    assert cards(told["live cards of the back office"]) == [str(live.pk)]
    assert {step: outcome for step, outcome in told.items() if "refused" in outcome} == {
        "too much": refused(400, "invalid_argument", "new balance is invalid"),
        "unknown fields": refused(
            400, "invalid_data", "property foo should not exist, property bar should not exist"
        ),
        "in the store, disabled": refused(
            404, NOT_FOUND, f"Gift card with code: {created['code']} was not found"
        ),
        "retrieve the deleted": refused(404, NOT_FOUND, f"Gift card with id: {first.pk} was not found"),
        "in the store, deleted": refused(
            404, NOT_FOUND, f"Gift card with code: {created['code']} was not found"
        ),
        "without a key": {"refused": 401, "body": "Unauthorized"},
        "a wrong password": {"refused": 401, "body": "Unauthorized"},
    }
    assert list(GiftCard.objects.exclude(archived_at=None)) == [first]
    assert created["code"] not in server.log()


def test_orders_are_read_with_what_was_bought_and_what_paid_for_them(node: Node, server: Server):
    region = a_market(currency_code="EUR", tax_rate=19)
    lines = [LineTold(quantity=2, amount_cents=2_500)]
    order = place_order(caller=TEST, market=region, attributes={"display_number": 1009}, lines=lines)
    card = an_active_card(market=region, balance_cents=500)
    pay(caller=TEST, amount_cents=300, gift_cards=[card.pk], order=order)

    told = node.drive("medusa_orders", server, key=a_key(), order=order.pk)

    listed, retrieved = told["list"]["answer"], told["retrieve"]["answer"]["order"]
    assert listed == {"orders": [retrieved], "count": 1, "offset": 0, "limit": 50}
    assert told["list a page"]["answer"] == {"orders": [], "count": 1, "offset": 1, "limit": 2}
    assert told["find"]["answer"]["orders"] == [retrieved]
    assert (retrieved["id"], retrieved["display_id"], retrieved["status"]) == (str(order.pk), 1009, "pending")
    (share,) = retrieved["gift_card_transactions"]
    assert (share["amount"], share["is_taxable"], share["tax_rate"]) == (300, True, 19)
    assert (retrieved["gift_card_total"], retrieved["gift_card_tax_total"]) == (300, 57)
    assert [each["id"] for each in retrieved["gift_cards"]] == [str(card.pk)]
    bought = [each["id"] for each in retrieved["bought_gift_cards"]]
    assert sorted(cards(told["its cards"])) == sorted(bought)
    assert len(bought) == 2
    for each in told["its cards"]["answer"]["gift_cards"]:
        assert each["order_id"] == each["order"]["id"] == str(order.pk)
        assert each["order"].items() <= retrieved.items()
    nobody = "00000000-0000-7000-8000-000000000000"
    assert told["none"] == refused(404, NOT_FOUND, f"Order with id {nobody} was not found")


def products_are_told(told: dict[str, Any], denomination: Denomination) -> None:
    """The same product to the admin and in the store, which says its price in the region."""
    listed = told["products"]["answer"]
    (product,) = listed["products"]
    (variant,) = product["variants"]
    assert listed == {"products": [product], "count": 1, "offset": 0, "limit": 50}
    assert told["a product"]["answer"] == {"product": product}
    assert (product["id"], product["is_giftcard"]) == (str(denomination.product_id), True)
    assert (variant["id"], variant["title"]) == (str(denomination.pk), "25")
    assert [price["amount"] for price in variant["prices"]] == [2_300, 2_500]

    (in_store,) = told["products of the store"]["answer"]["products"]
    (priced,) = in_store["variants"]
    assert in_store == {**product, "variants": [priced]}
    assert priced.items() >= variant.items()
    assert (priced["calculated_price"], priced["calculated_price_incl_tax"]) == (2_300, 2_737)
    assert told["a product of the store"]["answer"]["product"]["id"] == product["id"]
    nothing = {"products": [], "count": 0, "offset": 0, "limit": 5}
    assert told["products that are no gift cards"]["answer"] == nothing


def refused(status: int, kind: str, message: str) -> dict[str, Any]:
    return {"refused": status, "body": {"type": kind, "message": message}}


def test_an_answer_that_is_lost_is_asked_for_again_and_nothing_is_done_twice(node: Node, losing: Tap):
    region = a_market()

    told = node.drive("medusa_retries", losing, key=a_key(), region=region.pk)

    assert [noted.method for noted in losing.noted] == ["POST"] * 6
    for lost, repeated in zip(losing.noted[::2], losing.noted[1::2], strict=True):
        assert (lost.status, lost.content) == (200, repeated.content)
    card = GiftCard.objects.get()
    assert told["create"]["answer"]["id"] == str(card.pk)
    assert told["disable"]["answer"]["is_disabled"] is True
    assert (card.balance_cents, card.status) == (10, "inactive")
    assert [entry.kind for entry in LedgerEntry.objects.order_by("sequence")] == ["issue", "adjustment"]
