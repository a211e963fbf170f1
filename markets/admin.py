from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display
from unfold.enums import ActionVariant

from back_office.dialogs import ReasonedDialog, dialog_action
from back_office.forms import ModeField, OperationForm, PercentageField, ReasonField, WholeNumberField
from back_office.labels import MODE_TONES
from back_office.pages import OperationAdmin, caller_of
from markets.attributes import MarketChanges
from markets.models import Market
from markets.operations import create_market, delete_market, update_market

ATTRIBUTES = (
    ("name", "code"),
    ("currency_code", "locale"),
    ("time_zone", "checkout_url"),
    ("code_format", "private"),
    ("default_validity_months", "minimum_validity_months"),
    ("allows_expiry", "keeps_single_use_remainder"),
    "cash_out_below_cents",
    ("tax_rate", "tax_code", "tax_provider_id"),
    ("gift_cards_taxable", "automatic_taxes"),
    ("reference", "reference_origin"),
    "metadata",
)


class MarketForm(OperationForm):
    verb = "The market"

    mode = ModeField()
    default_validity_months = WholeNumberField(
        label="Default validity",
        help_text="In months, of a card that is purchased without an expiry. Empty: it does not expire.",
    )
    minimum_validity_months = WholeNumberField(
        label="Minimum validity", help_text="In months from the issue. Empty: none."
    )
    cash_out_below_cents = WholeNumberField(
        label="Cash out below", help_text="In minor units of the currency. Empty: no cash-out."
    )
    tax_rate = PercentageField(label="Tax rate", help_text="In percent. Empty: none.")
    reason = ReasonField(required=False)

    class Meta:
        model = Market
        fields = "__all__"
        help_texts = {
            "code": "How API keys and integrations name this market.",
            "currency_code": "ISO 4217, such as EUR. Fixed once a gift card uses it.",
            "time_zone": "A gift card's last day ends at midnight here. For example Europe/Rome.",
            "locale": "How amounts are written, for example de_DE.",
            "code_format": "Of the codes made from now on. Groups are for codes that people read and type.",
            "allows_expiry": "If not, no gift card of this market has an expiry.",
            "keeps_single_use_remainder": "If not, what a single-use card has left is given up with its use.",
            "tax_code": "What a shop calls the rate.",
            "tax_provider_id": "Who counts the taxes in the shop. Empty: the shop itself.",
            "gift_cards_taxable": "Whether a shop takes tax where its gift cards pay.",
            "automatic_taxes": "Whether a shop counts taxes by itself.",
        }


class Disable(ReasonedDialog):
    verb = "Disable"
    permission = "markets.change_market"
    icon = "block"

    @classmethod
    def is_offered(cls, subject: Market) -> bool:
        return not subject.disabled

    def foretell(self) -> str:
        return "Its gift cards can still be read, but not purchased, activated, spent or recharged."

    def perform(self) -> str:
        update_market(
            caller=caller_of(self.request, self.subject.mode),
            market_id=self.subject.pk,
            disabled=True,
            reason=self.reason_given,
        )
        return f"{self.subject} is disabled."


class Enable(ReasonedDialog):
    verb = "Enable"
    permission = "markets.change_market"
    icon = "check_circle"
    variant = ActionVariant.SUCCESS

    @classmethod
    def is_offered(cls, subject: Market) -> bool:
        return subject.disabled

    def foretell(self) -> str:
        return "Its gift cards can be purchased, activated, spent and recharged again."

    def perform(self) -> str:
        update_market(
            caller=caller_of(self.request, self.subject.mode),
            market_id=self.subject.pk,
            disabled=False,
            reason=self.reason_given,
        )
        return f"{self.subject} is enabled."


@admin.register(Market)
class MarketAdmin(OperationAdmin):
    form = MarketForm
    list_display = ("name", "shown_status", "shown_mode", "number", "code", "currency_code", "time_zone")
    list_filter = ("mode", "private", ("disabled_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "code", "reference")
    search_help_text = "Name, code or reference"
    ordering = ("mode", "number")
    actions_detail = ("disable", "enable")
    add_fieldsets = ((None, {"fields": ("mode", *ATTRIBUTES, "reason")}),)

    disable = dialog_action(Disable)
    enable = dialog_action(Enable)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        fixed = (("shown_status", "mode", "number"),)
        editable = self.has_change_permission(request, obj)
        return ((None, {"fields": (*fixed, *ATTRIBUTES, *(("reason",) if editable else ()))}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("shown_status", "mode", "number")

    def create(self, request: HttpRequest, form: MarketForm) -> Market:
        caller = caller_of(request, form.cleaned_data["mode"])
        return create_market(caller=caller, **form.values(without={"mode"}))

    def update(self, request: HttpRequest, subject: Market, form: MarketForm) -> Market:
        return update_market(
            caller=caller_of(request, subject.mode),
            market_id=subject.pk,
            changes=cast(MarketChanges, form.changed_values(without={"mode", "reason"})),
            reason=form.cleaned_data["reason"],
        )

    def delete(self, request: HttpRequest, subject: Market) -> None:
        delete_market(caller=caller_of(request, subject.mode), market_id=subject.pk)

    @display(description="Status", label={"open": "success", "disabled": "danger"})
    def shown_status(self, market: Market) -> str:
        return "disabled" if market.disabled else "open"

    @display(description="Mode", ordering="mode", label=MODE_TONES)
    def shown_mode(self, market: Market) -> str:
        return market.mode
