"""What gift cards are sold as: a product and its denominations on one page, saved by one operation."""

from typing import Any, Final, cast

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms.formsets import all_valid
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.enums import ActionVariant

from back_office.dialogs import ReasonedDialog, dialog_action
from back_office.labels import MODE_TONES
from back_office.pages import OperationAdmin, caller_of
from giftcards.admin.product_forms import DenominationForm, DenominationFormSet, ProductForm
from giftcards.models import Denomination, Product
from giftcards.operations import (
    arrange_product,
    delete_product,
    update_product,
)

ATTRIBUTES: Final = (
    ("name", "handle"),
    "description",
    "image_url",
    ("code_format", "validity_months"),
    "sold_in",
    ("reference", "reference_origin"),
    "metadata",
)


class DenominationInline(TabularInline):
    model = Denomination
    form = DenominationForm
    formset = DenominationFormSet
    fields = ("name", "amounts", "image_url", "disabled")
    ordering = ("id",)
    extra = 1

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        # The operation asks the database what was sold; Django would load and name every order.
        formset.form = type(formset.form.__name__, (formset.form,), {"hand_clean_DELETE": _nothing})
        return type(formset.__name__, (formset,), {"refusal": getattr(request, "refusal", None)})


class Disable(ReasonedDialog):
    verb = "Disable"
    permission = "giftcards.change_product"
    icon = "block"

    @classmethod
    def is_offered(cls, subject: Product) -> bool:
        return not subject.disabled

    def foretell(self) -> str:
        return "It is not sold any more. Cards that were sold as it stay what they are."

    def perform(self) -> str:
        return _switch(self, disabled=True)


class Enable(ReasonedDialog):
    verb = "Enable"
    permission = "giftcards.change_product"
    icon = "check_circle"
    variant = ActionVariant.SUCCESS

    @classmethod
    def is_offered(cls, subject: Product) -> bool:
        return subject.disabled

    def foretell(self) -> str:
        return "It is sold again, in those of its denominations that are not disabled themselves."

    def perform(self) -> str:
        return _switch(self, disabled=False)


def _switch(dialog: ReasonedDialog, *, disabled: bool) -> str:
    update_product(
        caller=caller_of(dialog.request, dialog.subject.mode),
        product_id=dialog.subject.pk,
        disabled=disabled,
        reason=dialog.reason_given,
    )
    return f"{dialog.subject} is {'disabled' if disabled else 'enabled'}."


@admin.register(Product)
class ProductAdmin(OperationAdmin):
    form = ProductForm
    inlines = (DenominationInline,)
    list_display = ("name", "shown_status", "shown_mode", "shown_markets", "handle", "reference")
    list_filter = ("mode", ("disabled_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "handle", "reference")
    search_help_text = "Name, handle or reference"
    ordering = ("mode", "name", "id")
    actions_detail = ("disable", "enable")
    add_fieldsets = ((None, {"fields": ("mode", *ATTRIBUTES, "reason")}),)

    disable = dialog_action(Disable)
    enable = dialog_action(Enable)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_queryset(request).prefetch_related("markets")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        fixed = (("shown_status", "mode"),)
        if self.has_change_permission(request, obj):
            return ((None, {"fields": (*fixed, *ATTRIBUTES, "reason")}),)
        shown = ("shown_markets" if each == "sold_in" else each for each in ATTRIBUTES)
        return ((None, {"fields": (*fixed, *shown)}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("shown_status", "mode", "shown_markets")

    def _create_formsets(self, request: HttpRequest, obj: Any, change: Any) -> Any:
        """Those that were saved: the database has other rows by now."""
        saved = getattr(request, "saved_formsets", None)
        return super()._create_formsets(request, obj, change) if saved is None else saved

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Model:
        """Not before the denominations are read too. What is wrong with them, Django shows afterwards."""
        formsets = self._create_formsets(request, form.instance, change)
        if not all_valid(formsets[0]):
            return cast(Model, form.instance)
        form.denominations = [told for each in formsets[0] for told in each.told()]
        saved = super().save_form(request, form, change)
        request.saved_formsets = formsets  # type: ignore[attr-defined]
        return saved

    def create(self, request: HttpRequest, form: Any) -> Product:
        return self._arrange(request, form, form.cleaned_data["mode"], product=None)

    def update(self, request: HttpRequest, subject: Product, form: Any) -> Product:
        return self._arrange(request, form, subject.mode, product=subject)

    def _arrange(self, request: HttpRequest, form: Any, mode: str, *, product: Product | None) -> Product:
        return arrange_product(
            caller=caller_of(request, mode),
            product_id=None if product is None else product.pk,
            changes=form.told(all_of_it=product is None),
            denominations=form.denominations,
            reason=form.cleaned_data["reason"],
        )

    def delete(self, request: HttpRequest, subject: Product) -> None:
        delete_product(caller=caller_of(request, subject.mode), product_id=subject.pk)

    @display(description="Status", label={"sold": "success", "disabled": "danger"})
    def shown_status(self, product: Product) -> str:
        return "disabled" if product.disabled else "sold"

    @display(description="Mode", ordering="mode", label=MODE_TONES)
    def shown_mode(self, product: Product) -> str:
        return product.mode

    @display(description="Markets")
    def shown_markets(self, product: Product) -> str:
        return ", ".join(str(market) for market in product.markets.all()) or "all"


def _nothing(form: DenominationForm) -> None:
    """To check."""
