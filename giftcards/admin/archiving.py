"""Putting a card away from its page, and taking it out again."""

from giftcards import operations
from giftcards.admin.dialogs import CardDialog
from giftcards.admin.wording import worded
from giftcards.models import GiftCard
from giftcards.operations import Occasion


class Archive(CardDialog):
    verb = "Archive"
    permission = "giftcards.operate_gift_card"
    icon = "archive"

    @classmethod
    def is_offered(cls, subject: GiftCard) -> bool:
        return not subject.is_archived

    def foretell(self) -> str:
        foretold = "The card can't be used for anything new until it is unarchived."
        if self.subject.is_issued:
            foretold += (
                f" It keeps its {worded(self.subject.balance_cents, self.subject)}, which we still owe."
            )
        return f"{foretold} Its code stays taken. No money moves."

    def perform(self) -> str:
        operations.archive(
            caller=self.caller, card_id=self.subject.pk, occasion=Occasion(reason=self.reason_given)
        )
        return "Archived."


class Unarchive(CardDialog):
    verb = "Unarchive"
    permission = "giftcards.operate_gift_card"
    icon = "unarchive"

    @classmethod
    def is_offered(cls, subject: GiftCard) -> bool:
        return subject.is_archived

    def foretell(self) -> str:
        return f"The card is {self.subject.status} again, as before it was archived. No money moves."

    def perform(self) -> str:
        operations.unarchive(
            caller=self.caller, card_id=self.subject.pk, occasion=Occasion(reason=self.reason_given)
        )
        return "Taken out of the archive."
