"""The batch: many equal cards that are issued at once."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from kernel.keys import uuid7
from kernel.modes import Mode
from markets.models import Market


class Batch(models.Model):
    """`number` cards of `amount_cents` each (minor units of `currency_code`), of which `issued` are there.

    `reference` is the integrator's own name of it, by which a run that was cut off is gone on with. Without
    `expires_at` each card has what its market gives by default on the day it is issued.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mode = models.CharField(max_length=4, choices=Mode)
    reference = models.CharField(max_length=255)
    number = models.PositiveIntegerField()
    issued = models.PositiveIntegerField(default=0)
    amount_cents = models.BigIntegerField()
    currency_code = models.CharField(max_length=3)
    market = models.ForeignKey(
        Market, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    expires_at = models.DateTimeField(null=True)
    active = models.BooleanField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=255)
    actor_name = models.CharField(max_length=255)
    reason = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "batches"
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=["mode", "reference"], name="one_batch_per_reference_and_mode"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="batch_mode_is_test_or_live"),
            models.CheckConstraint(condition=Q(number__gt=0), name="batch_is_of_something"),
            models.CheckConstraint(
                condition=Q(issued__lte=F("number")), name="batch_issues_no_more_than_its_number"
            ),
            models.CheckConstraint(
                condition=Q(amount_cents__gte=0), name="batch_face_value_is_never_negative"
            ),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def is_complete(self) -> bool:
        return self.issued == self.number
