"""Every two verbs on one card at the same moment end as one of the two orders would end, by a model that
knows no concurrency (tests/fixtures/model.py): what each caller was told, the status, every entry and hold.

The card's lock is held until both wait for it, so both have read by then whatever they read without it.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations_with_replacement
from threading import Barrier
from typing import Any, Final
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from giftcards import operations
from giftcards.models import GiftCard
from giftcards.operations import authorizing, balance, editing, locking, paying, refunding
from kernel.caller import Caller
from kernel.clock import database_now
from kernel.refusals import Refusal
from markets.models import Market
from tests.fixtures import model
from tests.fixtures.as_modelled import as_modelled
from tests.fixtures.cast import TEST, a_draft, a_market
from tests.fixtures.locks import until_all_wait_for_us_or_are_done

pytestmark = pytest.mark.django_db(transaction=True)

FACE_VALUE: Final = 1_000
NOW, LAPSED = 0, 2
"""Moments of the model, in days; the hold ends after one."""


@dataclass
class Scene:
    """A card that two verbs are about to meet on, and its model. One that was spent has a debit of 300, one
    of 100 by a payment, and holds 200."""

    card_id: UUID
    modelled: model.Card
    hold_id: UUID | None = None
    debit_id: UUID | None = None
    payment_id: UUID | None = None
    payment: model.Payment | None = None


def a_draft_scene(market: Market) -> Scene:
    card = a_draft(balance_cents=FACE_VALUE, market=market, test_clock_at=DAYS[NOW])
    return Scene(card.pk, model.Card(FACE_VALUE, now=NOW, cash_out_below=1_000))


def an_active_scene(market: Market) -> Scene:
    scene = a_draft_scene(market)
    card_id, of_model = scene.card_id, scene.modelled
    operations.purchase(caller=TEST, card_id=card_id)
    operations.activate(caller=TEST, card_id=card_id)
    card = operations.debit(caller=TEST, card_id=card_id, amount_cents=300)
    scene.debit_id = card.ledger_entries.get(kind="debit").pk
    scene.payment_id = operations.pay(caller=TEST, amount_cents=100, gift_cards=[card_id]).pk
    held = operations.authorize(caller=TEST, card_id=card_id, amount_cents=200, expires_at=DAYS[1])
    scene.hold_id = held.pk
    for verb in (of_model.purchase, of_model.activate, lambda: of_model.debit(300)):
        verb()
    scene.payment = model.pay([of_model], 100)
    of_model.authorize(200, 1)
    return scene


def a_scene_switched_off(market: Market) -> Scene:
    scene = an_active_scene(market)
    operations.deactivate(caller=TEST, card_id=scene.card_id)
    scene.modelled.deactivate()
    return scene


DAYS: dict[int, Any] = {}


@pytest.fixture(autouse=True)
def _days() -> None:
    DAYS.update({day: database_now() + timedelta(days=day) for day in range(4)})


@dataclass(frozen=True)
class Verb:
    name: str
    do: Callable[[Scene], Any]
    in_model: Callable[[Scene], Any]

    def __str__(self) -> str:
        return self.name


def on_card(name: str, *arguments: Any, **keywords: Any) -> Verb:
    operation = getattr(operations, {"delete": "delete_gift_card"}.get(name, name))
    return Verb(
        name,
        lambda scene: operation(caller=TEST, card_id=scene.card_id, **keywords),
        lambda scene: getattr(scene.modelled, name)(*arguments),
    )


def hold_of(scene: Scene) -> model.Hold:
    model.refuse_unless(scene.modelled.holds)
    return scene.modelled.holds[0]


def resolve(name: str) -> Verb:
    operation = getattr(operations, name)
    return Verb(
        name,
        lambda scene: operation(caller=TEST, authorization_id=scene.hold_id or scene.card_id),
        lambda scene: getattr(hold_of(scene), name)(),
    )


def first_debit(scene: Scene) -> model.Entry:
    model.refuse_unless(len(scene.modelled.entries) > 1)
    return scene.modelled.entries[1]


def payment_of(scene: Scene) -> model.Payment:
    model.refuse_unless(scene.payment)
    assert scene.payment
    return scene.payment


VERBS = (
    on_card("purchase"),
    on_card("activate"),
    on_card("deactivate"),
    on_card("debit", 400, amount_cents=400),
    on_card("recharge", 50, amount_cents=50),
    on_card("adjust", 350, balance_cents=350),
    Verb(
        "authorize",
        lambda scene: operations.authorize(
            caller=TEST, card_id=scene.card_id, amount_cents=250, expires_at=DAYS[3]
        ),
        lambda scene: scene.modelled.authorize(250, 3),
    ),
    resolve("capture"),
    resolve("void"),
    Verb(
        "refund",
        lambda scene: operations.refund(caller=TEST, transaction_id=scene.debit_id or scene.card_id),
        lambda scene: first_debit(scene).refund(),
    ),
    Verb(
        "expire",
        lambda scene: operations.update_gift_card(
            caller=TEST, card_id=scene.card_id, changes={"test_clock_at": DAYS[LAPSED]}
        ),
        lambda scene: scene.modelled.move_clock(LAPSED),
    ),
    on_card("cash_out"),
    Verb(
        "pay",
        lambda scene: operations.pay(caller=TEST, amount_cents=150, gift_cards=[scene.card_id], partial=True),
        lambda scene: model.pay([scene.modelled], 150, partial=True),
    ),
    Verb(
        "refund_payment",
        lambda scene: operations.refund_payment(caller=TEST, payment_id=scene.payment_id or scene.card_id),
        lambda scene: payment_of(scene).refund(),
    ),
    on_card("delete"),
)
BY_NAME = {verb.name: verb for verb in VERBS}
PAIRS = list(combinations_with_replacement(VERBS, 2))


def scene_for(pair: tuple[Verb, Verb], market: Market) -> Scene:
    """Where the two have something to do with each other."""
    names = {verb.name for verb in pair}
    if names & {"purchase", "delete"}:
        return a_draft_scene(market)
    return a_scene_switched_off(market) if "activate" in names else an_active_scene(market)


def one_after_the_other(scene: Scene, *verbs: Verb) -> tuple[list[str], dict[str, Any]]:
    """What the model comes to: what each was told, and the card at the end."""
    alone = deepcopy(scene)
    told = []
    for verb in verbs:
        try:
            verb.in_model(alone)
            told.append("done")
        except model.No:
            told.append("refused")
    return told, alone.modelled.told()


def attempt(verb: Verb, scene: Scene) -> str:
    """Done, refused, or the name of what a caller must never see."""
    try:
        verb.do(scene)
    except Refusal:
        return "refused"
    except Exception as error:  # noqa: BLE001 (it is what the test looks at)
        return type(error).__name__
    return "done"


@contextmanager
def two_threads() -> Iterator[ThreadPoolExecutor]:
    """Each with a connection that it keeps for all of a test's races."""
    both = Barrier(2, timeout=20)

    def hang_up() -> None:
        both.wait()
        connection.close()

    with ThreadPoolExecutor(2) as threads:
        yield threads
        for each in [threads.submit(hang_up) for _ in range(2)]:
            each.result()


