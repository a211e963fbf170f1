"""Payments over several cards: what was taken from which, and how to give it back."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.forms import HiddenInput, IntegerField
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display

from back_office.dialogs import ReasonedDialog, dialog_action
from back_office.labels import MODE_TONES
from back_office.pages import ReadOnlyAdmin, caller_of
from back_office.timeline import history
from giftcards import operations
from giftcards.admin.amounts import TYPE_MINOR_UNITS, MinorUnitsField
from giftcards.admin.dialogs import with_amount
from giftcards.admin.wording import minor_units, signed, worded
from giftcards.codes import mask
from giftcards.models import Kind, LedgerEntry, Payment
from giftcards.queries import payment_totals
from kernel.refusals import Invalid, Refusal


class RefundPayment(ReasonedDialog):
    """Once: a dialog that was left open, or sent twice, gives nothing back."""

    subject: Payment
    verb = "Refund"
    permission = "giftcards.refund_gift_card"
    icon = "undo"
    field_order = ["amount_cents", "reason", "seen"]

    amount_cents = MinorUnitsField(label="Amount", required=False)
    seen = IntegerField(widget=HiddenInput)

    @classmethod
    def is_offered(cls, subject: Payment) -> bool:
        return refundable(subject) > 0

    @property
    def title(self) -> str:
        return f"{self.verb} · payment of {worded(self.subject.amount_cents, self.subject)}"

    def set_up(self) -> None:
        amount = self.fields["amount_cents"]
        amount.help_text = f"{minor_units(self.subject)} Empty: all that is left."
        amount.error_messages["invalid"] = TYPE_MINOR_UNITS.format(worded(5000, self.subject))
        amount.widget.attrs["autofocus"] = True
        self.fields["seen"].initial = self.subject.transactions.count()

    def foretell(self) -> str:
        left = refundable(self.subject)
        return (
            f"Up to {worded(left, self.subject)} go back to the cards, the one that was used last first, to "
            "redeemed and expired ones too."
        )

    def perform(self) -> str:
        before = refundable(self.subject)
        with transaction.atomic():
            self._refuse_unless_as_seen()
            operations.refund_payment(
                caller=caller_of(self.request, self.subject.mode),
                payment_id=self.subject.pk,
                amount_cents=self.cleaned_data["amount_cents"],
                reason=self.reason_given,
            )
        return f"Gave back {worded(before - refundable(self.subject), self.subject)}."

    def show(self, refusal: Refusal) -> None:
        super().show(with_amount(refusal, self.subject))

    def _refuse_unless_as_seen(self) -> None:
        payment = Payment.objects.select_for_update(no_key=True).get(pk=self.subject.pk)
        if payment.transactions.count() != self.cleaned_data["seen"]:
            raise Invalid("payment", "stale", "has changed since this was opened")


def refundable(payment: Payment) -> int:
    totals = payment_totals([payment.pk])[payment.pk]
    return totals.paid_cents - totals.refunded_cents


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "shown_amount",
        "shown_paid",
        "shown_refunded",
        "shown_mode",
        "reference",
        "order_number",
        "market",
    )
    list_filter = ("mode", "partial")
    list_select_related = ("market",)
    search_fields = ("reference", "order_number")
    search_help_text = "Reference or order number, whole"
    ordering = ("-id",)  # made in the order of time, and indexed
    change_form_outer_before_template = "giftcards/payment_split.html"
    change_form_outer_after_template = "back_office/timeline.html"
    actions_detail = ("refund",)
    fields = (
        ("created_at", "mode", "partial"),
        ("shown_amount", "shown_paid", "shown_remaining", "shown_refunded"),
        ("reference", "reference_origin", "order_number", "market"),
        "metadata",
    )

    refund = dialog_action(RefundPayment)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        return (
            super()
            .get_queryset(request)
            .annotate(paid=_moved(Kind.DEBIT, sign=-1), refunded=_moved(Kind.REFUND, sign=1))
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Payment], search_term: str
    ) -> tuple[QuerySet[Payment], bool]:
        """Whole values only: this table grows for ever."""
        term = search_term.strip()
        return (queryset.filter(Q(reference=term) | Q(order_number=term)) if term else queryset), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        payment = kwargs.get("obj")
        if payment is not None:
            entries = payment.transactions.select_related("gift_card__market").order_by("created_at")
            context |= {"split": [_told(entry) for entry in entries], "timeline": history(payment.pk)}
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description="Amount", ordering="amount_cents")
    def shown_amount(self, payment: Payment) -> str:
        return worded(payment.amount_cents, payment)

    @display(description="Paid")
    def shown_paid(self, payment: Any) -> str:
        return worded(payment.paid, payment)

    @display(description="Not paid")
    def shown_remaining(self, payment: Any) -> str:
        return worded(payment.amount_cents - payment.paid, payment)

    @display(description="Given back")
    def shown_refunded(self, payment: Any) -> str:
        return worded(payment.refunded, payment)

    @display(description="Mode", label=MODE_TONES)
    def shown_mode(self, payment: Payment) -> str:
        return payment.mode


def _moved(kind: Kind, *, sign: int) -> Coalesce:
    of_payment = LedgerEntry.objects.filter(payment_id=OuterRef("pk"), kind=kind).order_by()
    total = of_payment.values("payment_id").annotate(total=sign * Sum(F("amount_cents"))).values("total")
    return Coalesce(Subquery(total), 0)


def _told(entry: LedgerEntry) -> dict[str, object]:
    """One row of the split."""
    return {
        "entry": entry,
        "card": mask(entry.gift_card.code_last_four),
        "page": reverse("admin:giftcards_giftcard_change", args=[entry.gift_card_id]),
        "amount": signed(entry.amount_cents, entry.gift_card),
        "balance": worded(entry.balance_cents, entry.gift_card),
    }
