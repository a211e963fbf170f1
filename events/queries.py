from uuid import UUID

from django.db.models import QuerySet

from events.models import Event


def timeline(subject_id: UUID) -> QuerySet[Event]:
    """What happened to one subject, oldest first."""
    return Event.objects.filter(subject_id=subject_id).order_by("sequence")
