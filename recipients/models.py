from typing import Self

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Upper

from kernel.caller import Caller
from kernel.models import Resource
from kernel.modes import Mode


class GiftCardRecipientQuerySet(models.QuerySet["GiftCardRecipient"]):
    def visible_to(self, caller: Caller) -> Self:
        """The recipients of the caller's mode; they belong to no market."""
        return self.filter(mode=caller.mode)

    def with_email(self, email: str) -> Self:
        # Both sides are folded by the database, in the words of the unique index, so that the index is used.
        return self.alias(folded_email=Lower("email")).filter(folded_email=Lower(models.Value(email)))


class GiftCardRecipient(Resource):
    """Who a card is for. One row per e-mail address and mode, whatever its capitals."""

    email = models.EmailField()
    first_name = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (the contract's unset value)
    last_name = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001

    objects = GiftCardRecipientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("mode", Lower("email"), name="recipient_email_is_unique_per_mode"),
            # Not a key of its own: what refers to a recipient refers to its mode as well, so that both agree.
            models.UniqueConstraint(fields=["id", "mode"], name="recipient_is_referred_to_with_mode"),
            models.CheckConstraint(
                condition=models.Q(mode__in=Mode.values), name="recipient_mode_is_test_or_live"
            ),
        ]
        # What the API sorts and filters by; each begins with what every caller is confined to.
        indexes = [
            models.Index(fields=["mode", "created_at", "id"], name="recipient_by_creation"),
            models.Index(fields=["mode", "updated_at", "id"], name="recipient_by_update"),
            models.Index(fields=["mode", "email"], name="recipient_by_email"),
            models.Index(fields=["mode", "reference"], name="recipient_by_reference"),
            # A card's filters come by this way, and know nothing of the recipient but the address.
            models.Index(fields=["email"], name="recipient_of_an_address"),
            models.Index(
                OpClass(Upper("email"), name="text_pattern_ops"), name="recipient_by_start_of_address"
            ),
        ]

    def __str__(self) -> str:
        return self.email
