from typing import Any
from uuid import uuid4

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
)

from access.models import ApiKey, ApiKeyMarket
from access.scopes import EVERY_SCOPE
from back_office.forms import ModeField, OperationForm

# Markets lie above this package: they are reached through the foreign key.
MARKET: Any = ApiKeyMarket.market.field.related_model


class MarketsField(forms.ModelMultipleChoiceField[Any]):
    def __init__(self) -> None:
        super().__init__(
            queryset=MARKET.objects.order_by("mode", "number"),
            widget=UnfoldAdminCheckboxSelectMultipleWidget(),
            required=False,
            help_text="Those of the key's mode. None chosen: every market, later ones too.",
        )

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({', '.join(filter(None, (obj.code, obj.mode)))})"


class MintForm(OperationForm):
    verb = "The API key"
    places = {"name": "application_name"}

    # A key can be shown once only, so its page is the answer to this form. Reloading that page sends the
    # form again: the ticket tells that it was used up.
    ticket = forms.CharField(widget=forms.HiddenInput, required=False, max_length=36)
    application_name = forms.CharField(
        max_length=255,
        widget=UnfoldAdminTextInputWidget(),
        help_text="The program that will use it, for example Web shop. A new name makes a new application.",
    )
    mode = ModeField()
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in EVERY_SCOPE],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        required=False,
    )
    markets = MarketsField()

    class Meta:
        model = ApiKey
        fields = ("expires_at",)
        help_texts = {"expires_at": "In UTC. Empty: it works until somebody revokes it."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ticket"].initial = lambda: str(uuid4())
