"""Orders: what a shop has sold, what cards paid for it, and how to give everything back."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display

from back_office.dialogs import ReasonedDialog, dialog_action
from back_office.labels import MODE_TONES
from back_office.pages import ReadOnlyAdmin, caller_of
from back_office.timeline import history
from giftcards import operations
from giftcards.admin.wording import STATUS_TONES, worded
from giftcards.codes import mask
from giftcards.models import GiftCard, Order, OrderLine
from giftcards.models.order import OrderStatus
from giftcards.queries import order_card_totals, payment_totals

TONES: Final = {OrderStatus.PLACED.value: "success", OrderStatus.CANCELLED.value: "default"}
MOST_SHOWN: Final = 100
"""Cards of one order that its page lists."""


class CancelOrder(ReasonedDialog):
    subject: Order
    verb = "Cancel order"
    permission = "giftcards.cancel_order"
    icon = "cancel"

    @classmethod
    def is_offered(cls, subject: Order) -> bool:
        return subject.cancelled_at is None

    @property
    def title(self) -> str:
        return f"{self.verb} · {self.subject}"

    def foretell(self) -> str:
        """As it stands now."""
        back, bought = kept_of(self.subject), bought_with(self.subject)
        told = []
        if back:
            told.append(f"Refunds {worded(back, self.subject)} to the cards that paid for it.")
        if bought:
            cards = "the card" if len(bought) == 1 else f"the {len(bought)} cards"
            out = worded(sold_for(bought), self.subject)
            told.append(
                f"Takes back {cards} that it sold: posts cash-outs of {out} in all, for you to pay out, and "
                "archives what is taken back. If one has been spent from or is held for an order, nothing "
                "happens."
            )
        return " ".join([*told, "It stays cancelled, and takes no further payment."])

    def perform(self) -> str:
        back, bought = kept_of(self.subject), bought_with(self.subject)
        operations.cancel_order(
            caller=caller_of(self.request, self.subject.mode),
            order_id=self.subject.pk,
            reason=self.reason_given,
        )
        out = worded(sold_for(bought), self.subject)
        return f"Cancelled. Gave back {worded(back, self.subject)}; pay out {out}."


def sold_for(cards: Sequence[GiftCard]) -> int:
    return sum(card.initial_balance_cents for card in cards)


def kept_of(order: Order) -> int:
    """What cards have paid for it and did not get back."""
    return order_card_totals([order.pk])[order.pk].gift_card_total_cents


def bought_with(order: Order) -> list[GiftCard]:
    return list(order.bought_gift_cards.select_related("market").order_by("id"))


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "shown_name",
        "shown_status",
        "reference",
        "customer_email",
        "market",
        "shown_mode",
    )
    list_filter = ("mode", "market")
    list_select_related = ("market",)
    search_fields = ("reference", "display_number", "customer_email")
    search_help_text = "Reference, number or e-mail, whole"
    ordering = ("-id",)  # made in the order of time, and indexed
    change_form_outer_before_template = "giftcards/order_contents.html"
    change_form_outer_after_template = "back_office/timeline.html"
    actions_detail = ("cancel",)
    fields = (
        ("created_at", "mode", "shown_status", "cancelled_at"),
        ("reference", "reference_origin", "display_number"),
        ("market", "customer_email", "shown_paid"),
        "metadata",
    )

    cancel = dialog_action(CancelOrder)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).select_related("market")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Whole values only: this table grows for ever."""
        term = search_term.strip()
        number = Q(display_number=int(term)) if term.isascii() and term.isdigit() and len(term) < 10 else Q()
        wanted = Q(reference=term) | Q(customer_email=term) | number
        return (queryset.filter(wanted) if term else queryset), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        order = kwargs.get("obj")
        if order is not None:
            context |= contents_of(order) | {"timeline": history(order.pk)}
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description="Order")
    def shown_name(self, order: Order) -> str:
        return str(order)

    @display(description="Status", label=TONES)
    def shown_status(self, order: Order) -> str:
        return order.status.value

    @display(description="Paid by cards")
    def shown_paid(self, order: Order) -> str:
        return worded(kept_of(order), order)

    @display(description="Mode", label=MODE_TONES)
    def shown_mode(self, order: Order) -> str:
        return order.mode


def contents_of(order: Order) -> dict[str, Any]:
    """What the page shows beside the order's own fields."""
    paid_with = GiftCard.objects.filter(ledger_entries__payment__order=order).distinct()
    payments = list(order.payments.select_related("market").order_by("id"))
    totals = payment_totals([payment.pk for payment in payments])
    return {
        "lines": [
            _line(line, order)
            for line in order.lines.select_related("denomination__product").order_by("position")
        ],
        "bought": [_card(card) for card in bought_with(order)[:MOST_SHOWN]],
        "used": [_card(card) for card in paid_with.select_related("market").order_by("id")[:MOST_SHOWN]],
        "payments": [
            {
                "page": reverse("admin:giftcards_payment_change", args=[payment.pk]),
                "payment": payment,
                "paid": worded(totals[payment.pk].paid_cents, payment),
                "refunded": worded(totals[payment.pk].refunded_cents, payment),
            }
            for payment in payments
        ],
    }


def _line(line: OrderLine, order: Order) -> dict[str, object]:
    sold = line.denomination
    return {
        "line": line,
        "what": f"{sold.product.name}, {sold.name}" if sold else "Gift card",
        "amount": worded(line.unit_amount_cents, order),
        "tax_rate": "" if line.tax_rate is None else f"{line.tax_rate:f}".rstrip("0").rstrip(".") + " %",
    }


def _card(card: GiftCard) -> dict[str, object]:
    return {
        "page": reverse("admin:giftcards_giftcard_change", args=[card.pk]),
        "code": mask(card.code_last_four),
        "status": "archived" if card.is_archived else str(card.status),
        "tone": STATUS_TONES["archived" if card.is_archived else card.status],
        "face_value": worded(card.initial_balance_cents, card),
        "balance": worded(card.balance_cents, card),
    }
