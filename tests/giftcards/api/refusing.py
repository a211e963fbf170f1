"""A PATCH that is refused: the whole errors document, and everything stored as before."""

from typing import Any

from giftcards.models import GiftCard
from tests.fixtures.cast import as_stored
from tests.giftcards.api.documents import errors


def refuses(
    api: Any, card: GiftCard, attributes: Any, *expected: Any, status: int = 422, **more: Any
) -> None:
    before = as_stored(card.pk)
    answer = api.update(f"gift_cards/{card.pk}", more.get("relationships"), **attributes)
    assert answer.document == errors(*expected)
    assert answer.status == status
    assert as_stored(card.pk) == before
