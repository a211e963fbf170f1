"""The rules of a gift card that can refuse an operation, each with its stable symbol.

All are `kernel.refusals.Invalid`: nothing has been changed when one is raised.
"""

from uuid import UUID

from kernel.refusals import OPERATION, Invalid


class InvalidTransition(Invalid):
    def __init__(self, status: str) -> None:
        super().__init__(
            OPERATION, "invalid_transition", f"is not possible while the gift card is {status}", value=status
        )


class Expired(Invalid):
    def __init__(self) -> None:
        super().__init__(OPERATION, "expired", "is not possible because the gift card has expired")


class Archived(Invalid):
    def __init__(self) -> None:
        super().__init__(OPERATION, "archived", "is not possible because the gift card is archived")


class NotArchived(Invalid):
    def __init__(self) -> None:
        super().__init__(OPERATION, "not_archived", "is not possible because the gift card is not archived")


class InsufficientBalance(Invalid):
    def __init__(self, available_cents: int) -> None:
        super().__init__(
            OPERATION,
            "insufficient_balance",
            f"exceeds the available balance of {available_cents}",
            count=available_cents,
        )


class AboveFaceValue(Invalid):
    """A correction that was to stay within what the card was sold for."""

    def __init__(self, face_value_cents: int) -> None:
        super().__init__(
            "balance_cents",
            "above_face_value",
            f"must be at most the {face_value_cents} that the gift card was issued with",
            count=face_value_cents,
        )


class BelowAuthorized(Invalid):
    """An adjustment may not take away what is held for somebody's order."""

    def __init__(self, authorized_cents: int) -> None:
        super().__init__(
            "balance_cents",
            "below_authorized",
            f"must be at least the {authorized_cents} that open authorizations hold",
            count=authorized_cents,
        )


class AlreadyAuthorized(Invalid):
    """A single-use card can be used once, so one open authorization is all of it."""

    def __init__(self) -> None:
        super().__init__(
            OPERATION,
            "already_authorized",
            "is not possible while the single-use gift card carries an open authorization",
        )


class AlreadyUsed(Invalid):
    def __init__(self) -> None:
        super().__init__(
            OPERATION, "already_used", "is not possible because the single-use gift card has been used"
        )


class AlreadyGiven(Invalid):
    """A card gives to an order once, by one payment, whether that was given back since or not."""

    def __init__(self) -> None:
        super().__init__(OPERATION, "already_given", "include one that has paid for this order before")


class AuthorizationResolved(Invalid):
    def __init__(self, status: str) -> None:
        super().__init__(
            OPERATION,
            "invalid_transition",
            f"is not possible because the authorization is {status}",
            value=status,
        )


class AboveRefundable(Invalid):
    def __init__(self, refundable_cents: int) -> None:
        super().__init__(
            "amount_cents",
            "refund_exceeded",
            f"exceeds the {refundable_cents} that are left to refund",
            count=refundable_cents,
        )


class NotRefundable(Invalid):
    def __init__(self, kind: str) -> None:
        super().__init__("transaction", "not_refundable", "is neither a debit nor a capture", value=kind)


class NotRechargeable(Invalid):
    def __init__(self) -> None:
        super().__init__(
            OPERATION, "not_rechargeable", "is not possible because the gift card is not rechargeable"
        )


class AboveMaximumBalance(Invalid):
    def __init__(self, about: str, balance_max_cents: int) -> None:
        super().__init__(
            about,
            "balance_max_exceeded",
            f"would exceed the maximum balance of {balance_max_cents}",
            count=balance_max_cents,
        )


class NotTaxable(Invalid):
    def __init__(self, market: str) -> None:
        super().__init__(
            "tax_rate", "not_taxable", f"can't be set because gift cards of the market {market} are not taxed"
        )


class MarketDisabled(Invalid):
    def __init__(self, about: str = "market") -> None:
        super().__init__(about, "disabled", "is disabled")


