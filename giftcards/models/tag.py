"""Words that people sort cards by."""

from typing import Final, Self

from django.db import models
from django.db.models import Q

from giftcards.models.gift_card import GiftCard
from kernel.caller import Caller
from kernel.keys import uuid7
from kernel.models import Resource
from kernel.modes import Mode

LONGEST_NAME: Final = 25
NAME: Final = rf"[0-9A-Za-z_-]{{1,{LONGEST_NAME}}}"


class TagQuerySet(models.QuerySet["Tag"]):
    def visible_to(self, caller: Caller) -> Self:
        """The tags of the caller's mode; they belong to no market."""
        return self.filter(mode=caller.mode)


class Tag(Resource):
    """A word from the merchant's own list, written the same on every card that carries it."""

    name = models.CharField(max_length=LONGEST_NAME)

    objects = TagQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["mode", "name"], name="tag_name_is_unique_per_mode"),
            # Not a key of its own: what refers to a tag refers to its mode as well, so that the two agree.
            models.UniqueConstraint(fields=["id", "mode"], name="tag_is_referred_to_with_mode"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="tag_mode_is_test_or_live"),
            # A comma would end the name in `_add_tags`.
            models.CheckConstraint(condition=Q(name__regex=f"^{NAME}$"), name="tag_name_is_one_word"),
        )

    def __str__(self) -> str:
        return self.name


class GiftCardTag(models.Model):
    """One tag on one card. The database holds that all three agree on mode."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    gift_card = models.ForeignKey(
        GiftCard, models.CASCADE, related_name="taggings", db_constraint=False, db_index=False
    )
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="taggings", db_constraint=False)
    mode = models.CharField(max_length=4, choices=Mode)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["gift_card", "tag"], name="gift_card_carries_a_tag_once"),
        )

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.gift_card_id}"
