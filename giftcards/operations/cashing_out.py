"""A small balance that is paid out to the holder; below what, is a rule of the card's market."""

from uuid import UUID

from giftcards.exceptions import AboveCashOut, CashOutNotAllowed, NothingToCashOut
from giftcards.models import GiftCard, Kind
from giftcards.operations.attributes import GiftCardChanges
from giftcards.operations.holds import require_nothing_held
from giftcards.operations.locking import open_card
from giftcards.operations.occasion import NO_OCCASION, Occasion
from giftcards.operations.posting import post
from giftcards.operations.rules import require_transition, require_unexpired
from kernel.caller import Caller


def cash_out(
    *,
    caller: Caller,
    card_id: UUID,
    changes: GiftCardChanges | None = None,
    occasion: Occasion = NO_OCCASION,
) -> GiftCard:
    """Take the whole balance off an active or redeemed card, because it has been paid to the holder.

    Possible while the balance is above 0 and below what the card's market says. Afterwards the card is
    redeemed unless it is rechargeable, as after a debit of everything. Raises NotFound, InvalidTransition,
    CashOutNotAllowed, Expired, HeldForOrders, NothingToCashOut, AboveCashOut, Archived, MarketDisabled,
    Invalid.
    """
    with open_card(card_id, caller=caller, changes=changes, in_circulation=True) as opened:
        card = opened.card
        require_transition(card, card.cash_out)
        _require_small_balance(card)
        require_unexpired(card)
        require_nothing_held(card)
        everything = card.balance_cents
        post(opened, kind=Kind.CASH_OUT, amount_cents=-everything, caller=caller, occasion=occasion)
    return card


def _require_small_balance(card: GiftCard) -> None:
    threshold = card.market.cash_out_below_cents if card.market else None
    if threshold is None:
        raise CashOutNotAllowed
    if card.balance_cents == 0:
        raise NothingToCashOut
    if card.balance_cents >= threshold:
        raise AboveCashOut(threshold)
