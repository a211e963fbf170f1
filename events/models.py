"""One row per change: the audit log now, the outbox of webhooks later."""

from typing import Self

from django.db import models

from events.subjects import hidden_types, within_reach
from kernel.caller import Caller
from kernel.combined_check import CombinedCheck
from kernel.keys import uuid7
from kernel.modes import Mode


class EventQuerySet(models.QuerySet["Event"]):
    def visible_to(self, caller: Caller) -> Self:
        """The choke point: the events of the caller's mode, and of resources within his markets.

        What an event is about is named by type and id, not by a foreign key: events outlive it.
        """
        events = self.filter(mode=caller.mode)
        if hidden := hidden_types(caller):
            events = events.exclude(subject_type__in=hidden)
        return events if caller.market_ids is None else events.filter(within_reach(caller))


class Event(models.Model):
    """What happened to one subject, who did it and why; written in the change's own transaction.

    Rows are never updated or deleted: PostgreSQL refuses it. `sequence` counts from 1 without gaps within a
    subject, so a missing event shows. `data` is read by people and webhooks: never a code or a key.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    mode = models.CharField(max_length=4, choices=Mode)
    subject_type = models.CharField(max_length=50)
    subject_id = models.UUIDField()
    sequence = models.IntegerField()
    topic = models.CharField(max_length=100)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=255)
    actor_name = models.CharField(max_length=255)
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)
    # The clock, not the start of the transaction: under lock waits that one runs backwards within a subject.
    created_at = models.DateTimeField(
        db_default=models.Func(function="clock_timestamp", output_field=models.DateTimeField())
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "sequence"], name="event_sequence_is_unique"),
            CombinedCheck(
                name="event_is_sound",
                conditions={
                    "event_sequence_begins_at_one": models.Q(sequence__gte=1),
                    "event_mode_is_test_or_live": models.Q(mode__in=Mode.values),
                },
            ),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="event_in_order_of_time")]

    def __str__(self) -> str:
        return f"{self.topic} #{self.sequence} of {self.subject_id}"
