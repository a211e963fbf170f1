"""Going through cards, payments and orders, a portion at a time."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from events.models import Event
from giftcards.models import Authorization, GiftCard, LedgerEntry
from giftcards.verification.authorizations import lies_in_authorizations
from giftcards.verification.chain import lies_at_head, lies_in_chain
from giftcards.verification.events import lies_in_events
from giftcards.verification.lies import Lie, Row, grouped
from giftcards.verification.newer import newer_cards
from giftcards.verification.orders import lies_in_orders, orders_to_verify
from giftcards.verification.payments import lies_in_payments, payments_to_verify
from giftcards.verification.refunds import lies_in_refunds
from giftcards.verification.strays import strays
from kernel.snapshot import one_moment

AT_A_TIME: Final = 500

Portion = tuple[int, list[Lie]]


def verify_ledger(since: datetime | None = None) -> Iterator[Portion]:
    """Go through all cards of both modes in order of their keys, or those only that `newer_cards` finds;
    yields, for each portion, how many cards it had and the lies found among them, and then those found among
    payments and left-overs. Writes nothing, and may run beside live traffic."""
    if since is None:
        yield from _in_portions(GiftCard.objects.all(), _verify)
    else:
        for ids in newer_cards(since, at_a_time=AT_A_TIME):
            with one_moment():
                lies = list(_verify(list(GiftCard.objects.filter(id__in=ids).order_by("id").values())))
            yield len(ids), lies
    for _payments, lies in _in_portions(payments_to_verify(since), lies_in_payments):
        yield 0, lies
    for _orders, lies in _in_portions(orders_to_verify(since), lies_in_orders):
        yield 0, lies
    yield 0, list(strays(since))


def _in_portions(
    subjects: "QuerySet[Any]", verify: Callable[[Sequence[Row]], Iterator[Lie]]
) -> Iterator[Portion]:
    """Each portion in one moment, so that a posting in between is no lie."""
    after, is_last = UUID(int=0), False
    while not is_last:
        with one_moment():
            rows = list(subjects.filter(id__gt=after).order_by("id").values()[:AT_A_TIME])
            lies = list(verify(rows)) if rows else []
        if rows:
            after = rows[-1]["id"]
            yield len(rows), lies
        is_last = len(rows) < AT_A_TIME


def _verify(cards: Sequence[Row]) -> Iterator[Lie]:
    ids = [card["id"] for card in cards]
    holds = list(Authorization.objects.filter(gift_card_id__in=ids).order_by("gift_card_id", "id").values())
    entries = LedgerEntry.objects.filter(gift_card_id__in=ids).order_by("gift_card_id", "sequence").values()
    subjects = [*ids, *(hold["id"] for hold in holds)]
    events = Event.objects.filter(subject_id__in=subjects).order_by("subject_id", "sequence").values()
    holds_of = grouped(holds, "gift_card_id")
    entries_of = grouped(entries, "gift_card_id")
    events_of = grouped(events, "subject_id")
    for card in cards:
        own_entries, own_holds = entries_of.get(card["id"], []), holds_of.get(card["id"], [])
        yield from lies_in_chain(card, own_entries)
        yield from lies_at_head(card, own_entries)
        yield from lies_in_events(card, own_entries, events_of.get(card["id"], []))
        yield from lies_in_authorizations(card, own_entries, own_holds, events_of)
        yield from lies_in_refunds(card, own_entries)
