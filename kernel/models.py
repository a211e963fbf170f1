from django.db import models
from django.db.models.functions import Now

from kernel.keys import uuid7
from kernel.modes import Mode


class Resource(models.Model):
    """What every resource has: a key, a mode, the integrator's own references and two timestamps.

    Keys that refer to a resource carry the mode with them, held by the database (see docs/adr/0004).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mode = models.CharField(max_length=4, choices=Mode, editable=False)
    reference = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (the contract's unset value is null)
    reference_origin = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class RowCount(models.Model):
    """A part of how many rows of one mode a counted table has; `rows` of all its parts together are the
    number, and one of them may be negative.

    Written by triggers alone (see the migration on row counts): a transaction takes a part of its slot that
    no other is changing, or adds one, so that nobody waits here. The column is not called `mode`, because
    these are no rows of a mode: wiping test data leaves them, and they count what it removes.
    """

    id = models.BigAutoField(primary_key=True)
    counted = models.CharField(max_length=63)
    of_mode = models.CharField(max_length=4)
    slot = models.PositiveSmallIntegerField()
    rows = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        indexes = (models.Index(fields=["counted", "of_mode", "slot"], name="row_counts_of_a_table"),)

    def __str__(self) -> str:
        return f"{self.rows:+d} in {self.counted}, {self.of_mode}"
