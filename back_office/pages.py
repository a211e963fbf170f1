"""Three kinds of pages: plain ones, those that only show, and those that change data through operations."""

from typing import Any, Final, cast

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import JSONField, Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.dataclasses import UnfoldAction
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextareaWidget

from back_office.forms import MetadataField
from back_office.pagination import CountingPaginator
from back_office.timeline import Timeline, history
from kernel.caller import Actor, Caller
from kernel.modes import Mode
from kernel.refusals import Refusal

LONGEST_PAGE_NUMBER: Final = 9


def caller_of(request: HttpRequest, mode: str) -> Caller:
    """Whoever is logged in: in the mode of what is being changed, in every market."""
    return Caller(Mode(mode), actor_of(request))


def actor_of(request: HttpRequest) -> Actor:
    user: Any = request.user  # the admin lets nobody else in
    return cast(Actor, user.actor)


def _page_number(request: HttpRequest) -> int:
    """What is no number, Django answers as it does."""
    given = request.GET.get(PAGE_VAR, "1")
    return int(given) if given.isdecimal() and len(given) <= LONGEST_PAGE_NUMBER else 1


class BackOfficeAdmin(ModelAdmin):
    """Without actions on selected rows: "delete selected" would go past every operation."""

    actions: Any = None
    formfield_overrides: Any = {
        JSONField: {"form_class": MetadataField, "widget": UnfoldAdminTextareaWidget({"rows": 4})}
    }
    list_per_page = 50
    # Beside what a search found, how many there are at all would be counted every time.
    show_full_result_count = False
    paginator: Any = CountingPaginator

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> Any:
        paginator = super().get_paginator(request, queryset, per_page, orphans, allow_empty_first_page)
        if isinstance(paginator, CountingPaginator):
            paginator.asked_for = _page_number(request)
        return paginator

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        """Only the dialogs that this person may use, and that have a purpose as the object now is."""
        actions = super().get_actions_detail(request, object_id)
        allowed = [action for action in actions if request.user.has_perm(action.dialog.permission)]
        subject = self.get_object(request, unquote(str(object_id))) if allowed else None
        return [action for action in allowed if subject is not None and action.dialog.is_offered(subject)]

    def page_of(self, subject: Model) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[subject.pk])


class ReadOnlyAdmin(BackOfficeAdmin):
    """Nobody adds, changes or deletes here, superusers included; the database would refuse it too."""

    # These tables only grow: counting them for the number of the last page would take ever longer.
    paginator = InfinitePaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OperationAdmin(BackOfficeAdmin):
    """Saving and deleting are one call of one operation each: `create`, `update`, `delete`.

    What the operation refuses is shown at the fields it is about, in the form as it was sent.
    """

    change_form_outer_after_template: str | None = "back_office/timeline.html"

    def create(self, request: HttpRequest, form: Any) -> Model:
        raise NotImplementedError

    def update(self, request: HttpRequest, subject: Any, form: Any) -> Model:
        raise NotImplementedError

    def delete(self, request: HttpRequest, subject: Any) -> None:
        raise NotImplementedError

    def timeline(self, subject: Any) -> Timeline:
        return history(subject.pk)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refusal as refusal:
            # The transaction is rolled back. The same form once more: this time it knows what is wrong.
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Any]]:
        # The mode is none of the model's editable fields; the form that chooses it declares it itself.
        kwargs["fields"] = [name for name in kwargs.get("fields") or () if name != "mode"]
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, "refusal", None)})

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Model:
        """The operation, instead of a model filled from the form: what it returns is saved already."""
        return self.update(request, form.instance, form) if change else self.create(request, form)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Done by `save_form`."""

    def save_related(self, request: Any, form: Any, formsets: Any, change: Any) -> None:
        """Done by `save_form`."""

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(self.page_of(obj))

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(self.page_of(obj))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        subject = kwargs.get("obj")
        if subject is not None:
            context["timeline"] = self.timeline(subject)
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete(request, obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(name, args=[unquote(object_id)]))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The operation asks the database what depends on it; Django would load and list a million cards."""
        names = [str(obj) for obj in objs]
        return names, {str(self.opts.verbose_name_plural): len(names)}, set(), []
