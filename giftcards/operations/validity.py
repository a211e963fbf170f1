"""How long a card is valid: its market's policy, asked whenever the expiry or the market is set.

A policy that changes later touches no card that is issued: nobody asks it again until the card's expiry or
its market changes.
"""

from datetime import datetime
from uuid import UUID

from giftcards.models import GiftCard
from giftcards.operations.rules import now_for
from giftcards.policy import expiry_by_default, require_lawful_expiry


def begin_validity(card: GiftCard) -> bool:
    """Of a draft that is being purchased, not yet saved; returns whether its market gave it an expiry.

    Raises ExpiryNotAllowed, TooShortValidity, Invalid.
    """
    if card.market is None:
        return False
    now = now_for(card)
    if card.expires_at is not None:
        require_lawful_expiry(card.market, card.expires_at, now, about="expires_at")
        return False
    card.expires_at = expiry_by_default(card.market, now)
    return card.expires_at is not None


def require_lawful_change(card: GiftCard, *, was: datetime | None, was_in: UUID | None) -> None:
    """The validity counts from the first entry, of a draft from now. Raises ExpiryNotAllowed,
    TooShortValidity."""
    if card.market is None or card.expires_at is None:
        return
    about = "expires_at" if card.expires_at != was else "market"
    if about == "expires_at" or card.market_id != was_in:
        require_lawful_expiry(card.market, card.expires_at, _issued_at(card), about=about)


def _issued_at(card: GiftCard) -> datetime:
    return card.ledger_entries.get(sequence=1).created_at if card.is_issued else now_for(card)