def race(threads: ThreadPoolExecutor, pair: tuple[Verb, Verb], scene: Scene) -> list[str]:
    with transaction.atomic():
        GiftCard.objects.select_for_update().get(pk=scene.card_id)
        both = [threads.submit(attempt, verb, scene) for verb in pair]
        until_all_wait_for_us_or_are_done(both)
        transaction.set_rollback(True)
    return [each.result() for each in both]


def assert_one_of_two_orders(scene: Scene, pair: tuple[Verb, Verb], told: list[str]) -> None:
    one, other = pair
    forth, end = one_after_the_other(scene, one, other)
    back, other_end = one_after_the_other(scene, other, one)
    came_to = told, as_modelled(scene.card_id)
    assert came_to in [(forth, end), (back[::-1], other_end)], f"{one} and {other}"


@pytest.mark.parametrize("first", VERBS, ids=str)
def test_two_verbs_at_once_end_as_one_after_the_other(first: Verb):
    market = a_market(cash_out_below_cents=1_000)
    with two_threads() as threads:
        for pair in PAIRS:
            if pair[0] is first:
                scene = scene_for(pair, market)
                assert_one_of_two_orders(scene, pair, race(threads, pair, scene))


def take_the_lock_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a card is read without its lock, and nobody goes on before both have read."""
    both_have_read = Barrier(2, timeout=20)

    def read(card_id: UUID, caller: Caller) -> GiftCard:
        card = GiftCard.objects.visible_to(caller).get(pk=card_id)
        both_have_read.wait()
        return card

    def read_all(cards: QuerySet[GiftCard]) -> list[GiftCard]:
        return [read(card.pk, TEST) for card in cards.order_by("pk")]

    for module in (locking, editing, authorizing, refunding):
        monkeypatch.setattr(module, "lock_card", read)
    monkeypatch.setattr(paying, "lock_cards", read_all)
    # Else the statement of a debit alone would lock; tests/giftcards/test_races.py takes that lock out.
    monkeypatch.setattr(balance, "post_alone", lambda *arguments, **keywords: None)


@pytest.mark.tampers
@pytest.mark.parametrize(
    "names",
    [
        ("purchase", "purchase"),
        ("purchase", "delete"),
        ("debit", "debit"),
        ("debit", "authorize"),
        ("debit", "pay"),
        ("capture", "capture"),
        ("capture", "void"),
        ("void", "void"),
        ("refund", "refund"),
    ],
    ids=" ".join,
)
def test_without_the_lock_no_order_ends_like_that(names: tuple[str, str], monkeypatch: pytest.MonkeyPatch):
    pair = BY_NAME[names[0]], BY_NAME[names[1]]
    scene = scene_for(pair, a_market())
    take_the_lock_out(monkeypatch)
    with two_threads() as threads:
        both = [threads.submit(attempt, verb, scene) for verb in pair]
        told = [each.result() for each in both]

    with pytest.raises(AssertionError):
        assert_one_of_two_orders(scene, pair, told)
