from collections.abc import Mapping
from typing import Any, Final, TypedDict
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import IntegrityError, transaction

from events.operations import Recorder
from kernel.caller import Caller
from kernel.clock import database_now
from kernel.constraints import delete_unless_in_use, violated_constraint
from kernel.refusals import Conflict, Invalid, NotFound
from kernel.validation import (
    RESOURCE_CHECKS,
    Check,
    changed_attributes,
    checked,
    optional_text,
    required_text,
    storable_text,
)
from recipients.models import GiftCardRecipient

RESOURCE_TYPE: Final = "gift_card_recipients"
_record: Final = Recorder(RESOURCE_TYPE)
TAKEN: Final = "has already been taken"


class RecipientChanges(TypedDict, total=False):
    """Only the keys that are present are changed; None empties an attribute."""

    email: str
    first_name: str | None
    last_name: str | None
    reference: str | None
    reference_origin: str | None
    metadata: dict[str, Any] | None


def email_address(about: str, value: Any) -> str:
    address = storable_text(about, required_text(about, value), longest=254)
    try:
        EmailValidator()(address)
    except ValidationError:
        raise Invalid(about, "invalid", "is invalid", value=value) from None
    return address


RECIPIENT_CHECKS: Final[Mapping[str, Check]] = {
    "email": email_address,
    "first_name": optional_text,
    "last_name": optional_text,
    **RESOURCE_CHECKS,
}


def create_recipient(
    *,
    caller: Caller,
    email: str,
    first_name: str | None = None,
    last_name: str | None = None,
    reference: str | None = None,
    reference_origin: str | None = None,
    metadata: dict[str, Any] | None = None,
    reason: str = "",
) -> GiftCardRecipient:
    """Raises Invalid, Conflict."""
    attributes: RecipientChanges = {
        "email": email,
        "first_name": first_name,
        "last_name": last_name,
        "reference": reference,
        "reference_origin": reference_origin,
        "metadata": metadata,
    }
    values = checked(attributes, RECIPIENT_CHECKS)
    with transaction.atomic():
        recipient = GiftCardRecipient(mode=caller.mode, **values)
        _refuse_taken_email(recipient)
        _save(recipient)
        _record(recipient, "create", caller=caller, reason=reason)
    return recipient


def find_or_create_recipient(
    *,
    email: str,
    caller: Caller,
    about: str = "email",
    first_name: str | None = None,
    last_name: str | None = None,
) -> GiftCardRecipient:
    """The recipient with this address, whatever its capitals; the names are those of a new one, and change
    none that is known.

    `about` is the caller's name for the address (a gift card has a `recipient_email`).

    Raises Invalid, Conflict.
    """
    address = email_address(about, email)
    names = checked({"first_name": first_name, "last_name": last_name}, RECIPIENT_CHECKS)
    known = GiftCardRecipient.objects.visible_to(caller).with_email(address)
    with transaction.atomic():
        if found := known.first():
            return found
        candidate = GiftCardRecipient(mode=caller.mode, email=address, **names)
        # ON CONFLICT DO NOTHING waits for whoever inserts the same address; the next look sees that row.
        GiftCardRecipient.objects.bulk_create([candidate], ignore_conflicts=True)
        recipient = known.first()
        if recipient is None:
            raise Conflict(about, "was deleted at this moment")
        if recipient.pk == candidate.pk:
            _record(recipient, "create", caller=caller)
    return recipient


def update_recipient(
    *, caller: Caller, recipient_id: UUID, changes: RecipientChanges, reason: str = ""
) -> GiftCardRecipient:
    """What changes nothing records nothing.

    Recipients belong to no market, so a caller restricted to certain markets cannot change an address: codes
    of other markets' cards may go there. Raises NotFound, Invalid, Conflict.
    """
    with transaction.atomic():
        recipient = _lock(recipient_id, caller)
        values = checked(changes, RECIPIENT_CHECKS)
        changed = changed_attributes(recipient, values)
        if not changed:
            return recipient
        if "email" in changed and caller.market_ids is not None:
            raise Invalid(
                "email", "market_restricted", "can't be changed by a caller restricted to certain markets"
            )
        for attribute in changed:
            setattr(recipient, attribute, values[attribute])
        if "email" in changed:
            _refuse_taken_email(recipient)
        recipient.updated_at = database_now()
        _save(recipient)
        # Names only: the events outlive a person's wish to be forgotten, values must not.
        _record(recipient, "update", caller=caller, reason=reason, data={"changed": changed})
    return recipient


def delete_recipient(*, caller: Caller, recipient_id: UUID, reason: str = "") -> None:
    """Raises NotFound, InUse while a gift card is for this recipient."""
    with transaction.atomic():
        recipient = _lock(recipient_id, caller)
        delete_unless_in_use(recipient, "recipient")
        _record(recipient, "destroy", caller=caller, reason=reason)


def _lock(recipient_id: UUID, caller: Caller) -> GiftCardRecipient:
    try:
        # no_key: cards for the recipient may be issued meanwhile.
        return (
            GiftCardRecipient.objects.visible_to(caller).select_for_update(no_key=True).get(pk=recipient_id)
        )
    except GiftCardRecipient.DoesNotExist:
        raise NotFound(RESOURCE_TYPE, recipient_id) from None


def _refuse_taken_email(recipient: GiftCardRecipient) -> None:
    others = GiftCardRecipient.objects.filter(mode=recipient.mode).with_email(recipient.email)
    if others.exclude(pk=recipient.pk).exists():
        raise Invalid("email", "taken", TAKEN, value=recipient.email)


def _save(recipient: GiftCardRecipient) -> None:
    try:
        with transaction.atomic():
            recipient.save()
    except IntegrityError as error:
        if violated_constraint(error) == "recipient_email_is_unique_per_mode":
            raise Conflict("email", TAKEN) from error
        raise
