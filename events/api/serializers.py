"""An event as JSON:API sees it: read only, for nobody can change what has happened."""

from api.fields import StrictString, Timestamp, Uuid
from api.serializers import ResourceSerializer
from events.models import Event


class EventSerializer(ResourceSerializer):
    """`name` is the topic; `data` is what was recorded beside it: status, amounts, names of what changed."""

    name = StrictString(source="topic", read_only=True)
    resource_type = StrictString(source="subject_type", read_only=True)
    resource_id = Uuid(source="subject_id", read_only=True)
    # Every resource has one; an event never changes.
    updated_at = Timestamp(source="created_at", read_only=True)

    class Meta(ResourceSerializer.Meta):
        model = Event
        resource_name = "events"
        fields = (
            "name",
            "resource_type",
            "resource_id",
            "sequence",
            "actor_kind",
            "actor_name",
            "reason",
            "data",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields
        filterable = (
            "name",
            "resource_type",
            "resource_id",
            "sequence",
            "actor_kind",
            "actor_name",
            "created_at",
            "updated_at",
        )
        sortable = ("created_at", "updated_at")
