"""The verbs of a card, each a dialog that says what it will post. Its state says which are offered."""

from datetime import date
from typing import ClassVar, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django_fsm import can_proceed
from unfold.enums import ActionVariant
from unfold.widgets import INPUT_CLASSES, UnfoldAdminTextInputWidget

from back_office.dialogs import ReasonedDialog
from back_office.forms import ReasonField
from back_office.pages import caller_of
from giftcards import operations
from giftcards.admin.amounts import TYPE_MINOR_UNITS, MinorUnitsField
from giftcards.admin.wording import minor_units, worded
from giftcards.codes import mask
from giftcards.models import GiftCard, Payment
from giftcards.operations import GiftCardChanges, Occasion
from giftcards.policy import gives_up_remainder
from kernel.caller import Caller
from kernel.refusals import Invalid, Refusal


class CardDialog(ReasonedDialog):
    subject: GiftCard
    changes_state: ClassVar[str] = ""
    """The state machine's name of the verb; empty for what is possible in every state."""
    in_circulation: ClassVar[bool] = False
    """Whether it needs a card that is not archived."""

    @classmethod
    def is_offered(cls, subject: GiftCard) -> bool:
        if cls.in_circulation and subject.is_archived:
            return False
        return not cls.changes_state or can_proceed(getattr(subject, cls.changes_state))

    @property
    def title(self) -> str:
        return f"{self.verb} · {mask(self.subject.code_last_four)}"

    @property
    def caller(self) -> Caller:
        return caller_of(self.request, self.subject.mode)

    def show(self, refusal: Refusal) -> None:
        super().show(with_amount(refusal, self.subject))


class Purchase(CardDialog):
    verb = "Purchase"
    changes_state = "purchase"
    in_circulation = True
    permission = "giftcards.issue_gift_card"
    icon = "shopping_cart"
    variant = ActionVariant.PRIMARY

    def foretell(self) -> str:
        face_value = worded(self.subject.initial_balance_cents, self.subject)
        foretold = f"Posts an issue of {face_value}: from now on we owe it. The card becomes inactive."
        return foretold + self._validity()

    def _validity(self) -> str:
        market = self.subject.market
        if market is None or market.default_validity_months is None or self.subject.expires_at is not None:
            return ""
        return f" It expires after {market.default_validity_months} months, as its market says."

    def perform(self) -> str:
        operations.purchase(
            caller=self.caller, card_id=self.subject.pk, occasion=Occasion(reason=self.reason_given)
        )
        return "Purchased. Activate the card so that it can be spent."


class Activate(CardDialog):
    verb = "Activate"
    changes_state = "activate"
    in_circulation = True
    permission = "giftcards.operate_gift_card"
    icon = "play_circle"
    variant = ActionVariant.SUCCESS

    def foretell(self) -> str:
        return f"The card can be spent: {worded(self.subject.balance_cents, self.subject)}. No money moves."

    def perform(self) -> str:
        operations.activate(
            caller=self.caller, card_id=self.subject.pk, occasion=Occasion(reason=self.reason_given)
        )
        return "Activated."


class Deactivate(CardDialog):
    verb = "Deactivate"
    changes_state = "deactivate"
    permission = "giftcards.operate_gift_card"
    icon = "pause_circle"

    def foretell(self) -> str:
        balance = worded(self.subject.balance_cents, self.subject)
        return f"The card can't be spent until it is activated again. It keeps its {balance}. No money moves."

    def perform(self) -> str:
        operations.deactivate(
            caller=self.caller, card_id=self.subject.pk, occasion=Occasion(reason=self.reason_given)
        )
        return "Deactivated."


