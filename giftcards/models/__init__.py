from giftcards.models.attachment import Attachment
from giftcards.models.authorization import Authorization, AuthorizationStatus
from giftcards.models.batch import Batch
from giftcards.models.code_key import CodeKeyFingerprint
from giftcards.models.gift_card import GiftCard, Status
from giftcards.models.ledger import Kind, LedgerEntry, Refund
from giftcards.models.order import Order, OrderLine
from giftcards.models.payment import Payment
from giftcards.models.payment_share import PaymentShare
from giftcards.models.product import Denomination, Product, ProductMarket
from giftcards.models.tag import GiftCardTag, Tag
from giftcards.models.verification import Scope, Verification

__all__ = [
    "Attachment",
    "Authorization",
    "AuthorizationStatus",
    "Batch",
    "CodeKeyFingerprint",
    "Denomination",
    "GiftCard",
    "GiftCardTag",
    "Kind",
    "LedgerEntry",
    "Order",
    "OrderLine",
    "Payment",
    "PaymentShare",
    "Product",
    "ProductMarket",
    "Refund",
    "Scope",
    "Status",
    "Tag",
    "Verification",
]
