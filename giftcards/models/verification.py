"""When the ledger was last verified, and what came of it."""

from django.db import models
from django.db.models import Func, Q


class Scope(models.TextChoices):
    FULL = "full"
    SINCE = "since"


class Verification(models.Model):
    """One finished run of `verify_ledger`; both times are the database's. A run since a moment looked at the
    cards that are newer than `since` only. An account for people and probes, and no proof itself: whoever can
    change the ledger past the service can write a row here."""

    scope = models.CharField(max_length=5, choices=Scope)
    since = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(
        db_default=Func(function="clock_timestamp", output_field=models.DateTimeField())
    )
    cards = models.PositiveIntegerField()
    lies = models.PositiveIntegerField()
    first_lie = models.TextField(blank=True, default="")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(scope=Scope.FULL, since__isnull=True) | Q(scope=Scope.SINCE, since__isnull=False),
                name="verification_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(lies=0, first_lie="") | (Q(lies__gt=0) & ~Q(first_lie="")),
                name="verification_names_its_first_lie",
            ),
        )
        indexes = (models.Index(fields=["scope", "finished_at"], name="verification_latest"),)

    def __str__(self) -> str:
        return f"{self.verdict}, {self.scope}, {self.finished_at:%Y-%m-%d %H:%M}"

    @property
    def verdict(self) -> str:
        return "lies" if self.lies else "true"
