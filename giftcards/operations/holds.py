"""What authorizations hold of a locked card: asked before anything else is taken from it.

An authorization stops counting when its time is over, whether somebody has written that down or not. The
card's `authorized_cents` counts what is written down; so before a refusal, lapsed ones are written down as
expired, and the question is asked again.
"""

from collections.abc import Callable
from typing import Final

from django.db.models import Sum

from events.operations import record
from giftcards.exceptions import AlreadyAuthorized, BelowAuthorized, HeldForOrders, InsufficientBalance
from giftcards.models import Authorization, AuthorizationStatus, GiftCard
from giftcards.operations.locking import OpenCard, save
from giftcards.operations.occasion import NO_OCCASION, Occasion
from giftcards.operations.recording import record_operation
from giftcards.operations.rules import now_for
from kernel.caller import Actor, Caller
from kernel.modes import Mode
from kernel.saving import save_locked

RESOURCE_TYPE = "gift_card_authorizations"
_FIXED: Final = {"id", "mode", "gift_card", "created_at", "updated_at"}
_COLUMNS: Final = [field.name for field in Authorization._meta.concrete_fields if field.name not in _FIXED]


def require_available(card: GiftCard, amount_cents: int) -> None:
    """Raises InsufficientBalance, with what is available."""
    if _stays_true(card, lambda: amount_cents > card.available_balance_cents):
        raise InsufficientBalance(card.available_balance_cents)


def require_covered(card: GiftCard, balance_cents: int) -> None:
    """What is held stays covered by a balance that is set. Raises BelowAuthorized."""
    if _stays_true(card, lambda: balance_cents < card.authorized_cents):
        raise BelowAuthorized(card.authorized_cents)


def require_room_on_single_use(card: GiftCard) -> None:
    """Raises AlreadyAuthorized: a capture would use a card that is used up."""
    if card.single_use and _stays_true(card, lambda: card.authorized_cents > 0):
        raise AlreadyAuthorized


def require_nothing_held(card: GiftCard) -> None:
    """Raises HeldForOrders."""
    if _stays_true(card, lambda: card.authorized_cents > 0):
        raise HeldForOrders(card.authorized_cents)


def _stays_true(card: GiftCard, obstacle: Callable[[], bool]) -> bool:
    """Whether it is there, also without what has lapsed."""
    if not obstacle():
        return False
    release_lapsed(card)
    return obstacle()


def release_lapsed(card: GiftCard) -> int:
    """Write down which open authorizations have lapsed; returns how many. They held nothing any more, so this
    changes what can be spent for nobody."""
    caller = Caller(Mode(card.mode), Actor.system("expiry"))
    lapsed = list(
        card.authorizations.filter(status=AuthorizationStatus.OPEN, expires_at__lte=now_for(card)).order_by(
            "id"
        )
    )
    for authorization in lapsed:
        authorization.lapse()
        resolve(card, authorization, "expire", caller=caller, occasion=NO_OCCASION)
    return len(lapsed)


def resolve(
    card: GiftCard,
    authorization: Authorization,
    verb: str,
    *,
    caller: Caller,
    occasion: Occasion,
    changed: list[str] | None = None,
) -> None:
    """Write down a resolved authorization, its card without it, and an event of each; a capture's event on
    the card is its entry's. `changed` names the attributes that the same request has changed."""
    write_authorization(authorization)
    recount(card)
    record_authorization(authorization, verb, caller=caller, occasion=occasion, changed=changed)
    if authorization.status != AuthorizationStatus.CAPTURED:
        record_operation(
            OpenCard(card, []),
            f"{verb}_authorization",
            caller=caller,
            occasion=occasion,
            authorization=authorization,
        )


def recount(card: GiftCard) -> None:
    """Bring `authorized_cents` in line with the card's authorizations, and save."""
    held = card.authorizations.filter(status=AuthorizationStatus.OPEN).aggregate(held=Sum("amount_cents"))
    card.authorized_cents = held["held"] or 0
    save(card)


def record_authorization(
    authorization: Authorization,
    verb: str,
    *,
    caller: Caller,
    occasion: Occasion,
    changed: list[str] | None = None,
) -> None:
    data: dict[str, object] = {
        "status": str(authorization.status),
        "gift_card_id": str(authorization.gift_card_id),
        "amount_cents": authorization.amount_cents,
        "captured_amount_cents": authorization.captured_amount_cents,
    }
    if changed:
        data["changed"] = changed
    record(
        caller=caller,
        subject_type=RESOURCE_TYPE,
        subject_id=authorization.id,
        topic=f"{RESOURCE_TYPE}.{verb}",
        reason=occasion.reason,
        data=data,
    )


def write_authorization(authorization: Authorization) -> None:
    save_locked(authorization, _COLUMNS)
