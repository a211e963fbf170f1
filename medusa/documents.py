"""Our cards and markets in Medusa's shape, member by member in Medusa's order."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from api.credential import Credential
from giftcards.api.codes import readable_code
from giftcards.models import GiftCard, Status
from markets.models import Market


def gift_card(card: GiftCard, credential: Credential) -> dict[str, Any]:
    """Orders are null: they are not recorded yet."""
    return {
        "id": str(card.pk),
        "created_at": moment(card.created_at),
        "updated_at": moment(card.updated_at),
        "deleted_at": moment(card.archived_at),
        "code": readable_code(
            card.pk,
            bytes(card.code_ciphertext),
            card.code_key_version,
            card.code_last_four,
            credential=credential,
        ),
        "value": card.initial_balance_cents,
        "balance": card.balance_cents,
        "region_id": None if card.market_id is None else str(card.market_id),
        "order_id": None,
        "is_disabled": card.status != Status.ACTIVE,
        "ends_at": moment(card.expires_at),
        "tax_rate": rate(card.tax_rate),
        "metadata": card.metadata or None,
        "region": None if card.market is None else region(card.market),
        "order": None,
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
