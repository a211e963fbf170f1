from typing import Any, cast

from django import forms
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from back_office.forms import ModeField, OperationForm, PercentageField, ReasonField
from giftcards.admin.amounts import MinorUnitsField
from giftcards.admin.wording import minor_units
from giftcards.models import GiftCard
from markets.models import Market

MAXIMUM_HELP = "Most that a recharge may bring it to, in minor units. Empty: no limit."
PLAIN_HELP = {
    "image_url": "An http or https address. It is never loaded here.",
    "metadata": "A JSON object for integrations.",
    "test_clock_at": "UTC. What the rules of this card take for now, to try its expiry. Empty: the clock.",
}


class MarketField(forms.ModelChoiceField[Market]):
    def __init__(self) -> None:
        super().__init__(
            queryset=Market.objects.order_by("mode", "number"),
            required=False,
            empty_label="Any market",
            widget=UnfoldAdminSelectWidget(),
            help_text="Where it can be spent.",
        )

    def label_from_instance(self, obj: Any) -> str:
        closed = ", disabled" if obj.disabled else ""
        return f"{obj.name} ({obj.currency_code}, {obj.mode}{closed})"


class CardForm(OperationForm):
    verb = "The gift card"
    places = {"gift_card_recipient": "recipient_email"}

    market = MarketField()
    recipient_email = forms.CharField(
        label="Recipient e-mail",
        required=False,
        widget=UnfoldAdminEmailInputWidget(),
        help_text="A new address makes a new recipient.",
    )
    balance_max_cents = MinorUnitsField(label="Maximum balance", required=False, help_text=MAXIMUM_HELP)
    tax_rate = PercentageField(
        label="Tax rate", help_text="In percent, where it is not the market's. Empty: the market's."
    )
    reason = ReasonField(required=False)

    class Meta:
        model = GiftCard
        fields = (
            "market",
            "reference",
            "reference_origin",
            "balance_max_cents",
            "single_use",
            "rechargeable",
            "distribute_discount",
            "image_url",
            "metadata",
        )
        help_texts = PLAIN_HELP
        labels = {"image_url": "Image"}


class ChangeForm(CardForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        card = cast(GiftCard, self.instance)
        market = self.fields.get("market")
        if isinstance(market, MarketField):
            market.queryset = Market.objects.filter(mode=card.mode).order_by("number")
        if "balance_max_cents" in self.fields:
            self.fields["balance_max_cents"].help_text = f"{MAXIMUM_HELP} {minor_units(card)}"
        self.initial["tax_rate"] = card.own_tax_rate
        if card.gift_card_recipient:
            self.initial["recipient_email"] = card.gift_card_recipient.email


class DraftForm(CardForm):
    places = {**CardForm.places, "balance_cents": "face_value", "expires_at": "last_day"}

    mode = ModeField()
    face_value = MinorUnitsField(
        required=False,
        help_text="In minor units of the currency: 5000 is 50.00 in EUR, and 5000 in JPY.",
    )
    currency_code = forms.CharField(
        label="Currency",
        required=False,
        max_length=3,
        widget=UnfoldAdminTextInputWidget(),
        help_text="ISO 4217, such as EUR. Empty: the market's.",
    )
    code = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"}),
        help_text="8 to 40 characters. Empty: one that can't be guessed is made.",
    )
    last_day = forms.DateField(
        required=False,
        widget=forms.DateInput({"type": "date", "class": " ".join(INPUT_CLASSES)}, "%Y-%m-%d"),
        help_text="Valid to the end of that day in the market's time zone. Empty: as the market says.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        market, mode = cleaned.get("market"), cleaned.get("mode")
        if market is not None and mode is not None and market.mode != mode:
            self.add_error("market", f"There is no such market in {mode} mode.")
        return cleaned
