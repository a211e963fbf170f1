"""What is held of cards: to be read, captured and voided. Taking a hold is for shops."""

from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.enums import ActionVariant

from back_office.dialogs import ReasonedDialog, dialog_action
from back_office.labels import MODE_TONES
from back_office.pages import ReadOnlyAdmin, caller_of
from back_office.timeline import history
from giftcards import operations
from giftcards.admin.amounts import TYPE_MINOR_UNITS, MinorUnitsField
from giftcards.admin.dialogs import with_amount
from giftcards.admin.wording import minor_units, worded
from giftcards.codes import mask
from giftcards.models import Authorization, AuthorizationStatus, GiftCard
from giftcards.models.authorization import reads_as
from giftcards.queries import statuses_by_the_clock
from kernel.caller import Caller
from kernel.refusals import Refusal

TONES: Final = {
    AuthorizationStatus.OPEN.value: "warning",
    AuthorizationStatus.CAPTURED.value: "success",
    AuthorizationStatus.VOIDED.value: "default",
    AuthorizationStatus.EXPIRED.value: "danger",
}
LATEST: Final = 25
"""How many a card's page shows; the list has all of them."""


class AuthorizationDialog(ReasonedDialog):
    """Needs no guard against being sent twice: an authorization resolves once."""

    subject: Authorization
    permission = "giftcards.spend_gift_card"

    @classmethod
    def is_offered(cls, subject: Authorization) -> bool:
        return statuses_by_the_clock([subject.pk])[subject.pk] == AuthorizationStatus.OPEN

    @property
    def title(self) -> str:
        return f"{self.verb} · {mask(self.subject.gift_card.code_last_four)}"

    @property
    def caller(self) -> Caller:
        return caller_of(self.request, self.subject.mode)

    def worded(self, amount_cents: int) -> str:
        return worded(amount_cents, self.subject.gift_card)

    def show(self, refusal: Refusal) -> None:
        super().show(with_amount(refusal, self.subject.gift_card))


class Capture(AuthorizationDialog):
    verb = "Capture"
    icon = "check_circle"
    variant = ActionVariant.PRIMARY
    field_order = ["amount_cents", "reason"]

    amount_cents = MinorUnitsField(label="Amount", required=False)

    def set_up(self) -> None:
        amount = self.fields["amount_cents"]
        amount.help_text = f"{minor_units(self.subject.gift_card)} Empty: all that is held."
        amount.error_messages["invalid"] = TYPE_MINOR_UNITS.format(self.worded(5000))
        amount.widget.attrs["autofocus"] = True

    def foretell(self) -> str:
        held = self.worded(self.subject.amount_cents)
        return f"Posts a capture of up to {held}, once. What is left of it is released."

    def perform(self) -> str:
        captured = operations.capture(
            caller=self.caller,
            authorization_id=self.subject.pk,
            amount_cents=self.cleaned_data["amount_cents"],
            reason=self.reason_given,
        )
        return f"Captured {self.worded(captured.captured_amount_cents)}."


class Void(AuthorizationDialog):
    verb = "Void"
    icon = "cancel"

    def foretell(self) -> str:
        return f"Releases {self.worded(self.subject.amount_cents)}. No money moves."

    def perform(self) -> str:
        operations.void(caller=self.caller, authorization_id=self.subject.pk, reason=self.reason_given)
        return "Voided."


class StatusFilter(admin.SimpleListFilter):
    """By the clock, as the list shows it."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, str(status.label)) for status in AuthorizationStatus]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Authorization]) -> QuerySet[Authorization]:
        wanted = self.value()
        return queryset.filter(reads_as({wanted})) if wanted in AuthorizationStatus.values else queryset


@admin.register(Authorization)
class AuthorizationAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "shown_card",
        "shown_status",
        "shown_amount",
        "shown_captured",
        "expires_at",
        "shown_mode",
        "reference",
        "order_number",
    )
    list_filter = (StatusFilter, "mode")
    list_select_related = ("gift_card__market",)
    ordering = ("-id",)  # made in the order of time, and indexed
    change_form_outer_after_template = "back_office/timeline.html"
    actions_detail = ("capture", "void")
    fields = (
        ("shown_card", "shown_status", "mode"),
        ("shown_amount", "shown_captured"),
        ("created_at", "expires_at"),
        ("reference", "reference_origin", "order_number", "market"),
        "metadata",
    )

    capture = dialog_action(Capture)
    void = dialog_action(Void)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Authorization]:
        return Authorization.objects.by_the_clock().select_related("gift_card__market")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if (authorization := kwargs.get("obj")) is not None:
            context["timeline"] = history(authorization.pk)
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description="Card")
    def shown_card(self, authorization: Authorization) -> str:
        page = reverse("admin:giftcards_giftcard_change", args=[authorization.gift_card_id])
        return format_html(
            '<a class="bo-link bo-first" href="{}">{}</a>', page, mask(authorization.gift_card.code_last_four)
        )

    @display(description="Status", label=TONES)
    def shown_status(self, authorization: Any) -> str:
        return str(authorization.status_now)

    @display(description="Amount", ordering="amount_cents")
    def shown_amount(self, authorization: Authorization) -> str:
        return worded(authorization.amount_cents, authorization.gift_card)

    @display(description="Captured")
    def shown_captured(self, authorization: Authorization) -> str:
        return worded(authorization.captured_amount_cents, authorization.gift_card)

    @display(description="Mode", label=MODE_TONES)
    def shown_mode(self, authorization: Authorization) -> str:
        return authorization.mode


def holds_of(card: GiftCard) -> list[dict[str, Any]]:
    """The latest, as the card's page shows them."""
    latest = Authorization.objects.filter(gift_card=card).by_the_clock().order_by("-id")[:LATEST]
    return [
        {
            "page": reverse("admin:giftcards_authorization_change", args=[each.pk]),
            "created_at": each.created_at,
            "expires_at": each.expires_at,
            "status": each.status_now,
            "tone": TONES[each.status_now],
            "amount": worded(each.amount_cents, card),
            "captured": worded(each.captured_amount_cents, card) if each.captured_amount_cents else "",
            "order": each.order_number or each.reference or "",
        }
        for each in latest
    ]
