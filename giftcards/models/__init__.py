from giftcards.models.attachment import Attachment
from giftcards.models.gift_card import GiftCard, Status
from giftcards.models.ledger import Kind, LedgerEntry
from giftcards.models.tag import GiftCardTag, Tag

__all__ = ["Attachment", "GiftCard", "GiftCardTag", "Kind", "LedgerEntry", "Status", "Tag"]
