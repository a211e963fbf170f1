"""From a draft to a card that somebody has paid for."""

from typing import Final
from uuid import UUID

from events.operations import record
from giftcards import codes
from giftcards.models import GiftCard, Kind, OrderLine
from giftcards.operations.attributes import GiftCardChanges
from giftcards.operations.drafting import draft
from giftcards.operations.locking import OpenCard, open_card, save
from giftcards.operations.occasion import NO_OCCASION, Occasion
from giftcards.operations.posting import post
from giftcards.operations.recording import RESOURCE_TYPE
from giftcards.operations.rules import require_transition
from giftcards.operations.validity import begin_validity
from kernel.caller import Caller
from kernel.keys import uuid7
from kernel.refusals import Invalid
from kernel.secret import Secret

ISSUED_TOPIC: Final = "gift_card.created"
"""Of the event that tells whoever listens for new cards, by the name that Medusa gave it: one of each card,
beside that of the verb, whoever issued it."""


def create_gift_card(
    *,
    caller: Caller,
    attributes: GiftCardChanges,
    code: Secret | None = None,
    order_line: OrderLine | None = None,
    occasion: Occasion = NO_OCCASION,
) -> GiftCard:
    """A draft worth `attributes["balance_cents"]` (required, minor units of its currency). It owes nobody
    anything yet. `order_line` is what it is sold on, and never changes.

    Raises Invalid: a missing balance or currency, a value against a rule, a code that exists already.
    """
    if "balance_cents" not in attributes:
        raise Invalid("balance_cents", "blank", "can't be blank")
    chosen = None if code is None else _accepted(code)
    card = GiftCard(id=uuid7(), mode=caller.mode, currency_code="")
    if order_line is not None:
        card.order, card.order_line = order_line.order, order_line
    return draft(card, caller=caller, attributes=attributes, code=chosen, occasion=occasion)


def purchase(
    *, caller: Caller, card_id: UUID, changes: GiftCardChanges | None = None, occasion: Occasion = NO_OCCASION
) -> GiftCard:
    """draft → inactive: posts `issue` with the face value, and the liability begins. A card
    without an expiry gets the one that its market gives by default.

    Raises NotFound, InvalidTransition, Archived, MarketDisabled, ExpiryNotAllowed, TooShortValidity, or what
    `changes` (applied first) run into.
    """
    with open_card(card_id, caller=caller, changes=changes, in_circulation=True) as opened:
        card = opened.card
        if not card.is_issued and begin_validity(card):
            save(card)
            opened.changed[:] = dict.fromkeys([*opened.changed, "expires_at"])
        issue(opened, announced=True, caller=caller, occasion=occasion)
    return card


def issue(opened: OpenCard, *, announced: bool, caller: Caller, occasion: Occasion) -> None:
    """Of a locked draft: from now on its face value is owed. If it is `announced`, whoever listens for new
    cards hears of it. Raises InvalidTransition."""
    card = opened.card
    require_transition(card, card.purchase)
    face_value = card.initial_balance_cents
    if announced:
        _announce(card, caller)
    post(opened, kind=Kind.ISSUE, amount_cents=face_value, caller=caller, occasion=occasion)


def _announce(card: GiftCard, caller: Caller) -> None:
    record(
        caller=caller,
        subject_type=RESOURCE_TYPE,
        subject_id=card.pk,
        topic=ISSUED_TOPIC,
        data={"id": str(card.pk)},
    )


def _accepted(code: Secret) -> Secret:
    """Refusals name the rule and never the code."""
    text = code.reveal()
    if len(text) < codes.MIN_LENGTH:
        raise Invalid(
            "code",
            "too_short",
            f"is too short (minimum is {codes.MIN_LENGTH} characters)",
            count=codes.MIN_LENGTH,
        )
    if len(text) > codes.MAX_LENGTH:
        raise Invalid(
            "code",
            "too_long",
            f"is too long (maximum is {codes.MAX_LENGTH} characters)",
            count=codes.MAX_LENGTH,
        )
    if not text.isprintable() or any(character.isspace() for character in text):
        raise Invalid("code", "invalid", "can't contain spaces or control characters")
    return code
