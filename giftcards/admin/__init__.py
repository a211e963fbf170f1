from giftcards.admin.card import GiftCardAdmin
from giftcards.admin.ledger import LedgerEntryAdmin
from giftcards.admin.tags import TagAdmin

__all__ = ["GiftCardAdmin", "LedgerEntryAdmin", "TagAdmin"]
