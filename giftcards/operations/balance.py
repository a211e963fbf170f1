"""Moving money: spend, recharge, adjust. Amounts are minor units of the card's currency."""

from uuid import UUID

from giftcards.models import GiftCard, Kind
from giftcards.operations.attributes import GiftCardChanges
from giftcards.operations.holds import (
    require_available,
    require_covered,
    require_room_on_single_use,
)
from giftcards.operations.locking import OpenCard, open_card
from giftcards.operations.occasion import NO_OCCASION, Occasion
from giftcards.operations.posting import post, post_alone
from giftcards.operations.remainder import give_up_remainder
from giftcards.operations.rules import (
    require_amount,
    require_balance,
    require_below_maximum,
    require_rechargeable,
    require_spendable_in,
    require_transition,
    require_unexpired,
)
from kernel.caller import Caller
from kernel.refusals import OPERATION, Invalid
from markets.models import Market


def change_balance(
    *,
    caller: Caller,
    card_id: UUID,
    amount_cents: int,
    spent_in: Market | None = None,
    changes: GiftCardChanges | None = None,
    occasion: Occasion = NO_OCCASION,
) -> GiftCard:
    """A debit for a negative amount, a recharge for a positive one; zero is neither and is refused."""
    if amount_cents == 0:
        raise Invalid(OPERATION, "other_than", "must be other than 0", value=0, count=0)
    if amount_cents > 0:
        return recharge(
            caller=caller, card_id=card_id, amount_cents=amount_cents, changes=changes, occasion=occasion
        )
    return debit(
        caller=caller,
        card_id=card_id,
        amount_cents=-amount_cents,
        spent_in=spent_in,
        changes=changes,
        occasion=occasion,
    )


def debit(
    *,
    caller: Caller,
    card_id: UUID,
    amount_cents: int,
    spent_in: Market | None = None,
    changes: GiftCardChanges | None = None,
    occasion: Occasion = NO_OCCASION,
) -> GiftCard:
    """Spend `amount_cents` (above 0). A single-use card is redeemed whatever is left, a card that cannot be
    recharged when nothing is left.

    Raises NotFound, InvalidTransition, Expired, InsufficientBalance, AlreadyAuthorized, Archived,
    MarketDisabled, OtherMarket, Invalid.
    """
    require_amount(amount_cents)
    if not changes and (spent_in is None or not spent_in.disabled):
        card = post_alone(
            card_id,
            kind=Kind.DEBIT,
            amount_cents=-amount_cents,
            caller=caller,
            occasion=occasion,
            spent_in=spent_in,
        )
        if card is not None:
            return card
    with open_card(card_id, caller=caller, changes=changes, in_circulation=True) as opened:
        require_spendable(opened.card, spent_in)
        spend(opened, amount_cents, spent_in=spent_in, caller=caller, occasion=occasion)
    return opened.card


def require_spendable(card: GiftCard, spent_in: Market | None) -> None:
    """All that is asked of a locked card before a debit, except whether there is enough on it and whether it
    is in circulation."""
    require_spendable_in(card, spent_in)
    require_transition(card, card.debit)
    require_unexpired(card)
    require_room_on_single_use(card)


def spend(
    opened: OpenCard,
    amount_cents: int,
    *,
    spent_in: Market | None,
    caller: Caller,
    occasion: Occasion,
    payment_id: UUID | None = None,
) -> None:
    """Debit a locked card of which `require_spendable` has been asked, alone or for a payment.

    Raises InsufficientBalance.
    """
    require_available(opened.card, amount_cents)
    post(
        opened,
        kind=Kind.DEBIT,
        amount_cents=-amount_cents,
        caller=caller,
        occasion=occasion,
        spent_in=spent_in.id if spent_in else None,
        payment_id=payment_id,
    )
    give_up_remainder(opened.card, caller=caller)


def recharge(
    *,
    caller: Caller,
    card_id: UUID,
    amount_cents: int,
    changes: GiftCardChanges | None = None,
    occasion: Occasion = NO_OCCASION,
) -> GiftCard:
    """Add `amount_cents` (above 0) to a rechargeable card, at most to its maximum balance.

    Raises NotFound, InvalidTransition, NotRechargeable, AboveMaximumBalance, Archived, MarketDisabled,
    Invalid.
    """
    require_amount(amount_cents)
    if not changes:
        card = post_alone(
            card_id, kind=Kind.RECHARGE, amount_cents=amount_cents, caller=caller, occasion=occasion
        )
        if card is not None:
            return card
    with open_card(card_id, caller=caller, changes=changes, in_circulation=True) as opened:
        card = opened.card
        require_transition(card, card.recharge)
        require_rechargeable(card)
        require_below_maximum(card, amount_cents)
        post(opened, kind=Kind.RECHARGE, amount_cents=amount_cents, caller=caller, occasion=occasion)
    return card


def adjust(
    *, caller: Caller, card_id: UUID, balance_cents: int, occasion: Occasion = NO_OCCASION
) -> GiftCard:
    """Correct the balance of an issued card to `balance_cents` by an entry over the difference; none, no
    entry.

    A positive correction takes a redeemed card back to active. Raises NotFound, InvalidTransition,
    BelowAuthorized, Invalid.
    """
    with open_card(card_id, caller=caller) as opened:
        adjust_open_card(opened, balance_cents=balance_cents, caller=caller, occasion=occasion)
    return opened.card


def adjust_open_card(opened: OpenCard, *, balance_cents: int, caller: Caller, occasion: Occasion) -> None:
    require_balance("balance_cents", balance_cents)
    card = opened.card
    require_transition(card, card.adjust)
    difference = balance_cents - card.balance_cents
    if difference == 0:
        return
    require_covered(card, balance_cents)
    post(opened, kind=Kind.ADJUSTMENT, amount_cents=difference, caller=caller, occasion=occasion)
