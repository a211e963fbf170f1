"""The service with a card's lock taken out: the control experiment that shows the tests are not blind."""

from collections.abc import Callable
from unittest.mock import patch
from uuid import UUID

from config.wsgi import application
from giftcards.models import GiftCard, Kind
from giftcards.operations import editing, locking, posting
from kernel.caller import Caller
from kernel.refusals import NotFound

__all__ = ["application"]


def read_without_lock(card_id: UUID, caller: Caller) -> GiftCard:
    try:
        return GiftCard.objects.visible_to(caller).get(pk=card_id)
    except GiftCard.DoesNotExist:
        raise NotFound("gift_cards", card_id) from None


def statement_without_lock(kind: Kind, verb: str, true: Callable[..., str] = posting._statement) -> str:
    return true(kind, verb).replace("FOR NO KEY UPDATE", "")


for module in (locking, editing):
    patch.object(module, "lock_card", read_without_lock).start()
patch.object(posting, "_statement", statement_without_lock).start()
