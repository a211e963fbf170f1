"""The merchant's list of tags. Putting them on cards is an update of the card (`operations.tagging`)."""

import re
from collections.abc import Mapping
from typing import Any, Final, TypedDict
from uuid import UUID

from django.db import IntegrityError, transaction

from events.operations import Recorder
from giftcards.models import GiftCardTag, Tag
from giftcards.models.tag import LONGEST_NAME, NAME
from kernel.caller import Caller
from kernel.clock import database_now
from kernel.constraints import violated_constraint
from kernel.refusals import Conflict, InUse, Invalid, NotFound
from kernel.validation import (
    RESOURCE_CHECKS,
    Check,
    changed_attributes,
    checked,
    required_text,
    storable_text,
)

RESOURCE_TYPE: Final = "tags"
_record: Final = Recorder(RESOURCE_TYPE)
TAKEN: Final = "has already been taken"


class TagChanges(TypedDict, total=False):
    """Only the keys that are present are changed; None empties an attribute."""

    name: str
    reference: str | None
    reference_origin: str | None
    metadata: dict[str, Any] | None


def tag_name(about: str, value: Any) -> str:
    name = storable_text(about, required_text(about, value), longest=LONGEST_NAME)
    if not re.fullmatch(NAME, name):
        raise Invalid(about, "invalid", "can only have letters, digits, - and _", value=value)
    return name


TAG_CHECKS: Final[Mapping[str, Check]] = {"name": tag_name, **RESOURCE_CHECKS}


def create_tag(
    *,
    caller: Caller,
    name: str,
    reference: str | None = None,
    reference_origin: str | None = None,
    metadata: dict[str, Any] | None = None,
    reason: str = "",
) -> Tag:
    """Raises Invalid, Conflict."""
    attributes: TagChanges = {
        "name": name,
        "reference": reference,
        "reference_origin": reference_origin,
        "metadata": metadata,
    }
    values = checked(attributes, TAG_CHECKS)
    with transaction.atomic():
        tag = Tag(mode=caller.mode, **values)
        _refuse_taken_name(tag)
        _save(tag)
        _record(tag, "create", caller=caller, reason=reason)
    return tag


def update_tag(*, caller: Caller, tag_id: UUID, changes: TagChanges, reason: str = "") -> Tag:
    """A new name shows on every card that carries the tag. Raises NotFound, Invalid, Conflict."""
    with transaction.atomic():
        tag = _lock(tag_id, caller)
        values = checked(changes, TAG_CHECKS)
        changed = changed_attributes(tag, values)
        if not changed:
            return tag
        for attribute in changed:
            setattr(tag, attribute, values[attribute])
        if "name" in changed:
            if _is_carried_beyond_reach(tag, caller):
                raise Invalid("name", "in_use", "can't be changed while cards of other markets carry the tag")
            _refuse_taken_name(tag)
        tag.updated_at = database_now()
        _save(tag)
        _record(tag, "update", caller=caller, reason=reason, data={"changed": changed})
    return tag


def delete_tag(*, caller: Caller, tag_id: UUID, reason: str = "") -> None:
    """Take the tag off every card and delete it; one event says off how many.

    Raises NotFound, and InUse for a caller who does not reach all of these cards.
    """
    with transaction.atomic():
        tag = _lock(tag_id, caller)
        if _is_carried_beyond_reach(tag, caller):
            raise InUse("tag", "gift cards of other markets carry it")
        detached, _ = GiftCardTag.objects.filter(tag=tag).delete()
        data = {"name": tag.name, "gift_cards": detached}
        _record(tag, "destroy", caller=caller, reason=reason, data=data)
        tag.delete()


def _lock(tag_id: UUID, caller: Caller) -> Tag:
    try:
        # Not no_key: whoever would put the tag on a card waits, and sees what became of it.
        return Tag.objects.visible_to(caller).select_for_update().get(pk=tag_id)
    except Tag.DoesNotExist:
        raise NotFound(RESOURCE_TYPE, tag_id) from None


def _is_carried_beyond_reach(tag: Tag, caller: Caller) -> bool:
    if caller.market_ids is None:
        return False
    elsewhere = GiftCardTag.objects.filter(tag=tag, gift_card__market__isnull=False)
    return elsewhere.exclude(gift_card__market__in=caller.market_ids).exists()


def _refuse_taken_name(tag: Tag) -> None:
    others = Tag.objects.filter(mode=tag.mode, name=tag.name)
    if others.exclude(pk=tag.pk).exists():
        raise Invalid("name", "taken", TAKEN, value=tag.name)


def _save(tag: Tag) -> None:
    try:
        with transaction.atomic():
            tag.save()
    except IntegrityError as error:
        if violated_constraint(error) == "tag_name_is_unique_per_mode":
            raise Conflict("name", TAKEN) from error
        raise
