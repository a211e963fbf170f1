"""What is kept of writes that came with an `Idempotency-Key`: the key for ever, its answer for a while."""

from typing import Final

from django.db import models

from kernel.keys import uuid7
from kernel.modes import Mode

CLOCK: Final = models.Func(function="clock_timestamp", output_field=models.DateTimeField())


class IdempotencyKey(models.Model):
    """One write that has been done, under the key that its caller gave it.

    Rows are never updated or deleted: PostgreSQL refuses it, test data that is wiped excepted. With the
    unique constraint that makes one effect per key, for ever. `request_digest` is of method, address with its
    query, and body; it is keyed, because bodies carry codes. `path`, without the query, is for people.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mode = models.CharField(max_length=4, choices=Mode)
    application_id = models.UUIDField()
    key = models.CharField(max_length=255)
    method = models.CharField(max_length=10)
    path = models.TextField()
    request_digest = models.BinaryField()
    key_version = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField()
    resource_type = models.CharField(max_length=50)
    resource_id = models.UUIDField()
    created_at = models.DateTimeField(db_default=CLOCK)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["mode", "application_id", "key"], name="one_effect_per_idempotency_key"
            ),
            models.CheckConstraint(
                condition=models.Q(mode__in=Mode.values), name="idempotency_key_mode_is_test_or_live"
            ),
            models.CheckConstraint(
                condition=models.Q(status__gte=200, status__lt=300),
                name="idempotency_key_is_of_a_success",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.method} {self.path}"


class StoredResponse(models.Model):
    """The answer to such a write, sealed, because it may show a code. Pruned after a day or so; gone with its
    key when test data is wiped."""

    # The database's own foreign key cascades (migration 0004), which Django's can't.
    idempotency_key = models.OneToOneField(
        IdempotencyKey,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="response",
        db_constraint=False,
    )
    ciphertext = models.BinaryField()
    key_version = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=CLOCK)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["created_at"], name="stored_response_by_age")]

    def __str__(self) -> str:
        return f"The answer to {self.idempotency_key_id}"


class ThrottleCount(models.Model):
    """How often a subject (a key, an address) has done something since `begins_at`: see `api.throttling`.

    The table is unlogged. It is written at every try and worth nothing after a crash, and the addresses in it
    reach neither a replica nor a base backup.
    """

    pk = models.CompositePrimaryKey("scope", "subject")
    scope = models.CharField(max_length=50)
    subject = models.CharField(max_length=200)
    begins_at = models.DateTimeField()
    number = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["begins_at"], name="throttle_count_by_age")]

    def __str__(self) -> str:
        return f"{self.scope} of {self.subject}: {self.number}"
