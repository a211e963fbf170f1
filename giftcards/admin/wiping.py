"""The page that wipes all test data: for superusers, who type what they want."""

from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextInputWidget

from back_office.dialogs import Dialog
from back_office.pages import actor_of
from giftcards.wiping import count_test_data, wipe_test_data
from kernel.refusals import Refusal

WORDS: Final = "wipe test data"


class WipeTestData(Dialog):
    verb = "Wipe test data"

    confirmation = forms.CharField(
        label=f"Type “{WORDS}”",
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "autofocus": True}),
    )

    @property
    def title(self) -> str:
        return "Wipe all test data"

    def clean_confirmation(self) -> str:
        typed = str(self.cleaned_data["confirmation"])
        if typed != WORDS:
            raise forms.ValidationError(f"Type “{WORDS}” to go on.", code="invalid")
        return typed

    def foretell(self) -> str:
        there_is = ", ".join(f"{number} {name}" for name, number in count_test_data().items())
        if not there_is:
            return "There is no test data."
        return (
            f"Removes {there_is}, all of the test mode, for ever. Live data, API keys and applications stay."
        )

    def perform(self) -> str:
        wiped = wipe_test_data(actor=actor_of(self.request))
        return f"All test data is wiped: {sum(wiped.values())} rows."


def wipe_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """`context` is what every page of the admin needs."""
    if not request.user.is_superuser:
        raise PermissionDenied
    page = reverse("admin:giftcards_giftcard_changelist")
    form = WipeTestData(request.POST if request.method == "POST" else None, request=request, subject=None)
    if form.is_bound and form.is_valid():
        try:
            return form.respond(page)
        except Refusal as refusal:
            form.show(refusal)
    return TemplateResponse(
        request, "back_office/dialog_page.html", {**context, "form": form, "page": page, "title": form.title}
    )
