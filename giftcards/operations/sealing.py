"""Giving a card its code: the columns that hold it sealed, and nothing else."""

from typing import Final

from giftcards import code_format, codes
from giftcards.models import GiftCard
from kernel.secret import Secret
from markets.models import CodeFormat, Market

SEALED_COLUMNS: Final = (
    "code_digest",
    "code_prefix_digest",
    "code_ciphertext",
    "code_key_version",
    "code_last_four",
)


def new_code_for(market: Market | None) -> Secret:
    return code_format.MAKERS[CodeFormat.UUID if market is None else market.code_format]()


def seal_into(card: GiftCard, code: Secret) -> None:
    """Under the newest key. The card is not saved; its transaction has called `remember_key`."""
    sealed = codes.seal(code, card_id=card.id)
    card.code_digest, card.code_prefix_digest = sealed.digest, sealed.prefix_digest
    card.code_ciphertext, card.code_key_version = sealed.ciphertext, sealed.key_version
    card.code_last_four = sealed.last_four
