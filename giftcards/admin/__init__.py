from giftcards.admin.card import GiftCardAdmin
from giftcards.admin.ledger import LedgerEntryAdmin

__all__ = ["GiftCardAdmin", "LedgerEntryAdmin"]
