from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from back_office.labels import MODE_TONES
from back_office.pages import ReadOnlyAdmin
from events.models import Event
from kernel.caller import ActorKind

LATEST: Final = 100_000
"""Events among which a topic is looked for: of one that is rare or misspelt, all there are would be read."""


class ActorKindFilter(admin.SimpleListFilter):
    """From the program's own list: asking the table for its distinct values would read all of it."""

    title = "who"
    parameter_name = "actor_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.value, kind.value.replace("_", " ")) for kind in ActorKind]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "topic", "shown_mode", "subject_id", "sequence", "actor_name", "reason")
    list_filter = ("mode", ActorKindFilter)
    search_fields = ("subject_id", "topic")
    search_help_text = f"Id of the card, market, … or, of the latest {LATEST:,}, a topic: gift_cards.debit"
    ordering = ("-created_at", "-id")
    fields = (
        ("created_at", "mode"),
        ("topic", "sequence"),
        ("subject_type", "subject_id"),
        ("actor_name", "actor_kind", "actor_id"),
        "reason",
        "data",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """Whole values only: this table grows for ever, and these two are what people copy and paste."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(subject_id=UUID(term)), False
        except ValueError:
            return _since(LATEST, queryset.filter(topic=term)), False

    @display(description="Mode", label=MODE_TONES)
    def shown_mode(self, event: Event) -> str:
        return event.mode


def _since(number: int, events: QuerySet[Event]) -> QuerySet[Event]:
    """Those among the latest so many of all."""
    times = Event.objects.order_by("-created_at", "-id").values_list("created_at", flat=True)
    earliest = times[number - 1 : number].first()
    return events if earliest is None else events.filter(created_at__gte=earliest)
