"""What a shop notes about an authorization or a payment: its order, its references, its metadata."""

from collections.abc import Mapping
from typing import Any, Final, TypedDict

from giftcards.models import Authorization, Payment
from kernel.validation import RESOURCE_CHECKS, Check, changed_attributes, checked, optional_text


class NoteChanges(TypedDict, total=False):
    """Only the keys that are present are changed; None empties an attribute."""

    order_number: str | None
    reference: str | None
    reference_origin: str | None
    metadata: dict[str, Any] | None


NOTE_CHECKS: Final[Mapping[str, Check]] = {"order_number": optional_text, **RESOURCE_CHECKS}


def checked_notes(notes: NoteChanges | None) -> dict[str, Any]:
    """As they are stored. Raises Invalid."""
    return checked(notes or {}, NOTE_CHECKS)


def apply_notes(resource: Authorization | Payment, changes: NoteChanges | None) -> list[str]:
    """Set them on what is locked, without saving it; returns the names that changed. Raises Invalid."""
    values = checked_notes(changes)
    changed = changed_attributes(resource, values)
    for name in changed:
        setattr(resource, name, values[name])
    return changed
