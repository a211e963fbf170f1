"""The verbs: the only code that changes a card's money or status.

Each locks the card, asks the state machine and the rules, posts to the ledger and records one event, in one
transaction. Each takes keyword arguments only, returns the card as it now is, and raises a
`kernel.refusals.Refusal` without having changed anything.
"""

from giftcards.operations.attributes import GiftCardChanges
from giftcards.operations.balance import adjust, change_balance, debit, recharge
from giftcards.operations.editing import delete_gift_card, update_gift_card
from giftcards.operations.issuing import create_gift_card, purchase
from giftcards.operations.lifecycle import activate, deactivate
from giftcards.operations.occasion import Occasion
from giftcards.operations.revealing import reveal_code

__all__ = [
    "GiftCardChanges",
    "Occasion",
    "activate",
    "adjust",
    "change_balance",
    "create_gift_card",
    "deactivate",
    "debit",
    "delete_gift_card",
    "purchase",
    "recharge",
    "reveal_code",
    "update_gift_card",
]
