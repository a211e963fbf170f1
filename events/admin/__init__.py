"""The back office's own side: pages that change data through operations alone, and the log of what they did.

It stands here because every such page ends in an event, and every app above may build on it.
"""

from events.admin.dialogs import Dialog, ReasonedDialog, dialog_action
from events.admin.event import EventAdmin
from events.admin.forms import ModeField, OperationForm, ReasonField
from events.admin.labels import MODE_TONES
from events.admin.pages import BackOfficeAdmin, OperationAdmin, ReadOnlyAdmin, actor_of, caller_of
from events.admin.timeline import Happening, Timeline, happening_of, history

__all__ = [
    "MODE_TONES",
    "BackOfficeAdmin",
    "Dialog",
    "EventAdmin",
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
