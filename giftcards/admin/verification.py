from django.contrib import admin
from unfold.decorators import display

from back_office.pages import ReadOnlyAdmin
from giftcards.models import Verification

TONES = {"true": "success", "lies": "danger"}


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin):
    list_display = ("finished_at", "shown_verdict", "scope", "since", "cards", "lies", "first_lie")
    list_filter = ("scope",)
    ordering = ("-id",)
    fields = (
        ("started_at", "finished_at"),
        ("scope", "since"),
        ("shown_verdict", "cards", "lies"),
        "first_lie",
    )

    @display(description="Verdict", label=TONES)
    def shown_verdict(self, verification: Verification) -> str:
        return verification.verdict
