"""Several verbs in one transaction, for callers whose one request asks for all of them. Each is recorded
under its own name; either all of them happen, or none."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from giftcards.exceptions import AboveFaceValue
from giftcards.models import GiftCard, OrderLine, Status
from giftcards.operations.attributes import GiftCardChanges
from giftcards.operations.balance import adjust
from giftcards.operations.editing import update_gift_card
from giftcards.operations.issuing import create_gift_card, purchase
from giftcards.operations.lifecycle import activate, deactivate
from giftcards.operations.locking import lock_card
from giftcards.operations.occasion import NO_OCCASION, Occasion
from kernel.caller import Caller
from kernel.secret import Secret


def issue_gift_card(
    *,
    caller: Caller,
    attributes: GiftCardChanges,
    code: Secret | None = None,
    active: bool = True,
    order_line: OrderLine | None = None,
    occasion: Occasion = NO_OCCASION,
) -> GiftCard:
    """A card that is created, purchased and, unless it is to wait, activated. Raises what these raise."""
    with transaction.atomic():
        card = create_gift_card(
            caller=caller, attributes=attributes, code=code, order_line=order_line, occasion=occasion
        )
        card = purchase(caller=caller, card_id=card.id, occasion=occasion)
        return activate(caller=caller, card_id=card.id, occasion=occasion) if active else card


def revise_gift_card(
    *,
    caller: Caller,
    card_id: UUID,
    changes: GiftCardChanges | None = None,
    metadata: Mapping[str, Any] | None = None,
    balance_cents: int | None = None,
    active: bool | None = None,
    occasion: Occasion = NO_OCCASION,
) -> GiftCard:
    """Change plain attributes, set the balance of an issued card, switch it on or off: in this order, and
    what is None stays.

    Of `metadata` the members are set one by one, and an empty text takes its member away. The balance is
    corrected by an adjustment, at most up to the face value. `active` False asks nothing of a card that can't
    be spent anyway.

    Raises NotFound, AboveFaceValue, and what `update_gift_card`, `adjust`, `activate` and `deactivate` raise.
    """
    with transaction.atomic():
        card = lock_card(card_id, caller)
        plain = GiftCardChanges(**(changes or {}))
        if metadata is not None:
            plain["metadata"] = _merged(card.metadata, metadata)
        if plain:
            card = update_gift_card(caller=caller, card_id=card_id, changes=plain, occasion=occasion)
        if balance_cents is not None:
            if balance_cents > card.initial_balance_cents:
                raise AboveFaceValue(card.initial_balance_cents)
            card = adjust(caller=caller, card_id=card_id, balance_cents=balance_cents, occasion=occasion)
        if active is not None and active != (card.status == Status.ACTIVE):
            switch = activate if active else deactivate
            if active or card.status == Status.ACTIVE:
                card = switch(caller=caller, card_id=card_id, occasion=occasion)
    return card


def _merged(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    members = {**before, **given}
    return {name: value for name, value in members.items() if given.get(name) != ""}