class PostingDialog(CardDialog):
    """Posts to the ledger once: a dialog that was left open, or sent twice, posts nothing."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def set_up(self) -> None:
        self.fields["seen"].initial = self.subject.ledger_sequence

    def refuse_unless_as_seen(self) -> None:
        """Inside the transaction that posts."""
        card = GiftCard.objects.select_for_update(no_key=True).get(pk=self.subject.pk)
        if card.ledger_sequence != self.cleaned_data["seen"]:
            raise Invalid(
                "balance", "stale", f"has changed since this was opened: {worded(card.balance_cents, card)}"
            )


class MoneyDialog(PostingDialog):
    sign: ClassVar[int]
    posts: ClassVar[str]
    field_order = ["amount_cents", "reason", "reference", "order_number", "seen"]

    amount_cents = MinorUnitsField(label="Amount")
    reference = forms.CharField(
        label="Order reference", required=False, max_length=255, widget=UnfoldAdminTextInputWidget()
    )
    order_number = forms.CharField(required=False, max_length=255, widget=UnfoldAdminTextInputWidget())

    def set_up(self) -> None:
        super().set_up()
        amount = self.fields["amount_cents"]
        amount.help_text = minor_units(self.subject)
        amount.error_messages["invalid"] = TYPE_MINOR_UNITS.format(worded(5000, self.subject))
        amount.widget.attrs |= {
            "autofocus": True,
            "hx-get": self.request.path,
            "hx-trigger": "input changed delay:150ms",
            "hx-target": "#foretold",
            "hx-select": "#foretold",
            "hx-swap": "outerHTML",
            "hx-sync": "this:replace",
        }

    def foretell(self) -> str:
        balance = self.subject.balance_cents
        amount, hint = self._amount_typed()
        if amount is None or amount <= 0:
            return f"The balance is {worded(balance, self.subject)}. {hint}"
        after = balance + self.sign * amount
        return (
            f"Posts a {self.posts} of {worded(self.sign * amount, self.subject)}: the balance goes from "
            f"{worded(balance, self.subject)} to {worded(after, self.subject)}."
        )

    def _amount_typed(self) -> tuple[int | None, str]:
        """As posting would read it, and what to type if it is none."""
        try:
            amount = self.fields["amount_cents"].to_python(self["amount_cents"].value())
        except ValidationError as error:
            return None, " ".join(error.messages)
        return amount, "Type an amount to see what is posted."

    def move(self, amount_cents: int, occasion: Occasion) -> GiftCard:
        raise NotImplementedError

    def perform(self) -> str:
        values = self.cleaned_data
        occasion = Occasion(
            reason=self.reason_given,
            reference=values["reference"] or None,
            order_number=values["order_number"] or None,
        )
        with transaction.atomic():
            self.refuse_unless_as_seen()
            card = self.move(values["amount_cents"], occasion)
        return f"Posted. The balance is {worded(card.balance_cents, card)}."


class Debit(MoneyDialog):
    verb = "Debit"
    posts = "debit"
    sign = -1
    changes_state = "debit"
    in_circulation = True
    permission = "giftcards.spend_gift_card"
    icon = "remove_circle"

    def foretell(self) -> str:
        foretold = super().foretell()
        if not self.subject.single_use or not gives_up_remainder(self.subject.market):
            return foretold
        return f"{foretold} Whatever is left then is given up, as its market says."

    def move(self, amount_cents: int, occasion: Occasion) -> GiftCard:
        return operations.debit(
            caller=self.caller, card_id=self.subject.pk, amount_cents=amount_cents, occasion=occasion
        )


class Recharge(MoneyDialog):
    verb = "Recharge"
    posts = "recharge"
    sign = 1
    changes_state = "recharge"
    in_circulation = True
    permission = "giftcards.recharge_gift_card"
    icon = "add_circle"

    def move(self, amount_cents: int, occasion: Occasion) -> GiftCard:
        return operations.recharge(
            caller=self.caller, card_id=self.subject.pk, amount_cents=amount_cents, occasion=occasion
        )


class CashOut(PostingDialog):
    verb = "Cash out"
    changes_state = "cash_out"
    in_circulation = True
    permission = "giftcards.spend_gift_card"
    icon = "payments"
    field_order = ["reason", "seen"]

    @classmethod
    def is_offered(cls, subject: GiftCard) -> bool:
        threshold = subject.market.cash_out_below_cents if subject.market else None
        small = threshold is not None and 0 < subject.balance_cents < threshold
        return small and super().is_offered(subject)

    def foretell(self) -> str:
        balance = worded(self.subject.balance_cents, self.subject)
        return (
            f"Posts a cash-out of {balance}, the whole balance. Pay it to the holder: the card is at 0 then."
        )

    def perform(self) -> str:
        with transaction.atomic():
            self.refuse_unless_as_seen()
            operations.cash_out(
                caller=self.caller, card_id=self.subject.pk, occasion=Occasion(reason=self.reason_given)
            )
        return f"Posted. Pay {worded(self.subject.balance_cents, self.subject)} to the holder."


class NewExpiry(CardDialog):
    verb = "New expiry"
    permission = "giftcards.operate_gift_card"
    icon = "event"
    places = {"expires_at": "last_day"}
    field_order = ["last_day", "reason"]

    last_day = forms.DateField(
        required=False,
        widget=forms.DateInput(
            {"type": "date", "class": " ".join(INPUT_CLASSES), "autofocus": True}, "%Y-%m-%d"
        ),
        help_text="Empty: it never expires.",
    )

    def foretell(self) -> str:
        zone = self.subject.market.time_zone if self.subject.market else settings.GIFTCARDS_TIME_ZONE
        now = f"until {self.subject.expires_at:%d %b %Y %H:%M} UTC" if self.subject.expires_at else "for ever"
        return f"The card is valid {now}. It will be valid to the end of the day you choose, in {zone}."

    def perform(self) -> str:
        last_day = cast("date | None", self.cleaned_data["last_day"])
        changes: GiftCardChanges = {"expires_at": last_day}
        operations.update_gift_card(
            caller=self.caller,
            card_id=self.subject.pk,
            changes=changes,
            occasion=Occasion(reason=self.reason_given),
        )
        return f"Valid to the end of {last_day:%d %b %Y}." if last_day else "The card no longer expires."


class Reveal(CardDialog):
    verb = "Reveal code"
    permission = "giftcards.reveal_code"
    icon = "visibility"

    shown: str = ""
    shown_note = "Whoever knows this code can spend the card. It is gone when you close this."
    reason = ReasonField(help_text="Kept with your name in the history, for example the customer's request.")

    def foretell(self) -> str:
        return "Shows the whole code, once. The history will tell that you have seen it, and why."

    def perform(self) -> str:
        code = operations.reveal_code(
            caller=self.caller, card_id=self.subject.pk, occasion=Occasion(reason=self.reason_given)
        )
        return code.reveal()

    def respond(self, page: str) -> HttpResponse:
        """In the answer itself: neither in a message nor in an address."""
        self.shown = self.perform()
        context = {"form": self, "page": page, "title": self.title}
        return TemplateResponse(self.request, "back_office/dialog.html", context)


AMOUNTS_IN_REFUSALS = {
    "insufficient_balance": "exceeds the available balance of {}",
    "balance_max_exceeded": "would exceed the maximum balance of {}",
    "cash_out_below": "is only possible while the balance is less than {}",
    "open_authorization": "is not possible while open authorizations hold {}",
    "refund_exceeded": "exceeds the {} that are left to refund",
}


def with_amount(refusal: Refusal, subject: GiftCard | Payment) -> Refusal:
    """Refusals count in minor units; a person reads amounts."""
    if isinstance(refusal, Invalid) and refusal.count is not None:
        words = AMOUNTS_IN_REFUSALS.get(refusal.error)
        if words:
            return Invalid(refusal.about, refusal.error, words.format(worded(refusal.count, subject)))
    return refusal
