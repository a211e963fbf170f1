"""What people keep beside a card: a note, or the address of a document."""

from typing import Self

from django.db import models
from django.db.models import Q

from giftcards.models.gift_card import GiftCard
from kernel.caller import Caller
from kernel.models import Resource
from kernel.modes import Mode


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, caller: Caller) -> Self:
        """Those of the cards that are visible to the caller."""
        attachments = self.filter(mode=caller.mode)
        if caller.market_ids is None:
            return attachments
        return attachments.filter(
            Q(gift_card__market_id=None) | Q(gift_card__market_id__in=caller.market_ids)
        )


class Attachment(Resource):
    """A name, and a note or an address or both. The service never follows the address.

    The database holds that it agrees with its card on mode.
    """

    name = models.CharField(max_length=255)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 (unset is null on the wire)
    url = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    gift_card = models.ForeignKey(GiftCard, models.CASCADE, related_name="attachments", db_constraint=False)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="attachment_mode_is_test_or_live"),
        )
        indexes = (models.Index(fields=["mode", "-created_at", "-id"], name="attachment_newest_first"),)

    def __str__(self) -> str:
        return self.name
