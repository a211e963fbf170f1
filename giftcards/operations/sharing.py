"""What each card gives to a payment, kept as it was; and the order that a payment is for.

An order's row is locked before any card, by whoever pays for it and whoever cancels it: nobody pays for an
order that is just being cancelled, and no card gives to it twice.
"""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from giftcards.exceptions import MarketDisabled, OrderCancelled
from giftcards.models import GiftCard, Order, Payment, PaymentShare
from giftcards.operations.ordering import lock_order
from giftcards.tax import effective_rate
from kernel.caller import Caller
from kernel.refusals import Invalid
from markets.models import Market


def lock_payable(
    order: Order, *, spent_in: Market | None, currency_code: str | None, caller: Caller
) -> Order:
    """The order as the last transaction left it, locked until this one ends.

    Raises NotFound, and Invalid about `order`: cancelled, of another market than the one that the payment
    says, or in another currency.
    """
    locked = lock_order(order.pk, caller)
    if locked.cancelled_at is not None:
        raise OrderCancelled("order")
    if spent_in is not None and spent_in.pk != locked.market_id:
        raise _refused(locked, "other_market", "is of another market than the payment")
    if currency_code not in {None, locked.currency_code}:
        message = f"is in {locked.currency_code}, the payment in {currency_code}"
        raise _refused(locked, "currency_mismatch", message)
    if locked.market.disabled_at is not None:
        raise MarketDisabled("order")
    return locked


def givers_to(order: Order, cards: Sequence[GiftCard]) -> set[UUID]:
    """Of locked cards, for a locked order: those that have given to it, whether that was given back since or
    not."""
    shares = PaymentShare.objects.filter(order=order, gift_card__in=cards)
    return set(shares.values_list("gift_card_id", flat=True))


def keep_shares(payment: Payment, shares: Sequence[tuple[GiftCard, int]]) -> None:
    PaymentShare.objects.bulk_create(_share(payment, card, cents) for card, cents in shares)


def _share(payment: Payment, card: GiftCard, amount_cents: int) -> PaymentShare:
    rate = rate_of(card, payment.market)
    return PaymentShare(
        mode=payment.mode,
        payment=payment,
        order_id=payment.order_id,
        gift_card=card,
        currency_code=payment.currency_code,
        amount_cents=amount_cents,
        is_taxable=bool(rate),
        tax_rate=rate,
    )


def rate_of(card: GiftCard, spent_in: Market | None) -> Decimal | None:
    """In percent. Where gift cards are not taxed, not even one with a rate of its own is."""
    return effective_rate(card.tax_rate, market_taxes_cards=spent_in is None or spent_in.gift_cards_taxable)


def _refused(order: Order, error: str, message: str) -> Invalid:
    return Invalid("order", error, message, value=str(order.pk))
