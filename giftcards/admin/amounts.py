"""How people type amounts."""

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from giftcards.money import MAX_AMOUNT

WHOLE_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
TYPE_MINOR_UNITS: Final = "Type minor units as a whole number: 5000 for {}."


class MinorUnitsField(forms.Field):
    """A whole number of minor units, in ASCII digits alone; what the sign may be is for the operation to say.

    Django's IntegerField would cut "50.00" to 50, and int() reads "1_0" and the digits of every script. A
    browser's own input for numbers would even turn what it cannot read into nothing, which means no limit.
    """

    default_error_messages = {
        "invalid": TYPE_MINOR_UNITS.format("50.00 EUR"),
        "beyond": "There are no amounts beyond %(limit)s minor units.",
    }

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"inputmode": "numeric", "autocomplete": "off"}
        super().__init__(widget=UnfoldAdminTextInputWidget(attributes), **kwargs)

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        text = str(value)
        if not WHOLE_NUMBER.fullmatch(text):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        # Longer texts are not even read: int() refuses some thousand digits.
        if len(text.lstrip("-")) > len(str(MAX_AMOUNT)) or abs(int(text)) > MAX_AMOUNT:
            limit = -MAX_AMOUNT if text.startswith("-") else MAX_AMOUNT
            raise ValidationError(self.error_messages["beyond"], code="beyond", params={"limit": limit})
        return int(text)
