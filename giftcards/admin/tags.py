from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from back_office.forms import ModeField, OperationForm, ReasonField
from back_office.labels import MODE_TONES
from back_office.pages import OperationAdmin, caller_of
from giftcards.models import Tag
from giftcards.operations import TagChanges, create_tag, delete_tag, update_tag

ATTRIBUTES = ("name", ("reference", "reference_origin"), "metadata")


class TagForm(OperationForm):
    verb = "The tag"

    mode = ModeField()
    reason = ReasonField(required=False)

    class Meta:
        model = Tag
        fields = "__all__"
        help_texts = {
            "name": "Letters, digits, - and _. A new name shows on every card that carries the tag."
        }


@admin.register(Tag)
class TagAdmin(OperationAdmin):
    """Tags are put on cards by integrations; here they are listed, named and taken away."""

    form = TagForm
    list_display = ("name", "shown_mode", "reference", "created_at")
    list_filter = ("mode",)
    search_fields = ("name", "reference")
    search_help_text = "Name or reference"
    ordering = ("mode", "name")
    add_fieldsets = ((None, {"fields": ("mode", *ATTRIBUTES, "reason")}),)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        editable = self.has_change_permission(request, obj)
        return ((None, {"fields": ("mode", *ATTRIBUTES, *(("reason",) if editable else ()))}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("mode",)

    def create(self, request: HttpRequest, form: TagForm) -> Tag:
        caller = caller_of(request, form.cleaned_data["mode"])
        return create_tag(caller=caller, **form.values(without={"mode"}))

    def update(self, request: HttpRequest, subject: Tag, form: TagForm) -> Tag:
        return update_tag(
            caller=caller_of(request, subject.mode),
            tag_id=subject.pk,
            changes=cast(TagChanges, form.changed_values(without={"mode", "reason"})),
            reason=form.cleaned_data["reason"],
        )

    def delete(self, request: HttpRequest, subject: Tag) -> None:
        delete_tag(caller=caller_of(request, subject.mode), tag_id=subject.pk)

    @display(description="Mode", ordering="mode", label=MODE_TONES)
    def shown_mode(self, tag: Tag) -> str:
        return tag.mode
