"""How a product and its denominations are typed, and where what is wrong with them stands."""

import re
from typing import Any, ClassVar, Final, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from access.admin.forms import MarketsField
from back_office.forms import ModeField, OperationForm, ReasonField, WholeNumberField
from giftcards.models import Denomination, Product
from giftcards.operations import (
    DenominationChanges,
    DenominationTold,
    ProductChanges,
)
from kernel.refusals import OPERATION, Invalid, InvalidSet, Refusal

NOT_ATTRIBUTES: Final = frozenset({"mode", "reason", "sold_in"})
AMOUNT: Final = re.compile(r"([A-Za-z]{3})\s+(-?[0-9]{1,15})", re.ASCII)
ROWS: Final = "denominations"


class AmountsField(forms.Field):
    """`EUR 2300, USD 2500`: minor units, as everywhere in the back office."""

    default_error_messages = {
        "invalid": "Type a currency and minor units, and commas between them: EUR 2300, USD 2500.",
    }

    def __init__(self) -> None:
        widget = UnfoldAdminTextInputWidget({"autocomplete": "off", "placeholder": "EUR 2300, USD 2500"})
        super().__init__(required=False, widget=widget)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return ", ".join(f"{code} {amount}" for code, amount in sorted(value.items()))

    def to_python(self, value: Any) -> dict[str, int] | None:
        if not value or isinstance(value, dict):
            return value or None
        told = [AMOUNT.fullmatch(each.strip()) for each in str(value).split(",")]
        amounts = {each[1].upper(): int(each[2]) for each in told if each}
        if len(amounts) < len(told):  # one can't be read, or is told twice
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return amounts


class ProductForm(OperationForm):
    verb = "The product"
    places = {"markets": "sold_in"}

    instance: Product
    mode = ModeField()
    sold_in = MarketsField()
    validity_months = WholeNumberField(
        label="Validity", help_text="In months from the sale. Empty: the market's default."
    )
    reason = ReasonField(required=False)

    class Meta:
        model = Product
        fields = "__all__"
        help_texts = {
            "handle": "Its name in a shop's addresses, such as gift-card.",
            "image_url": "The address of a picture, which shops and emails show.",
            "code_format": "Of its cards' codes. None: the market's.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "sold_in" not in self.fields:
            return
        field: Any = self.fields["sold_in"]
        field.help_text = "Markets of the product's mode. None chosen: every market, later ones too."
        if self.instance.mode:
            field.queryset = field.queryset.filter(mode=self.instance.mode)
            self.initial["sold_in"] = list(self.instance.availabilities.values_list("market_id", flat=True))

    def clean(self) -> dict[str, Any]:
        """What is wrong with a denomination is shown in its row."""
        self.refusal = None if self.refusal is None else _without_rows(self.refusal)  # type: ignore[misc]
        return super().clean()

    def told(self, *, all_of_it: bool) -> ProductChanges:
        values = self.values if all_of_it else self.changed_values
        changes = cast(ProductChanges, values(without=NOT_ATTRIBUTES))
        if all_of_it or "sold_in" in self.changed_data:
            changes["markets"] = list(self.cleaned_data["sold_in"])
        return changes


class DenominationForm(OperationForm):
    verb = "The denomination"

    instance: Denomination
    amounts = AmountsField()
    disabled = forms.BooleanField(required=False, widget=UnfoldBooleanWidget())

    class Meta:
        model = Denomination
        fields = ("name", "amounts", "image_url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "disabled" in self.fields:
            self.initial["disabled"] = self.instance.disabled

    def told(self, place: str, *, deleted: bool) -> DenominationTold:
        key = None if self.instance._state.adding else self.instance.pk
        names = {"name", "amounts", "image_url"}
        changed = {name: self.cleaned_data[name] for name in self.changed_data if name in names}
        return DenominationTold(
            place=place,
            denomination_id=key,
            changes=cast(DenominationChanges, changed),
            disabled=self.cleaned_data["disabled"] if "disabled" in self.changed_data else None,
            deleted=deleted,
        )


class DenominationFormSet(BaseInlineFormSet[Denomination, Product, DenominationForm]):
    refusal: ClassVar[Refusal | None] = None
    new_objects: list[Any] = []
    changed_objects: list[Any] = []
    deleted_objects: list[Any] = []
    """Django's own log names them; ours is the events."""

    def _construct_form(self, i: int, **kwargs: Any) -> DenominationForm:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.refusal = None if self.refusal is None else _of_row(self.refusal, i)
        return cast(DenominationForm, form)

    def told(self) -> list[DenominationTold]:
        """What there is to do, row by row."""
        gone = self.deleted_forms
        return [
            form.told(f"{ROWS}/{row}", deleted=form in gone)
            for row, form in enumerate(self.forms)
            if form.has_changed() and not (form in gone and form.instance._state.adding)
        ]


def _parts(refusal: Refusal) -> tuple[Refusal, ...]:
    return refusal.refusals if isinstance(refusal, InvalidSet) else (refusal,)


def _without_rows(refusal: Refusal) -> Refusal | None:
    """None if all of it is about denominations."""
    left = [part for part in _parts(refusal) if not _is_of_a_row(part)]
    if not left:
        return None
    return refusal if len(left) == len(_parts(refusal)) else InvalidSet(cast(list[Invalid], left))


def _of_row(refusal: Refusal, row: int) -> Refusal | None:
    place = f"{ROWS}/{row}"
    found = [
        Invalid(part.about.removeprefix(place).removeprefix("/") or OPERATION, part.error, part.message)
        for part in _parts(refusal)
        if isinstance(part, Invalid) and f"{part.about}/".startswith(f"{place}/")
    ]
    return InvalidSet(found) if found else None


def _is_of_a_row(part: Refusal) -> bool:
    return isinstance(part, Invalid) and part.about.startswith(f"{ROWS}/")
