"""Notes and addresses of documents beside a card. They move no money and change nothing of the card."""

from collections.abc import Mapping
from typing import Any, Final, TypedDict
from uuid import UUID

from django.db import transaction

from events.operations import record
from giftcards.models import Attachment, GiftCard
from kernel.caller import Caller
from kernel.clock import database_now
from kernel.refusals import NotFound
from kernel.validation import (
    RESOURCE_CHECKS,
    Check,
    changed_attributes,
    checked,
    required_text,
    storable_text,
)
from markets.attributes import web_address

RESOURCE_TYPE: Final = "attachments"
LONGEST_DESCRIPTION: Final = 10_000


class AttachmentChanges(TypedDict, total=False):
    """Only the keys that are present are changed; None empties an attribute. `attachable` is the card."""

    name: str
    description: str | None
    url: str | None
    attachable: GiftCard
    reference: str | None
    reference_origin: str | None
    metadata: dict[str, Any] | None


def long_text(about: str, value: Any) -> str | None:
    return None if value is None or value == "" else storable_text(about, value, longest=LONGEST_DESCRIPTION)


ATTACHMENT_CHECKS: Final[Mapping[str, Check]] = {
    "name": required_text,
    "description": long_text,
    "url": web_address,
    **RESOURCE_CHECKS,
}


def create_attachment(
    *,
    caller: Caller,
    attachable: GiftCard,
    name: str,
    description: str | None = None,
    url: str | None = None,
    reference: str | None = None,
    reference_origin: str | None = None,
    metadata: dict[str, Any] | None = None,
    reason: str = "",
) -> Attachment:
    """Attach to a card that the caller sees. Raises Invalid, NotFound."""
    attributes = {
        "name": name,
        "description": description,
        "url": url,
        "reference": reference,
        "reference_origin": reference_origin,
        "metadata": metadata,
    }
    values = checked(attributes, ATTACHMENT_CHECKS)
    with transaction.atomic():
        attachment = Attachment(mode=caller.mode, gift_card=_within_reach(attachable, caller), **values)
        attachment.save(force_insert=True)
        _record(attachment, "create", caller=caller, reason=reason)
    return attachment


def update_attachment(
    *, caller: Caller, attachment_id: UUID, changes: AttachmentChanges, reason: str = ""
) -> Attachment:
    """Another `attachable` moves it to that card. What changes nothing records nothing.

    Raises NotFound, Invalid.
    """
    with transaction.atomic():
        attachment = _lock(attachment_id, caller)
        given = {name: value for name, value in changes.items() if name != "attachable"}
        values = checked(given, ATTACHMENT_CHECKS)
        if "attachable" in changes:
            values["gift_card_id"] = _within_reach(changes["attachable"], caller).pk
        changed = changed_attributes(attachment, values)
        if not changed:
            return attachment
        for attribute in changed:
            setattr(attachment, attribute, values[attribute])
        attachment.updated_at = database_now()
        attachment.save()
        named = ["attachable" if name == "gift_card_id" else name for name in changed]
        _record(attachment, "update", caller=caller, reason=reason, data={"changed": named})
    return attachment


def delete_attachment(*, caller: Caller, attachment_id: UUID, reason: str = "") -> None:
    """Raises NotFound."""
    with transaction.atomic():
        _remove(_lock(attachment_id, caller), caller=caller, reason=reason)


def remove_attachments(card: GiftCard, *, caller: Caller, reason: str) -> None:
    """Before the card itself goes: each leaves its own last event."""
    for attachment in card.attachments.select_for_update(no_key=True).order_by("pk"):
        _remove(attachment, caller=caller, reason=reason)


def _remove(attachment: Attachment, *, caller: Caller, reason: str) -> None:
    _record(attachment, "destroy", caller=caller, reason=reason)
    attachment.delete()


def _lock(attachment_id: UUID, caller: Caller) -> Attachment:
    attachments = Attachment.objects.visible_to(caller).select_for_update(of=("self",), no_key=True)
    try:
        return attachments.get(pk=attachment_id)
    except Attachment.DoesNotExist:
        raise NotFound(RESOURCE_TYPE, attachment_id) from None


def _within_reach(card: GiftCard, caller: Caller) -> GiftCard:
    if card.mode != caller.mode or not caller.reaches_market(card.market_id):
        raise NotFound("gift_cards", card.pk)
    return card


def _record(
    attachment: Attachment,
    verb: str,
    *,
    caller: Caller,
    reason: str,
    data: Mapping[str, Any] | None = None,
) -> None:
    """The event is the attachment's and names the card: a card's own events are those of its operations."""
    record(
        caller=caller,
        subject_type=RESOURCE_TYPE,
        subject_id=attachment.pk,
        topic=f"{RESOURCE_TYPE}.{verb}",
        reason=reason,
        data={"gift_card_id": str(attachment.gift_card_id), **(data or {})},
    )
