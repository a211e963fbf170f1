import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from events.models import Event
from kernel.caller import Caller
from kernel.copying import NewRows
from kernel.keys import uuid7
from kernel.statements import rows_of

INTO: Final = """INSERT INTO events_event
    (id, mode, subject_type, subject_id, sequence, topic, actor_kind, actor_id, actor_name, reason, data)"""
"""Where a statement that does more than record goes on with its SELECT; its `sequence` is what counting under
the subject's lock comes to."""

# One statement counts and appends. It takes no lock: the subject's row is locked by the operation, or is new.
# Should an operation forget that, the unique constraint refuses the second of two equal numbers.
APPEND: Final = f"""
    {INTO}
    SELECT %(id)s, %(mode)s, %(subject_type)s, %(subject_id)s, coalesce(max(sequence), 0) + 1,
        %(topic)s, %(actor_kind)s, %(actor_id)s, %(actor_name)s, %(reason)s, %(data)s::jsonb
    FROM events_event WHERE subject_id = %(subject_id)s
    RETURNING sequence, created_at
"""  # noqa: S608 (no value is in it)


def record(
    *,
    caller: Caller,
    subject_type: str,
    subject_id: UUID,
    topic: str,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> Event:
    """Append one event about a subject, in the caller's mode and in the transaction of the change itself.

    `subject_type` is the subject's JSON:API type, `topic` that type and the verb ("gift_cards.purchase").
    `data` is shown to people and sent to webhooks: it never contains a code or a key, nor what a person may
    ask us to erase.
    """
    actor = caller.actor
    values: dict[str, Any] = {
        "id": uuid7(),
        "mode": caller.mode.value,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "topic": topic,
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "reason": reason,
    }
    told = dict(data or {})
    ((sequence, created_at),) = rows_of(APPEND, values | {"data": json.dumps(told, cls=DjangoJSONEncoder)})
    row = values | {"data": told, "sequence": sequence, "created_at": created_at}
    names = [field.attname for field in Event._meta.concrete_fields]
    return Event.from_db(DEFAULT_DB_ALIAS, names, [row[name] for name in names])


@dataclass(frozen=True, slots=True)
class Recorder:
    """`record` for the resources of one type, which are known by their keys."""

    resource_type: str

    def __call__(
        self,
        resource: Model,
        verb: str,
        *,
        caller: Caller,
        reason: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> Event:
        return record(
            caller=caller,
            subject_type=self.resource_type,
            subject_id=resource.pk,
            topic=f"{self.resource_type}.{verb}",
            reason=reason,
            data=data,
        )


def first_events(
    *,
    caller: Caller,
    subject_type: str,
    subject_ids: Sequence[UUID],
    topic: str,
    reason: str,
    data: Mapping[str, Any],
    at: datetime,
) -> NewRows:
    """The same event about each of many subjects that are new: to be inserted in the transaction that makes
    them. Of `data` holds what `record` says."""
    same = {
        "mode": caller.mode.value,
        "subject_type": subject_type,
        "sequence": 1,
        "topic": topic,
        "actor_kind": caller.actor.kind.value,
        "actor_id": caller.actor.id,
        "actor_name": caller.actor.name,
        "reason": reason,
        "data": dict(data),
        "created_at": at,
    }
    events = NewRows(Event, same, ("id", "subject_id"))
    for subject_id in subject_ids:
        events.add(str(uuid7()), str(subject_id))
    return events
