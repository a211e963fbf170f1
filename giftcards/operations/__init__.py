"""The verbs: the only code that changes a card's money or status, and what hangs on a card.

Each of a card locks it, asks the state machine and the rules, posts to the ledger and records one event, in
one transaction. Each takes keyword arguments only, returns what it changed as it now is, and raises a
`kernel.refusals.Refusal` without having changed anything.
"""

from giftcards.operations.archiving import archive, unarchive
from giftcards.operations.arranging import DenominationTold, arrange_product
from giftcards.operations.at_once import issue_gift_card, revise_gift_card
from giftcards.operations.attaching import (
    AttachmentChanges,
    create_attachment,
    delete_attachment,
    update_attachment,
)
from giftcards.operations.attributes import GiftCardChanges
from giftcards.operations.authorizing import (
    authorize,
    capture,
    release_lapsed_authorizations,
    update_authorization,
    void,
)
from giftcards.operations.balance import adjust, change_balance, debit, recharge
from giftcards.operations.batches import BatchTerms, CodeKeeper, issue_batch
from giftcards.operations.cancelling import cancel_order
from giftcards.operations.cashing_out import cash_out
from giftcards.operations.denominations import (
    DenominationChanges,
    create_denomination,
    delete_denomination,
    update_denomination,
)
from giftcards.operations.editing import delete_gift_card, update_gift_card
from giftcards.operations.issuing import create_gift_card, purchase
from giftcards.operations.lifecycle import activate, deactivate
from giftcards.operations.noting import NoteChanges
from giftcards.operations.occasion import Occasion
from giftcards.operations.ordering import OrderChanges, place_order, update_order
from giftcards.operations.paying import pay, refund_payment, update_payment
from giftcards.operations.products import (
    ProductChanges,
    create_product,
    delete_product,
    update_product,
)
from giftcards.operations.refunding import refund
from giftcards.operations.revealing import reveal_code
from giftcards.operations.selling import LineTold, RecipientTold, UnitTold
from giftcards.operations.tags import TagChanges, create_tag, delete_tag, update_tag

__all__ = [
    "AttachmentChanges",
    "BatchTerms",
    "CodeKeeper",
    "DenominationChanges",
    "DenominationTold",
    "GiftCardChanges",
    "LineTold",
    "NoteChanges",
    "Occasion",
    "OrderChanges",
    "ProductChanges",
    "RecipientTold",
    "TagChanges",
    "UnitTold",
    "activate",
    "adjust",
    "archive",
    "arrange_product",
    "authorize",
    "cancel_order",
    "capture",
    "cash_out",
    "change_balance",
    "create_attachment",
    "create_denomination",
    "create_gift_card",
    "create_product",
    "create_tag",
    "deactivate",
    "debit",
    "delete_attachment",
    "delete_denomination",
    "delete_gift_card",
    "delete_product",
    "delete_tag",
    "issue_batch",
    "issue_gift_card",
    "pay",
    "place_order",
    "purchase",
    "recharge",
    "refund",
    "refund_payment",
    "release_lapsed_authorizations",
    "reveal_code",
    "revise_gift_card",
    "unarchive",
    "update_attachment",
    "update_authorization",
    "update_denomination",
    "update_gift_card",
    "update_order",
    "update_payment",
    "update_product",
    "update_tag",
    "void",
]
