from giftcards.admin.authorizations import AuthorizationAdmin
from giftcards.admin.batches import BatchAdmin
from giftcards.admin.card import GiftCardAdmin
from giftcards.admin.ledger import LedgerEntryAdmin
from giftcards.admin.orders import OrderAdmin
from giftcards.admin.payments import PaymentAdmin
from giftcards.admin.products import ProductAdmin
from giftcards.admin.tags import TagAdmin
from giftcards.admin.verification import VerificationAdmin

__all__ = [
    "AuthorizationAdmin",
    "BatchAdmin",
    "GiftCardAdmin",
    "LedgerEntryAdmin",
    "OrderAdmin",
    "PaymentAdmin",
    "ProductAdmin",
    "TagAdmin",
    "VerificationAdmin",
]
