"""Verbs as buttons: a dialog says what it will do and asks; its POST is one call of one operation.

GET shows the dialog and changes nothing. It works inside the page, and as a page of its own without scripts.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.enums import ActionVariant

from back_office.forms import ReasonField
from back_office.pages import BackOfficeAdmin
from back_office.refusals import show_refusal
from kernel.refusals import Refusal


class Dialog(forms.Form):
    """One verb: who may (`permission`), when it makes sense, what it says, and which operation it calls."""

    # Templates ask whether an action has a dialog; they would call the class to find out.
    do_not_call_in_templates = True

    verb: ClassVar[str]
    permission: ClassVar[str]
    icon: ClassVar[str]
    variant: ClassVar[ActionVariant] = ActionVariant.DEFAULT
    places: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        request: HttpRequest,
        subject: Any,
        initial: dict[str, Any] | None = None,
    ) -> None:
        # The page behind the dialog may have a field of the same name: labels would lead to that one.
        super().__init__(data, initial=initial, auto_id="dialog_%s")
        self.request = request
        self.subject = subject
        self.set_up()

    def set_up(self) -> None:
        """Where fields depend on the subject or on who asks."""

    @classmethod
    def is_offered(cls, subject: Any) -> bool:
        return True

    @property
    def title(self) -> str:
        return f"{self.verb} {self.subject}"

    def foretell(self) -> str:
        """What will happen, in a sentence or two."""
        raise NotImplementedError

    def perform(self) -> str:
        """One operation; returns what to tell the person. Raises Refusal."""
        raise NotImplementedError

    def respond(self, page: str) -> HttpResponse:
        messages.success(self.request, self.perform())
        if "HX-Request" in self.request.headers:
            return HttpResponse(headers={"HX-Redirect": page})
        return HttpResponseRedirect(page)

    def show(self, refusal: Refusal) -> None:
        show_refusal(self, refusal, places=self.places, verb=self.verb)


class ReasonedDialog(Dialog):
    reason = ReasonField()

    @property
    def reason_given(self) -> str:
        return str(self.cleaned_data["reason"])


def dialog_action(dialog: type[Dialog]) -> Callable[[BackOfficeAdmin, HttpRequest, str], HttpResponse]:
    """The dialog as the theme wants an action: a function with attributes."""

    def action(model_admin: BackOfficeAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
        return _serve(dialog, model_admin, request, object_id)

    # No allowed_permissions: the theme's own check would ask the database for them, before there is one.
    action.__dict__.update(
        short_description=dialog.verb,
        url_path=dialog.verb.lower().replace(" ", "-"),
        icon=dialog.icon,
        variant=dialog.variant,
        attrs={},
        dialog=dialog,
    )
    return action


def _serve(
    dialog: type[Dialog], model_admin: BackOfficeAdmin, request: HttpRequest, object_id: str
) -> HttpResponse:
    if not (request.user.has_perm(dialog.permission) and model_admin.has_view_or_change_permission(request)):
        raise PermissionDenied
    subject: Model | None = model_admin.get_object(request, unquote(object_id))
    if subject is None:
        raise Http404
    page = model_admin.page_of(subject)
    if request.method != "POST":
        form = dialog(initial=request.GET.dict(), request=request, subject=subject)
    else:
        form = dialog(request.POST, request=request, subject=subject)
        if form.is_valid():
            try:
                return form.respond(page)
            except Refusal as refusal:
                form.show(refusal)
    context = {"form": form, "page": page, "title": form.title, "opts": model_admin.opts}
    if "HX-Request" in request.headers:
        return TemplateResponse(request, "back_office/dialog.html", context)
    context = {**model_admin.admin_site.each_context(request), **context}
    return TemplateResponse(request, "back_office/dialog_page.html", context)
