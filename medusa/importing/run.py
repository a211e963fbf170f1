"""The import itself: markets first, then cards in portions, then everything is compared once more.

Each portion is one transaction, so whoever is killed has lost at most one, and the next run begins where it
ended: what is here is known by Medusa's id, which is the card's reference.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import transaction

from giftcards import codes
from giftcards.models import GiftCard, Order, Status
from giftcards.operations.importing import (
    follow_imported_card,
    import_gift_card,
    import_order,
    importable_order,
    imported_balances,
    require_importable,
)
from kernel.caller import Caller
from kernel.refusals import Refusal
from markets.models import Market
from markets.operations import create_market, update_market
from medusa.importing.findings import Finding, Kind, Report, Tally, Tell
from medusa.importing.source import MedusaCard, MedusaDatabase, MedusaOrder, MedusaRegion
from medusa.importing.translation import ORIGIN, UNEXPLAINED, card_of, debits_of, market_of, order_of

AT_ONCE: Final = 50
"""Cards of one transaction: its locks are short, and it is soon done again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`follow` brings cards that are here already in line with Medusa; else they are only named."""

    caller: Caller
    apply: bool
    follow: bool
    report: Report
    markets: dict[str, Market] = field(default_factory=dict)
    twins: frozenset[str] = frozenset()
    impossible: set[str] = field(default_factory=set)
    odd_orders: set[str] = field(default_factory=set)
    told: Tell

    def tell(self, kind: Kind, about: str, sentence: str) -> None:
        self.report.counts[kind] += 1
        self.told(Finding(kind, about, sentence))

    def doubt(self, order: MedusaOrder, sentence: str) -> None:
        """Once, in however many portions its cards come."""
        if order.id not in self.odd_orders:
            self.odd_orders.add(order.id)
            self.tell(Kind.ODDITY, f"order {order.id}", sentence)

    def refuse(self, card: MedusaCard, sentence: str) -> None:
        self.impossible.add(card.id)
        self.tally(card).impossible += 1
        self.tell(Kind.PROBLEM, named(card), sentence)

    def tally(self, card: MedusaCard) -> Tally:
        return self.report.tallies[card.region_id]


@dataclass(frozen=True, slots=True)
class Here:
    """What is here of a portion: cards and the orders that they were bought with, by Medusa's ids, what the
    cards were imported with, and codes that are taken."""

    cards: Mapping[str, GiftCard]
    orders: dict[str, Order]
    balances: Mapping[UUID, int]
    taken: frozenset[bytes]


def import_medusa(
    source: MedusaDatabase,
    *,
    caller: Caller,
    apply: bool,
    follow: bool = False,
    tell: Tell,
    progress: Callable[[int], object] = lambda _cards: None,
) -> Report:
    """Without `apply` nothing is written, and the report says what would be."""
    run = Run(
        caller=caller,
        apply=apply,
        follow=follow,
        report=Report(applied=apply, followed=follow),
        twins=source.cards_with_the_code_of_another(),
        told=tell,
    )
    for region in source.regions():
        _place(region, run)
    for portion in source.cards(AT_ONCE):
        with transaction.atomic() if apply else nullcontext():
            _import(portion, run, source)
        progress(len(portion))
    if apply:
        for portion in source.cards(AT_ONCE):
            _compare(portion, run)
    return run.report


def named(card: MedusaCard) -> str:
    return f"gift card {card.id}"


def _place(region: MedusaRegion, run: Run) -> None:
    """Which market it is: the one with its id as reference, or a new one."""
    run.report.tallies[region.id] = Tally()
    run.report.names[region.id] = region.name
    run.report.currencies[region.id] = region.currency_code.upper()
    markets = Market.objects.visible_to(run.caller).filter(reference=region.id, reference_origin=ORIGIN)
    market = markets.order_by("number").first()
    if market is not None and market.currency_code != region.currency_code.upper():
        sentence = f"is in {region.currency_code.upper()}, its market here in {market.currency_code}"
        run.tell(Kind.PROBLEM, f"region {region.id}", sentence)
        return
    try:
        run.markets[region.id] = market or _opened(region, run)
    except Refusal as refusal:
        run.tell(Kind.PROBLEM, f"region {region.id}", f"can't be a market: {refusal}")


def _opened(region: MedusaRegion, run: Run) -> Market:
    """Disabled if the region is deleted. Without `apply` it is closed again before anybody has seen it."""
    with transaction.atomic():
        market = create_market(caller=run.caller, reason="Imported from Medusa", **market_of(region))
        if region.is_deleted:
            run.tell(Kind.ODDITY, f"region {region.id}", "is deleted and has cards: its market is disabled")
            market = update_market(
                caller=run.caller, market_id=market.pk, disabled=True, reason="Deleted in Medusa"
            )
        transaction.set_rollback(not run.apply)
    return market


def _import(cards: Sequence[MedusaCard], run: Run, source: MedusaDatabase) -> None:
    here = _here(cards, run)
    here.orders.update(_ordered(cards, here, run, source))
    for card in cards:
        tally = run.tally(card)
        tally.cards += 1
        tally.medusa_cents = tally.medusa_cents + card.owed
        known = here.cards.get(card.id)
        if known is None:
            _bring(card, here, run)
        else:
            _meet(card, known, here.balances.get(known.pk, 0), run)


def _here(cards: Sequence[MedusaCard], run: Run) -> Here:
    visible = GiftCard.objects.visible_to(run.caller)
    known = {
        str(card.reference): card
        for card in visible.filter(reference_origin=ORIGIN, reference__in=[card.id for card in cards])
    }
    digests = [each for card in cards if card.id not in known for each in codes.digests(card.code.reveal())]
    taken = visible.filter(code_digest__in=digests).values_list("code_digest", flat=True)
    balances = imported_balances([card.pk for card in known.values()], run.caller)
    return Here(known, {}, balances, frozenset(bytes(digest) for digest in taken))


def _ordered(cards: Sequence[MedusaCard], here: Here, run: Run, source: MedusaDatabase) -> dict[str, Order]:
    """The orders that those of the cards were bought with which are not here yet. A card comes without its
    order rather than not at all."""
    wanted = {card.order_id for card in cards if card.order_id and card.id not in here.cards}
    visible = Order.objects.visible_to(run.caller)
    known = visible.filter(reference_origin=ORIGIN, reference__in=wanted)
    orders = {str(order.reference): order for order in known}
    for order in source.orders(sorted(wanted - orders.keys())):
        market = run.markets.get(order.region_id)
        if market is None:
            run.doubt(order, "is of a region that can't be imported: it is left out")
            continue
        try:
            orders[order.id] = _brought(order, market, run)
        except Refusal as refusal:
            run.doubt(order, f"can't be imported, and is left out: {refusal}")
            continue
        if order.cancelled_at is not None:
            run.doubt(order, "was cancelled in Medusa, which takes no card back: what it sold is owed")
    return orders


def _brought(order: MedusaOrder, market: Market, run: Run) -> Order:
    """Without `apply`, as it would be."""
    past = order_of(order, market)
    if not run.apply:
        return importable_order(past, run.caller)
    return import_order(caller=run.caller, past=past, reason="Imported from Medusa")


def _bring(card: MedusaCard, here: Here, run: Run) -> None:
    """A card that is not here yet."""
    tally = run.tally(card)
    obstacle = _obstacle(card, here, run)
    if obstacle:
        run.refuse(card, obstacle)
        return
    try:
        market = run.markets[card.region_id]
        translated = card_of(card, market, here.orders.get(card.order_id or ""))
        if translated.past is not None:
            require_importable(translated.past)
            if run.apply:
                import_gift_card(caller=run.caller, past=translated.past)
    except Refusal as refusal:
        run.refuse(card, f"can't be imported: {refusal}")
        return
    for oddity in translated.oddities:
        run.tell(Kind.ODDITY, named(card), oddity)
    if translated.past is None:
        tally.left_out += 1
        return
    tally.new += 1
    if not run.apply:
        tally.here_after_cents = tally.here_after_cents + card.owed


def _obstacle(card: MedusaCard, here: Here, run: Run) -> str:
    if card.region_id not in run.markets:
        return f"is of region {card.region_id}, which can't be imported"
    if card.id in run.twins:
        return "has a code that is another spelling of another card's code"
    if not here.taken.isdisjoint(codes.digests(card.code.reveal())):
        return "has the code of a gift card that is here already and is not known to come from Medusa"
    return ""


def _meet(card: MedusaCard, known: GiftCard, imported: int, run: Run) -> None:
    """A card that is here."""
    tally = run.tally(card)
    tally.here += 1
    tally.here_before_cents = tally.here_before_cents + imported
    if imported != card.owed:
        then = "" if run.follow else ", which needs --follow"
        sentence = f"was worth {imported} in Medusa when it was imported, and is worth {card.owed} now{then}"
        run.tell(Kind.CHANGE, named(card), sentence)
        if run.follow and run.apply:
            _follow(card, known, run)
    if (card.is_disabled or card.is_deleted) and card.owed and _is_usable(known):
        gone = "deleted" if card.is_deleted else "disabled"
        run.tell(Kind.ODDITY, named(card), f"is {gone} in Medusa, and can be spent here")
    if not run.apply:
        expected = card.owed if run.follow else imported
        tally.here_after_cents = tally.here_after_cents + expected


def _is_usable(card: GiftCard) -> bool:
    return card.status == Status.ACTIVE and not card.is_archived


def _follow(card: MedusaCard, known: GiftCard, run: Run) -> None:
    try:
        follow_imported_card(
            caller=run.caller,
            card_id=known.pk,
            debits=debits_of(card),
            balance_cents=card.owed,
            unexplained=UNEXPLAINED,
        )
    except Refusal as refusal:
        run.refuse(card, f"can't be brought in line, it was used here as well: {refusal}")


def _compare(cards: Sequence[MedusaCard], run: Run) -> None:
    """What is here now with what Medusa had, by the entries that are ours."""
    here = _here(cards, run)
    for card in cards:
        known = here.cards.get(card.id)
        imported = 0 if known is None else here.balances.get(known.pk, 0)
        tally = run.tally(card)
        tally.here_after_cents = tally.here_after_cents + imported
        if imported != card.owed and card.id not in run.impossible:
            run.tell(Kind.DIFFERENCE, named(card), f"is worth {card.owed} in Medusa and {imported} here")
        if known is not None and bytes(known.code_digest) not in codes.digests(card.code.reveal()):
            run.tell(Kind.DIFFERENCE, named(card), "has another code here")
