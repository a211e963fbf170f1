"""Authorizations: hold a part of a card's balance for an order, then capture it or give it up."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django_fsm import TransitionNotAllowed

from giftcards.exceptions import AuthorizationResolved
from giftcards.expiry import expiry_moment
from giftcards.models import Authorization, AuthorizationStatus, GiftCard, Kind
from giftcards.operations.holds import (
    RESOURCE_TYPE,
    record_authorization,
    recount,
    release_lapsed,
    require_available,
    require_room_on_single_use,
    resolve,
    write_authorization,
)
from giftcards.operations.locking import OpenCard, lock_card, open_card
from giftcards.operations.noting import NoteChanges, apply_notes, checked_notes
from giftcards.operations.occasion import Occasion
from giftcards.operations.posting import post
from giftcards.operations.recording import record_operation
from giftcards.operations.remainder import give_up_remainder
from giftcards.operations.rules import (
    now_for,
    require_amount,
    require_spendable_in,
    require_transition,
    require_unexpired,
)
from kernel.caller import Caller
from kernel.refusals import OPERATION, Invalid, NotFound
from markets.models import Market


def authorize(
    *,
    caller: Caller,
    card_id: UUID,
    amount_cents: int,
    expires_at: datetime | date | None = None,
    spent_in: Market | None = None,
    attributes: NoteChanges | None = None,
    reason: str = "",
) -> Authorization:
    """Hold `amount_cents` (above 0, minor units of the card's currency) of an active, unexpired card, until
    `expires_at` or for the time that `settings.GIFTCARDS_AUTHORIZATION_DAYS` says.

    Raises NotFound, InvalidTransition, Expired, InsufficientBalance, AlreadyAuthorized (a single-use card
    carries one), Archived, MarketDisabled, OtherMarket, Invalid.
    """
    require_amount(amount_cents, about="amount_cents")
    values = checked_notes(attributes)
    occasion = Occasion(reason=reason)
    with open_card(card_id, caller=caller, in_circulation=True) as opened:
        card = opened.card
        require_spendable_in(card, spent_in)
        require_transition(card, card.authorize)
        require_unexpired(card)
        require_room_on_single_use(card)
        require_available(card, amount_cents)
        authorization = Authorization(
            mode=card.mode,
            gift_card=card,
            currency_code=card.currency_code,
            amount_cents=amount_cents,
            expires_at=_end_of_hold(card, expires_at),
            market=spent_in,
            **values,
        )
        authorization.save(force_insert=True)
        recount(card)
        record_authorization(authorization, "create", caller=caller, occasion=occasion)
        record_operation(opened, "authorize", caller=caller, occasion=occasion, authorization=authorization)
    return authorization


def capture(
    *,
    caller: Caller,
    authorization_id: UUID,
    amount_cents: int | None = None,
    changes: NoteChanges | None = None,
    reason: str = "",
) -> Authorization:
    """Spend what is held, or `amount_cents` of it (above 0); what is left over is released.

    Possible within the authorization's own lifetime, also after its card has expired, was switched off, or
    its market was disabled: the promise was given before. The entry carries the authorization's reference and
    order number. Raises NotFound, AuthorizationResolved (a second time, or too late), Invalid.
    """
    if amount_cents is not None:
        require_amount(amount_cents)
    with _open_authorization(authorization_id, caller=caller) as (card, authorization):
        changed = apply_notes(authorization, changes)
        _resolve_by(authorization, authorization.capture, card)
        captured = authorization.amount_cents if amount_cents is None else amount_cents
        _require_held(authorization, captured)
        authorization.captured_amount_cents = captured
        occasion = Occasion(reason, authorization.reference, authorization.order_number)
        resolve(card, authorization, "capture", caller=caller, occasion=occasion, changed=changed)
        require_transition(card, card.capture)
        post(
            OpenCard(card, []),
            kind=Kind.CAPTURE,
            amount_cents=-captured,
            caller=caller,
            occasion=occasion,
            spent_in=authorization.market_id,
            authorization_id=authorization.id,
        )
        give_up_remainder(card, caller=caller)
    return authorization


def void(
    *,
    caller: Caller,
    authorization_id: UUID,
    changes: NoteChanges | None = None,
    reason: str = "",
) -> Authorization:
    """Give up what is held. Raises NotFound, AuthorizationResolved, Invalid."""
    with _open_authorization(authorization_id, caller=caller) as (card, authorization):
        changed = apply_notes(authorization, changes)
        _resolve_by(authorization, authorization.void, card)
        resolve(card, authorization, "void", caller=caller, occasion=Occasion(reason), changed=changed)
    return authorization


def release_lapsed_authorizations(*, caller: Caller, card_id: UUID) -> int:
    """Write down which of a card's authorizations have lapsed; returns how many. They hold nothing anyway, so
    whoever needs what they held does the same. Raises NotFound."""
    with transaction.atomic():
        return release_lapsed(lock_card(card_id, caller))


def update_authorization(
    *, caller: Caller, authorization_id: UUID, changes: NoteChanges, reason: str = ""
) -> Authorization:
    """Change what the shop notes about it. What changes nothing records nothing. Raises NotFound, Invalid."""
    occasion = Occasion(reason)
    with _open_authorization(authorization_id, caller=caller) as (_card, authorization):
        changed = apply_notes(authorization, changes)
        if changed:
            write_authorization(authorization)
            record_authorization(authorization, "update", caller=caller, occasion=occasion, changed=changed)
    return authorization


@contextmanager
def _open_authorization(
    authorization_id: UUID, *, caller: Caller
) -> Iterator[tuple[GiftCard, Authorization]]:
    """A transaction that holds the card's lock.

    An authorization never changes its card, so the card can be read before the lock; the rest is read after.
    """
    visible = Authorization.objects.visible_to(caller).filter(pk=authorization_id)
    with transaction.atomic():
        card_id = visible.values_list("gift_card_id", flat=True).first()
        if card_id is None:
            raise NotFound(RESOURCE_TYPE, authorization_id)
        try:
            card = lock_card(card_id, caller)
        except NotFound:  # it has left the caller's reach meanwhile, and what it carries with it
            raise NotFound(RESOURCE_TYPE, authorization_id) from None
        authorization = Authorization.objects.get(pk=authorization_id)
        yield card, authorization


def _resolve_by(authorization: Authorization, verb: Any, card: GiftCard) -> None:
    if authorization.status == AuthorizationStatus.OPEN and authorization.has_lapsed(now_for(card)):
        raise AuthorizationResolved(AuthorizationStatus.EXPIRED)
    try:
        verb()
    except TransitionNotAllowed:
        raise AuthorizationResolved(authorization.status) from None


def _require_held(authorization: Authorization, amount_cents: int) -> None:
    if amount_cents > authorization.amount_cents:
        raise Invalid(
            OPERATION,
            "less_than_or_equal_to",
            f"must be less than or equal to {authorization.amount_cents}",
            value=amount_cents,
            count=authorization.amount_cents,
        )


def _end_of_hold(card: GiftCard, expires_at: datetime | date | None) -> datetime:
    now = now_for(card)
    zone = card.market.time_zone if card.market else settings.GIFTCARDS_TIME_ZONE
    told = None if expires_at is None else str(expires_at)
    try:
        end = expiry_moment(expires_at, zone) or now + timedelta(days=settings.GIFTCARDS_AUTHORIZATION_DAYS)
    except OverflowError:
        raise Invalid("expires_at", "invalid", "is out of range", value=told) from None
    if end <= now:
        raise Invalid("expires_at", "in_the_past", "must be in the future", value=told)
    return end
