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
