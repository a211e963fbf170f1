"""A card's plain attributes: what may be set, and what the rules make of it.

Money and status are never set here, with one exception that the contract makes: the face value of a draft.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypedDict
from uuid import UUID

from django.conf import settings

from giftcards.exceptions import AboveMaximumBalance, NotTaxable, StaleBalance
from giftcards.expiry import expiry_moment
from giftcards.models import AuthorizationStatus, GiftCard, Tag
from giftcards.operations.rules import now_for, require_balance
from giftcards.operations.validity import require_lawful_change
from kernel.caller import Caller
from kernel.modes import Mode
from kernel.refusals import Invalid, NotFound
from kernel.validation import RESOURCE_CHECKS, Check, boolean, changed_attributes, checked, storable_text
from markets.attributes import currency, tax_rate, web_address
from markets.models import Market
from recipients.models import GiftCardRecipient
from recipients.operations import find_or_create_recipient

LONGEST_MESSAGE: Final = 1000


class GiftCardChanges(TypedDict, total=False):
    """Only the keys that are present are changed. Amounts are minor units of the card's currency."""

    balance_cents: int
    balance_max_cents: int | None
    currency_code: str | None
    single_use: bool
    rechargeable: bool
    distribute_discount: bool
    image_url: str | None
    expires_at: datetime | date | None
    test_clock_at: datetime | None
    """In test mode only: what the card's rules take for now."""
    tax_rate: Decimal | None
    """In percent; None: the market's."""
    message: str | None
    """To the recipient, at most 1,000 characters."""
    recipient_email: str | None
    gift_card_recipient: GiftCardRecipient | None
    market: Market | None
    reference: str | None
    reference_origin: str | None
    metadata: dict[str, Any]
    tags: Collection[Tag]
    """All that the card is to carry; the other two change what it carries."""
    add_tags: Collection[Tag]
    remove_tags: Collection[Tag]


def optional_balance(about: str, value: int | None) -> int | None:
    if value is not None:
        require_balance(about, value)
    return value


def optional_message(about: str, value: Any) -> str | None:
    return None if value is None or value == "" else storable_text(about, value, longest=LONGEST_MESSAGE)


PLAIN_CHECKS: Final[Mapping[str, Check]] = {
    "balance_max_cents": optional_balance,
    "single_use": boolean,
    "rechargeable": boolean,
    "distribute_discount": boolean,
    "image_url": web_address,
    "message": optional_message,
    **RESOURCE_CHECKS,
}


def apply_changes(card: GiftCard, changes: GiftCardChanges, caller: Caller) -> list[str]:
    """Set `changes` on a locked or new card and check every rule that joins them; returns the names that
    changed.

    The card is not saved. Raises Invalid.
    """
    before = _snapshot(card)
    rate_read = card.tax_rate if "tax_rate" in changes else None
    given = {name: value for name, value in changes.items() if name in PLAIN_CHECKS}
    for name, value in checked(given, PLAIN_CHECKS).items():
        setattr(card, name, value)
    if "market" in changes:
        _apply_market(card, changes["market"], caller)
    _apply_tax_rate(card, changes, read=rate_read, was_in=before["market_id"])
    _apply_currency(card, changes)
    _apply_balance(card, changes)
    _apply_expiry(card, changes)
    _apply_test_clock(card, changes)
    if card.single_use and not before["single_use"] and card.authorized_cents:
        _refuse_several_holds(card)
    require_lawful_change(card, was=before["expires_at"], was_in=before["market_id"])
    _apply_recipient(card, changes, caller)
    changed = changed_attributes(card, before)
    return ["tax_rate" if name == "own_tax_rate" else name for name in changed]


def _snapshot(card: GiftCard) -> Mapping[str, Any]:
    names = (
        *PLAIN_CHECKS,
        "currency_code",
        "initial_balance_cents",
        "balance_cents",
        "expires_at",
        "test_clock_at",
        "own_tax_rate",
    )
    return {name: getattr(card, name) for name in (*names, "market_id", "gift_card_recipient_id")}


def _apply_market(card: GiftCard, market: Market | None, caller: Caller) -> None:
    """A caller restricted to certain markets cannot lift the restriction of a card: it would be spendable in
    markets beyond the caller's reach."""
    if market is not None and (market.mode != caller.mode or not caller.reaches_market(market.id)):
        raise NotFound("markets", market.id)
    if market is None and card.market_id is not None and caller.market_ids is not None:
        raise Invalid(
            "market", "market_restricted", "can't be taken away by a caller restricted to certain markets"
        )
    card.market = market


