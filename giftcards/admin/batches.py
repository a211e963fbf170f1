from django.contrib import admin
from unfold.decorators import display

from back_office.labels import MODE_TONES
from back_office.pages import ReadOnlyAdmin
from giftcards.admin.wording import worded
from giftcards.models import Batch

STANDING_TONES = {"complete": "success", "cut off or under way": "warning"}


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    """What is issued by `manage.py issue_gift_cards`; the cards' entries carry its reference."""

    list_display = (
        "reference",
        "shown_mode",
        "shown_standing",
        "issued",
        "number",
        "shown_amount",
        "created_at",
    )
    list_filter = ("mode",)
    list_select_related = ("market",)
    ordering = ("-created_at", "-id")
    fields = (
        ("reference", "mode", "shown_standing"),
        ("number", "issued", "shown_amount"),
        ("market", "expires_at", "active"),
        ("created_at", "updated_at"),
        ("actor_name", "reason"),
    )

    @display(description="Mode", label=MODE_TONES)
    def shown_mode(self, batch: Batch) -> str:
        return batch.mode

    @display(description="Standing", label=STANDING_TONES)
    def shown_standing(self, batch: Batch) -> str:
        return "complete" if batch.is_complete else "cut off or under way"

    @display(description="Face value of each")
    def shown_amount(self, batch: Batch) -> str:
        return worded(batch.amount_cents, batch)
