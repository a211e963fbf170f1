"""How the Django admin asks: pages and dialogs that change data through operations alone, refusals worded on
a form, and a resource's timeline. Every admin module builds on it; it knows none of them.
"""

from back_office.dialogs import Dialog, ReasonedDialog, dialog_action
from back_office.forms import ModeField, OperationForm, ReasonField
from back_office.labels import MODE_TONES
from back_office.pages import BackOfficeAdmin, OperationAdmin, ReadOnlyAdmin, actor_of, caller_of
from back_office.timeline import Happening, Timeline, happening_of, history

__all__ = [
    "MODE_TONES",
    "BackOfficeAdmin",
    "Dialog",
    "Happening",
    "ModeField",
    "OperationAdmin",
    "OperationForm",
    "ReadOnlyAdmin",
    "ReasonField",
    "ReasonedDialog",
    "Timeline",
    "actor_of",
    "caller_of",
    "dialog_action",
    "happening_of",
    "history",
]