class OtherMarket(Invalid):
    """The card is restricted to one market and was presented in another."""

    def __init__(self, spent_in: UUID) -> None:
        super().__init__(
            "spent_in",
            "other_market",
            "is not the market this gift card is restricted to",
            value=str(spent_in),
        )


class StaleBalance(Invalid):
    """A whole edit form came back after the balance had moved (see `operations.update_gift_card`)."""

    def __init__(self, sent_cents: int) -> None:
        super().__init__("balance_cents", "stale", "has changed since it was read", value=sent_cents)


class CodeTaken(Invalid):
    """Carries no value: a refusal is logged and returned, and a code must be in neither."""

    def __init__(self) -> None:
        super().__init__("code", "taken", "has already been taken")


class UnusableCodes(Invalid):
    """One sentence for every code that cannot be spent: which of them, and why, would help somebody who
    guesses. Carries no value, like `CodeTaken`."""

    def __init__(self) -> None:
        super().__init__("codes", "unusable", "include one that can't be used")


class TooManyTags(Invalid):
    def __init__(self, about: str, most: int) -> None:
        super().__init__(about, "too_many", f"are too many (maximum is {most} tags)", count=most)


class ExpiryNotAllowed(Invalid):
    def __init__(self, about: str, market: str) -> None:
        message = f"is not possible because gift cards of the market {market} never expire"
        if about == "market":
            message = "takes no gift card with an expiry, because its gift cards never expire"
        super().__init__(about, "expiry_not_allowed", message)


class TooShortValidity(Invalid):
    def __init__(self, about: str, market: str, months: int) -> None:
        message = (
            f"falls short of the minimum validity of the market {market}, {months} months from the issue"
        )
        if about == "market":
            message = f"takes no gift card that expires sooner than {months} months from its issue"
        super().__init__(about, "minimum_validity", message, count=months)


class CashOutNotAllowed(Invalid):
    def __init__(self) -> None:
        super().__init__(
            OPERATION,
            "cash_out_not_allowed",
            "is not possible because the gift card is of no market that cashes out",
        )


class AboveCashOut(Invalid):
    """What a card still has is too much to be paid out."""

    def __init__(self, below_cents: int) -> None:
        super().__init__(
            OPERATION,
            "cash_out_below",
            f"is only possible while the balance is less than {below_cents}",
            count=below_cents,
        )


class NothingToCashOut(Invalid):
    def __init__(self) -> None:
        super().__init__(
            OPERATION, "nothing_to_cash_out", "is not possible because the balance is 0", value=0
        )


class OrderCancelled(Invalid):
    """A cancelled order stays so: it is neither cancelled again nor paid for."""

    def __init__(self, about: str = OPERATION) -> None:
        super().__init__(about, "cancelled", "is not possible because the order is cancelled")


class OrderReachesBeyond(Invalid):
    """Money of the order is on a card in a market that the caller does not reach."""

    def __init__(self) -> None:
        super().__init__(
            OPERATION,
            "market_restricted",
            "is not possible for a caller restricted to certain markets, because a gift card of the order is "
            "in another",
        )


class BoughtCardInUse(Invalid):
    """The card that was bought cannot be taken back; `why` completes the sentence "the gift card …"."""

    def __init__(self, card_id: UUID, why: str) -> None:
        super().__init__(
            OPERATION,
            "bought_card_in_use",
            f"is not possible because the gift card {card_id}, which was bought with the order, {why}",
            value=str(card_id),
        )


class TooManyGiftCards(Invalid):
    def __init__(self, about: str, most: int) -> None:
        super().__init__(about, "too_many", f"are too many (maximum is {most} gift cards)", count=most)


class HeldForOrders(Invalid):
    def __init__(self, authorized_cents: int) -> None:
        super().__init__(
            OPERATION,
            "open_authorization",
            f"is not possible while open authorizations hold {authorized_cents}",
            count=authorized_cents,
        )
