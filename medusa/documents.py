"""Our cards, markets and orders in Medusa's shape, member by member in Medusa's order."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from api.credential import Credential
from giftcards.api.codes import readable_code
from giftcards.models import GiftCard, Order, OrderLine, PaymentShare, Status
from giftcards.queries import OrderTotals
from markets.models import Market
from medusa.callers import sees_orders


def gift_card(card: GiftCard, credential: Credential) -> dict[str, Any]:
    """The order is the one that it was bought with, for who may see that one too."""
    bought_with = _bought_with(card, credential)
    return {
        **gift_card_alone(card, credential),
        "region": None if card.market is None else region(card.market),
        "order": None if bought_with is None else order_alone(bought_with),
    }


def gift_card_alone(card: GiftCard, credential: Credential) -> dict[str, Any]:
    """Without what it belongs to, as within an order."""
    bought_with = _bought_with(card, credential)
    return {
        "id": str(card.pk),
        "created_at": moment(card.created_at),
        "updated_at": moment(card.updated_at),
        "deleted_at": moment(card.archived_at),
        "code": readable_code(
            str(card.pk),
            bytes(card.code_ciphertext),
            card.code_key_version,
            card.code_last_four,
            credential=credential,
        ),
        "value": card.initial_balance_cents,
        "balance": card.balance_cents,
        "region_id": None if card.market_id is None else str(card.market_id),
        "order_id": None if bought_with is None else str(bought_with.pk),
        "is_disabled": card.status != Status.ACTIVE,
        "ends_at": moment(card.expires_at),
        "tax_rate": rate(card.tax_rate),
        "metadata": card.metadata or None,
    }


def _bought_with(card: GiftCard, credential: Credential) -> Order | None:
    order = card.order
    if order is None or not credential.caller.reaches_market(order.market_id):
        return None
    return order if sees_orders(credential) else None


def order(
    each: Order, totals: OrderTotals, shares: Sequence[PaymentShare], credential: Credential
) -> dict[str, Any]:
    """`gift_cards` are those that paid for it, as in Medusa; `bought_gift_cards`, those that it sold, are
    ours. `shares` are those of cards that the caller may see."""
    bought = [
        card for card in each.bought_gift_cards.all() if credential.caller.reaches_market(card.market_id)
    ]
    return {
        **order_alone(each),
        "region": region(each.market),
        "items": [order_line(line) for line in each.lines.all()],
        "gift_cards": [gift_card_alone(share.gift_card, credential) for share in shares],
        "gift_card_transactions": [gift_card_transaction(share) for share in shares],
        "gift_card_total": totals.gift_card_total_cents,
        "gift_card_tax_total": totals.gift_card_tax_total_cents,
        "bought_gift_cards": [gift_card_alone(card, credential) for card in bought],
    }


def order_alone(each: Order) -> dict[str, Any]:
    """Its own columns. What a shop does not tell us is null: we are none, and pay, ship and address
    nothing."""
    return {
        "object": "order",
        "id": str(each.pk),
        "created_at": moment(each.created_at),
        "updated_at": moment(each.updated_at),
        "status": "pending" if each.cancelled_at is None else "canceled",
        "fulfillment_status": None,
        "payment_status": None,
        "display_id": each.display_number,
        "cart_id": None,
        "customer_id": None,
        "email": each.customer_email,
        "billing_address_id": None,
        "shipping_address_id": None,
        "region_id": str(each.market_id),
        "currency_code": each.currency_code.lower(),
        "tax_rate": None,
        "draft_order_id": None,
        "canceled_at": moment(each.cancelled_at),
        "metadata": each.metadata or None,
        "no_notification": None,
        "idempotency_key": None,
        "external_id": each.reference,
        "sales_channel_id": None,
    }


def order_line(line: OrderLine) -> dict[str, Any]:
    denomination = line.denomination
    return {
        "id": str(line.pk),
        "order_id": str(line.order_id),
        "title": "Gift card" if denomination is None else denomination.product.name,
        "description": None if denomination is None else denomination.name,
        "is_giftcard": True,
        "unit_price": line.unit_amount_cents,
        "variant_id": None if denomination is None else str(denomination.pk),
        "quantity": line.quantity,
        "metadata": line.metadata or None,
        "tax_lines": []
        if line.tax_rate is None
        else [{"item_id": str(line.pk), "rate": rate(line.tax_rate)}],
    }


def gift_card_transaction(share: PaymentShare) -> dict[str, Any]:
    """What the card gave when it paid, and at what rate; what came back since is not in it."""
    return {
        "id": str(share.pk),
        "gift_card_id": str(share.gift_card_id),
        "order_id": str(share.order_id),
        "amount": share.amount_cents,
        "created_at": moment(share.created_at),
        "is_taxable": share.is_taxable,
        "tax_rate": rate(share.tax_rate),
    }


def region(market: Market) -> dict[str, Any]:
    return {
        "id": str(market.pk),
        "created_at": moment(market.created_at),
        "updated_at": moment(market.updated_at),
        "deleted_at": None,
        "name": market.name,
        "currency_code": market.currency_code.lower(),
        "tax_rate": rate(market.tax_rate),
        "tax_code": market.tax_code,
        "gift_cards_taxable": market.gift_cards_taxable,
        "automatic_taxes": market.automatic_taxes,
        "tax_provider_id": market.tax_provider_id,
        "metadata": market.metadata or None,
    }


def moment(value: datetime | None) -> str | None:
    """As JavaScript writes a Date: UTC, to the millisecond."""
    if value is None:
        return None
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def rate(percent: Decimal | None) -> float | int | None:
    """As JavaScript writes a number: 20, not 20.0."""
    if percent is None:
        return None
    return int(percent) if percent == int(percent) else float(percent)
