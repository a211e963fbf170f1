import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.fields import InvalidJSONInput
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from back_office.refusals import show_refusal
from kernel.modes import Mode
from kernel.refusals import Refusal
from kernel.validation import LONGEST_REASON

WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)

PERCENTAGE: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)

KEPT: Final = "Kept with your name in the history."


class ModeField(forms.TypedChoiceField):
    """Chosen when something is made, and never again."""

    def __init__(self) -> None:
        super().__init__(
            choices=Mode.choices,
            coerce=Mode,
            initial=Mode.TEST,
            widget=UnfoldAdminSelectWidget(),
            help_text="Test and live never meet. It can't be changed afterwards.",
        )


class ReasonField(forms.CharField):
    def __init__(self, *, required: bool = True, help_text: str = KEPT) -> None:
        super().__init__(
            required=required,
            max_length=LONGEST_REASON,
            widget=UnfoldAdminTextareaWidget({"rows": 2}),
            help_text=help_text,
        )


class WholeNumberField(forms.Field):
    """In ASCII digits alone, and optional. Django's IntegerField would cut "50.00" to 50."""

    default_error_messages = {"invalid": "Enter a whole number."}

    def __init__(self, *, label: str, help_text: str) -> None:
        widget = UnfoldAdminTextInputWidget({"inputmode": "numeric", "autocomplete": "off"})
        super().__init__(required=False, label=label, help_text=help_text, widget=widget)

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        if not WHOLE_NUMBER.fullmatch(str(value)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(value)


class PercentageField(forms.Field):
    """In ASCII digits and at most one point, and optional. Django's DecimalField would read "1_9" as 19."""

    default_error_messages = {"invalid": "Enter a number."}

    def __init__(self, *, label: str, help_text: str) -> None:
        widget = UnfoldAdminTextInputWidget({"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(required=False, label=label, help_text=help_text, widget=widget)

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        if not PERCENTAGE.fullmatch(str(value)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return Decimal(str(value))


class MetadataField(forms.JSONField):
    """Refuses what Python's reader gives up on, and shows again what was typed, letter by letter."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:  # thousands of digits or of brackets
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial if self.disabled else InvalidJSONInput(data or "")


class OperationForm(forms.ModelForm[Model]):
    """Its values go to an operation, and that alone says what is missing or wrong.

    The model is neither filled nor validated here: rules written twice would part ways.
    """

    verb: ClassVar[str] = "this"
    places: ClassVar[Mapping[str, str]] = {}
    refusal: ClassVar[Refusal | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name not in self.declared_fields:
                field.required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.refusal is not None:
            show_refusal(self, self.refusal, places=self.places, verb=self.verb)
        return cleaned

    def _post_clean(self) -> None:
        """Django would copy the values to the model here, and validate that."""

    def values(self, *, without: Collection[str] = ()) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in without}

    def changed_values(self, *, without: Collection[str] = ()) -> dict[str, Any]:
        """Only what this person has changed, or one edit would undo another person's of the next field."""
        values = self.values(without=without)
        return {name: value for name, value in values.items() if name in self.changed_data}