def _apply_tax_rate(
    card: GiftCard, changes: GiftCardChanges, *, read: Decimal | None, was_in: UUID | None
) -> None:
    """A rate on the card itself belongs to the market that it was set for, and goes with it.

    Edit forms send back what they have read, and that is the market's rate more often than not. So the rate
    that the card had confirms it and sets nothing: what follows the market goes on following it.
    """
    if card.market_id != was_in:
        card.own_tax_rate = None
    if "tax_rate" not in changes:
        return
    rate = tax_rate("tax_rate", changes["tax_rate"])
    if rate == read:
        return
    if rate is not None and card.market is not None and not card.market.gift_cards_taxable:
        raise NotTaxable(card.market.name)
    card.own_tax_rate = rate


def _apply_currency(card: GiftCard, changes: GiftCardChanges) -> None:
    given = changes.get("currency_code")
    if card.is_issued:
        if given and given != card.currency_code:
            raise Invalid("currency_code", "immutable", "can't be changed after the purchase", value=given)
    elif given:
        card.currency_code = currency("currency_code", given)
    elif card.market is not None and not card.currency_code:
        card.currency_code = card.market.currency_code
    if not card.currency_code:
        raise Invalid("currency_code", "blank", "can't be blank")
    if card.market is not None and card.market.currency_code != card.currency_code:
        raise Invalid(
            "currency_code" if given else "market",
            "currency_mismatch",
            f"must be the market's ({card.market.currency_code}), not {card.currency_code}",
            value=card.currency_code,
        )


def _apply_balance(card: GiftCard, changes: GiftCardChanges) -> None:
    """On a draft the balance is the face value; on an issued card it can only confirm what the caller has
    read."""
    maximum = card.balance_max_cents
    if "balance_cents" in changes:
        balance = changes["balance_cents"]
        if card.is_issued:
            if balance != card.balance_cents:
                raise StaleBalance(balance)
            return
        require_balance("balance_cents", balance)
        card.initial_balance_cents = card.balance_cents = balance
    if card.is_issued:
        return
    if card.balance_cents == 0 and not card.rechargeable:
        raise Invalid(
            "balance_cents", "greater_than", "must be greater than 0 unless rechargeable", value=0, count=0
        )
    if maximum is not None and card.balance_cents > maximum:
        raise AboveMaximumBalance("balance_cents", maximum)


def _apply_expiry(card: GiftCard, changes: GiftCardChanges) -> None:
    if "expires_at" not in changes:
        return
    zone = card.market.time_zone if card.market else settings.GIFTCARDS_TIME_ZONE
    try:
        card.expires_at = expiry_moment(changes["expires_at"], zone)
    except OverflowError:
        raise Invalid("expires_at", "invalid", "is out of range", value=str(changes["expires_at"])) from None


def _apply_test_clock(card: GiftCard, changes: GiftCardChanges) -> None:
    moment = changes.get("test_clock_at")
    if moment is not None and card.mode != Mode.TEST:
        raise Invalid("test_clock_at", "test_mode_only", "is only possible in test mode", value=str(moment))
    if "test_clock_at" in changes:
        card.test_clock_at = moment


def _refuse_several_holds(card: GiftCard) -> None:
    """The capture of one would use the card up, and the other could not be captured any more."""
    held = card.authorizations.filter(status=AuthorizationStatus.OPEN, expires_at__gt=now_for(card))
    if held.count() > 1:
        message = "can't be set while the gift card carries several open authorizations"
        raise Invalid("single_use", "already_authorized", message, value=True)


def _apply_recipient(card: GiftCard, changes: GiftCardChanges, caller: Caller) -> None:
    """`recipient_email` finds or creates the recipient; an empty one clears it, like a null relationship.

    Edit forms send both; they may agree, or one of them clears nothing but itself.
    """
    email = changes.get("recipient_email")
    named = changes.get("gift_card_recipient")
    if email and named is not None and email.casefold() != named.email.casefold():
        raise Invalid(
            "recipient_email", "conflict", "is not the e-mail of the gift card recipient", value=email
        )
    if named is not None:
        card.gift_card_recipient = named
    elif email:
        card.gift_card_recipient = find_or_create_recipient(
            email=email, caller=caller, about="recipient_email"
        )
    elif "recipient_email" in changes or "gift_card_recipient" in changes:
        card.gift_card_recipient = None
