from giftcards.models.gift_card import GiftCard, Status
from giftcards.models.ledger import Kind, LedgerEntry

__all__ = ["GiftCard", "Kind", "LedgerEntry", "Status"]
