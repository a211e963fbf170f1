"""Giving back what one debit or capture took, from the card's page."""

from typing import cast
from uuid import UUID

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from giftcards import operations
from giftcards.admin.dialogs import MoneyDialog
from giftcards.admin.wording import minor_units, worded
from giftcards.models import GiftCard, LedgerEntry
from giftcards.operations import Occasion
from giftcards.queries import refundable_entries


class Refund(MoneyDialog):
    verb = "Refund"
    posts = "refund"
    sign = 1
    changes_state = "refund"
    permission = "giftcards.refund_gift_card"
    icon = "undo"
    field_order = ["transaction", "amount_cents", "reason", "reference", "order_number", "seen"]

    transaction = forms.ChoiceField(label="Of", widget=UnfoldAdminSelectWidget())

    @classmethod
    def is_offered(cls, subject: GiftCard) -> bool:
        return super().is_offered(subject) and bool(refundable_entries(subject.pk))

    def set_up(self) -> None:
        super().set_up()
        spent = cast(forms.ChoiceField, self.fields["transaction"])
        spent.choices = [
            (str(entry.pk), _in_words(entry, left, self.subject))
            for entry, left in refundable_entries(self.subject.pk)
        ]
        amount = self.fields["amount_cents"]
        amount.required = False
        amount.help_text = f"{minor_units(self.subject)} Empty: all that is left."

    def move(self, amount_cents: int, occasion: Occasion) -> GiftCard:
        entry = operations.refund(
            caller=self.caller,
            transaction_id=UUID(self.cleaned_data["transaction"]),
            amount_cents=amount_cents,
            occasion=occasion,
        )
        return entry.gift_card


def _in_words(entry: LedgerEntry, left_cents: int, card: GiftCard) -> str:
    order = entry.order_number or entry.reference
    told = (
        f"{entry.get_kind_display()} of {worded(-entry.amount_cents, card)}",
        f"{entry.created_at:%d %b %Y %H:%M} UTC",
        f"order {order}" if order else "",
        "" if left_cents == -entry.amount_cents else f"{worded(left_cents, card)} left",
    )
    return f"{entry.sequence}. {', '.join(part for part in told if part)}"
