from typing import Any, cast

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from back_office.forms import ModeField, OperationForm, ReasonField
from back_office.labels import MODE_TONES
from back_office.pages import OperationAdmin, caller_of
from kernel.modes import Mode
from recipients.models import GiftCardRecipient
from recipients.operations import RecipientChanges, create_recipient, delete_recipient, update_recipient

ATTRIBUTES = ("email", ("first_name", "last_name"), ("reference", "reference_origin"), "metadata")


class RecipientForm(OperationForm):
    verb = "The recipient"

    mode = ModeField()
    reason = ReasonField(required=False)

    class Meta:
        model = GiftCardRecipient
        fields = "__all__"


@admin.register(GiftCardRecipient)
class RecipientAdmin(OperationAdmin):
    form = RecipientForm
    list_display = ("email", "shown_mode", "first_name", "last_name", "reference", "created_at")
    list_filter = ("mode",)
    search_fields = ("email", "first_name", "last_name", "reference")
    search_help_text = "E-mail (at once with its @), name, or reference (at once if whole)"
    ordering = ("-id",)  # made in the order of time, and indexed
    add_fieldsets = ((None, {"fields": ("mode", *ATTRIBUTES, "reason")}),)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[GiftCardRecipient], search_term: str
    ) -> tuple[QuerySet[GiftCardRecipient], bool]:
        """By an index where the term is a reference, or must be an e-mail's beginning, and it finds somebody;
        otherwise every row is looked at."""
        term = search_term.strip()
        at_once = Q(mode__in=Mode.values, reference=term)  # in its index, the mode stands first
        if "@" in term:
            at_once |= Q(email__istartswith=term)
        found = queryset.filter(at_once)
        if term and found.exists():
            return found, False
        return super().get_search_results(request, queryset, search_term)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        editable = self.has_change_permission(request, obj)
        return ((None, {"fields": ("mode", *ATTRIBUTES, *(("reason",) if editable else ()))}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("mode",)

    def create(self, request: HttpRequest, form: RecipientForm) -> GiftCardRecipient:
        caller = caller_of(request, form.cleaned_data["mode"])
        return create_recipient(caller=caller, **form.values(without={"mode"}))

    def update(
        self, request: HttpRequest, subject: GiftCardRecipient, form: RecipientForm
    ) -> GiftCardRecipient:
        return update_recipient(
            caller=caller_of(request, subject.mode),
            recipient_id=subject.pk,
            changes=cast(RecipientChanges, form.changed_values(without={"mode", "reason"})),
            reason=form.cleaned_data["reason"],
        )

    def delete(self, request: HttpRequest, subject: GiftCardRecipient) -> None:
        delete_recipient(caller=caller_of(request, subject.mode), recipient_id=subject.pk)

    @display(description="Mode", ordering="mode", label=MODE_TONES)
    def shown_mode(self, recipient: GiftCardRecipient) -> str:
        return recipient.mode
