"""The event beside every operation: written in its transaction, so that one never exists without the other.
That of an entry the posting statement writes itself."""

from events.operations import record
from giftcards.models import Authorization
from giftcards.operations.locking import OpenCard
from giftcards.operations.occasion import Occasion
from kernel.caller import Caller

RESOURCE_TYPE = "gift_cards"


def record_operation(
    opened: OpenCard,
    verb: str,
    *,
    caller: Caller,
    occasion: Occasion,
    authorization: Authorization | None = None,
) -> None:
    """`status` is the card's status after the operation; `changed` names attributes, never their values. An
    authorization is named where it holds or releases something and posts nothing."""
    card = opened.card
    data: dict[str, object] = {"status": str(card.status)}
    if authorization is not None:
        data |= {
            "authorization_id": str(authorization.id),
            "authorized_amount_cents": authorization.amount_cents,
        }
    if opened.changed:
        data["changed"] = opened.changed
    record(
        caller=caller,
        subject_type=RESOURCE_TYPE,
        subject_id=card.id,
        topic=f"{RESOURCE_TYPE}.{verb}",
        reason=occasion.reason,
        data=data,
    )
