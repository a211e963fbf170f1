"""Orders: what each has sold are the cards of its lines, and what was paid for a cancelled one was given
back."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from events.models import Event
from giftcards.models import GiftCard, LedgerEntry, Order, OrderLine, Payment
from giftcards.models.order import status_of
from giftcards.verification.lies import Flaw, Lie, Row, flaws_in_numbers, grouped

CANCELLED = "gift_card_orders.cancel"


def orders_to_verify(since: datetime | None) -> QuerySet[Order]:
    """All, or those whose row or events are of `since` or later."""
    if since is None:
        return Order.objects.all()
    events = Event.objects.filter(created_at__gte=since)
    return Order.objects.filter(Q(updated_at__gte=since) | Q(id__in=events.values("subject_id")))


def lies_in_orders(orders: Sequence[Row]) -> Iterator[Lie]:
    ids = [order["id"] for order in orders]
    lines = OrderLine.objects.filter(order_id__in=ids).order_by("order_id", "position").values()
    # Counted, not read: an order may have sold hundreds.
    alike = ("order_id", "order_line_id", "initial_balance_cents", "mode", "currency_code")
    cards = GiftCard.objects.filter(order_id__in=ids).values(*alike).annotate(cards=Count("id"))
    payments = Payment.objects.filter(order_id__in=ids).values("order_id", "mode", "currency_code").distinct()
    events = Event.objects.filter(subject_id__in=ids).order_by("subject_id", "sequence").values()
    lines_of, cards_of = grouped(lines, "order_id"), grouped(cards.order_by(*alike), "order_id")
    payments_of, events_of = grouped(payments.order_by("order_id"), "order_id"), grouped(events, "subject_id")
    kept = _kept_of(ids)
    for order in orders:
        own_lines, own_cards = lines_of.get(order["id"], []), cards_of.get(order["id"], [])
        flaws = (
            *_flaws_in_sale(own_lines, own_cards),
            *_flaws_in_agreement(order, [*own_cards, *payments_of.get(order["id"], [])]),
            *_flaws_in_story(order, own_lines, events_of.get(order["id"], []), kept.get(order["id"], 0)),
        )
        for text, number in flaws:
            yield Lie(order["id"], text, number, about="Order")


def _kept_of(ids: Sequence[UUID]) -> dict[UUID, int]:
    """What was paid for each and not given back."""
    moved = LedgerEntry.objects.filter(payment__order_id__in=ids)
    return dict(moved.values_list("payment__order_id").annotate(kept=-Sum("amount_cents")))


def _flaws_in_sale(lines: Sequence[Row], cards: Sequence[Row]) -> Iterator[Flaw]:
    """A card without a line was bought elsewhere, before this service knew it."""
    if [line["position"] for line in lines] != list(range(1, len(lines) + 1)):
        yield "its lines are not numbered without gaps", None
    for line in lines:
        told = [(line["quantity"], line["unit_amount_cents"])]
        sold = [
            (card["cards"], card["initial_balance_cents"])
            for card in cards
            if card["order_line_id"] == line["id"]
        ]
        if sold != told:
            yield f"line {line['position']} sells {told}, its gift cards are {sold}", None
    if {card["order_line_id"] for card in cards} - {line["id"] for line in lines} - {None}:
        yield "a gift card is of a line that it does not have", None


def _flaws_in_agreement(order: Row, others: Sequence[Row]) -> Iterator[Flaw]:
    own = (order["mode"], order["currency_code"])
    if any((each["mode"], each["currency_code"]) != own for each in others):
        yield "the mode or currency of a gift card or payment is another", None


def _flaws_in_story(order: Row, lines: Sequence[Row], events: Sequence[Row], kept: int) -> Iterator[Flaw]:
    """Told with what it sells, and ends in what its row says."""
    yield from flaws_in_numbers(events, order["mode"])
    status = status_of(order["cancelled_at"])
    ends_in = [event["data"].get("status") for event in events[-1:]]
    if ends_in != [status]:
        yield f"it is {status}, its events end in {ends_in}", None
    for event in events[:1]:
        names = ("bought_gift_cards", "bought_amount_cents")
        told = tuple(event["data"].get(name, 0) for name in names)
        sold = (
            sum(line["quantity"] for line in lines),
            sum(line["quantity"] * line["unit_amount_cents"] for line in lines),
        )
        if told != sold:
            yield f"the event tells of gift cards and amount {told}, its lines of {sold}", event["sequence"]
    if kept and any(event["topic"] == CANCELLED for event in events):
        yield f"it was cancelled, and {kept} of what was paid for it was not given back", None
