"""Payments: what was taken for one, from whichever cards, is what it says, and what its shares say."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from events.models import Event
from giftcards.models import Kind, LedgerEntry, Payment, PaymentShare
from giftcards.verification.lies import Flaw, Lie, Row, flaws_in_numbers, grouped


def payments_to_verify(since: datetime | None) -> QuerySet[Payment]:
    """All, or those whose row, entries or events are of `since` or later."""
    if since is None:
        return Payment.objects.all()
    entries = LedgerEntry.objects.filter(created_at__gte=since, payment__isnull=False)
    events = Event.objects.filter(created_at__gte=since)
    return Payment.objects.filter(
        Q(updated_at__gte=since)
        | Q(id__in=entries.values("payment_id"))
        | Q(id__in=events.values("subject_id"))
    )


def lies_in_payments(payments: Sequence[Row]) -> Iterator[Lie]:
    ids = [payment["id"] for payment in payments]
    entries = LedgerEntry.objects.filter(payment_id__in=ids).order_by("payment_id", "id").values()
    events = Event.objects.filter(subject_id__in=ids).order_by("subject_id", "sequence").values()
    shares = PaymentShare.objects.filter(payment_id__in=ids).order_by("payment_id").values()
    entries_of, events_of, shares_of = (
        grouped(entries, "payment_id"),
        grouped(events, "subject_id"),
        grouped(shares, "payment_id"),
    )
    for payment in payments:
        own_entries = entries_of.get(payment["id"], [])
        flaws = (
            *_flaws_in_entries(payment, own_entries),
            *_flaws_in_shares(payment, own_entries, shares_of.get(payment["id"], [])),
            *_flaws_in_story(payment, own_entries, events_of.get(payment["id"], [])),
        )
        for text, number in flaws:
            yield Lie(payment["id"], text, number, about="Payment")


def _flaws_in_entries(payment: Row, entries: Sequence[Row]) -> Iterator[Flaw]:
    for entry in entries:
        if (entry["mode"], entry["currency_code"]) != (payment["mode"], payment["currency_code"]):
            yield f"the mode or currency of an entry of gift card {entry['gift_card_id']} is another", None
        if entry["kind"] not in {Kind.DEBIT, Kind.REFUND}:
            yield (
                f"a {entry['kind']} of gift card {entry['gift_card_id']} is none of a payment's entries",
                None,
            )
    cards = [entry["gift_card_id"] for entry in entries if entry["kind"] == Kind.DEBIT]
    if len(cards) != len(set(cards)):
        yield "it took from one gift card more than once", None
    paid = _sum(entries, Kind.DEBIT)
    if not 0 < paid <= payment["amount_cents"]:
        yield f"it is of {payment['amount_cents']}, its entries took {paid}", None
    elif paid < payment["amount_cents"] and not payment["partial"]:
        yield f"all or nothing of {payment['amount_cents']}, its entries took {paid}", None
    if (refunded := _sum(entries, Kind.REFUND)) > paid:
        yield f"{refunded} given back of {paid}", None


def _flaws_in_shares(payment: Row, entries: Sequence[Row], shares: Sequence[Row]) -> Iterator[Flaw]:
    """One of each card that it took from, of what it took, for the order that it pays for."""
    taken = {
        entry["gift_card_id"]: -entry["amount_cents"] for entry in entries if entry["kind"] == Kind.DEBIT
    }
    if {share["gift_card_id"]: share["amount_cents"] for share in shares} != taken:
        yield "its shares are not what it took from each gift card", None
    agreed = (payment["mode"], payment["currency_code"], payment["order_id"])
    for share in shares:
        if (share["mode"], share["currency_code"], share["order_id"]) != agreed:
            yield (
                f"the mode, currency or order of the share of gift card {share['gift_card_id']} is another",
                None,
            )


def _flaws_in_story(payment: Row, entries: Sequence[Row], events: Sequence[Row]) -> Iterator[Flaw]:
    """Created with what was paid; what its refunds have given back is no more than its entries have."""
    yield from flaws_in_numbers(events, payment["mode"])
    for event in events:
        told: Mapping[str, Any] = event["data"]
        if (told.get("amount_cents"), told.get("currency_code")) != (
            payment["amount_cents"],
            payment["currency_code"],
        ):
            yield "the event tells another amount", event["sequence"]
    paid = [event["data"].get("paid_amount_cents") for event in events[:1]]
    if paid != [_sum(entries, Kind.DEBIT)]:
        yield f"its first event tells that {paid} was paid", None
    refunded = sum(event["data"].get("refunded_amount_cents", 0) for event in events)
    if refunded > _sum(entries, Kind.REFUND):
        yield f"its events tell of {refunded} given back", None


def _sum(entries: Sequence[Row], kind: Kind) -> int:
    return int(abs(sum(entry["amount_cents"] for entry in entries if entry["kind"] == kind)))
