from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from back_office.labels import MODE_TONES
from back_office.pages import ReadOnlyAdmin
from giftcards.admin.wording import signed, worded
from giftcards.codes import mask
from giftcards.models import LedgerEntry


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "shown_card",
        "sequence",
        "kind",
        "shown_amount",
        "shown_balance_after",
        "shown_mode",
        "actor_name",
        "reason",
        "reference",
        "order_number",
    )
    list_filter = ("kind", "mode")
    list_select_related = ("gift_card__market",)
    ordering = ("-id",)  # made in the order of time, and indexed
    fields = (
        ("created_at", "mode", "kind"),
        ("shown_card", "sequence"),
        ("shown_amount", "shown_balance_after", "currency_code"),
        ("actor_name", "actor_kind", "actor_id"),
        "reason",
        ("reference", "order_number", "market"),
        ("authorization", "original_sequence", "payment"),
        ("hash_version", "shown_hash"),
    )

    @display(description="Card")
    def shown_card(self, entry: LedgerEntry) -> str:
        page = reverse("admin:giftcards_giftcard_change", args=[entry.gift_card_id])
        return format_html(
            '<a class="bo-link bo-first" href="{}">{}</a>', page, mask(entry.gift_card.code_last_four)
        )

    @display(description="Amount")
    def shown_amount(self, entry: LedgerEntry) -> str:
        return signed(entry.amount_cents, entry.gift_card)

    @display(description="Balance after")
    def shown_balance_after(self, entry: LedgerEntry) -> str:
        return worded(entry.balance_cents, entry.gift_card)

    @display(description="Mode", label=MODE_TONES)
    def shown_mode(self, entry: LedgerEntry) -> str:
        return entry.mode

    @display(description="Hash")
    def shown_hash(self, entry: LedgerEntry) -> str:
        return bytes(entry.hash).hex()
