"""Events under `/api/events`, and a card's under `/api/gift_cards/{id}/events`."""

from collections.abc import Mapping
from typing import ClassVar

from access.scopes import Scope
from api.views import ResourceViewSet
from events.api.serializers import EventSerializer


class EventViewSet(ResourceViewSet):
    serializer_class = EventSerializer
    scopes: ClassVar[Mapping[str, str]] = {"read": Scope.READ}
