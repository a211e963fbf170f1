"""The tags of a card: how many it may carry, and who waits for whom while they change."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Any, Final
from uuid import UUID

from django.db import connection

from giftcards.exceptions import TooManyTags
from giftcards.models import GiftCard, GiftCardTag
from giftcards.operations.attributes import GiftCardChanges
from kernel.keys import uuid7

MOST_TAGS: Final = 10

# Waits for whoever is deleting one of the tags, and then leaves it out: as if the card had been tagged just
# before, for the deletion of a tag takes it off every card. Nobody waits for another card's tagging.
ATTACH: Final = """
    INSERT INTO giftcards_giftcardtag (id, mode, gift_card_id, tag_id)
    SELECT wanted.id, tag.mode, %(card_id)s, tag.id
    FROM unnest(%(ids)s::uuid[], %(tag_ids)s::uuid[]) AS wanted (id, tag_id)
    JOIN giftcards_tag AS tag ON tag.id = wanted.tag_id
    FOR KEY SHARE OF tag
"""


def apply_tags(card: GiftCard, changes: GiftCardChanges) -> list[str]:
    """Put tags on a locked or new card, and take others off; returns ["tags"] if that changed anything.

    `tags` says which ones it carries, then `add_tags` and `remove_tags` change that. Raises TooManyTags.
    """
    if not changes.keys() & {"tags", "add_tags", "remove_tags"}:
        return []
    before = frozenset(GiftCardTag.objects.filter(gift_card=card).values_list("tag_id", flat=True))
    after = _wanted(before, changes)
    if len(after) > MOST_TAGS:
        raise TooManyTags("add_tags" if changes.get("add_tags") else "tags", MOST_TAGS)
    if after == before:
        return []
    GiftCardTag.objects.filter(gift_card=card, tag__in=before - after).delete()
    _attach(card, after - before)
    return ["tags"]


def _wanted(before: AbstractSet[UUID], changes: GiftCardChanges) -> AbstractSet[UUID]:
    kept = {tag.pk for tag in changes["tags"]} if "tags" in changes else before
    added = {tag.pk for tag in changes.get("add_tags", ())}
    removed = {tag.pk for tag in changes.get("remove_tags", ())}
    return (kept | added) - removed


def _attach(card: GiftCard, tag_ids: Collection[UUID]) -> None:
    if not tag_ids:
        return
    values: dict[str, Any] = {
        "card_id": card.pk,
        "ids": [uuid7() for _ in tag_ids],
        "tag_ids": sorted(tag_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(ATTACH, values)
