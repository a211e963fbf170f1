"""How a card begins. One statement writes it and its event, under the lock on the keys of codes, unless its
code is taken. A draft that comes alone is this statement and no other; whatever writes more beside the card
has its transaction, and locks the keys before it. See docs/adr/0029-one-statement.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction

from events.operations import INTO as INTO_EVENTS
from giftcards import codes
from giftcards.code_keys import LOCK, remember_key
from giftcards.exceptions import CodeTaken
from giftcards.models import GiftCard
from giftcards.operations.attributes import GiftCardChanges, apply_changes
from giftcards.operations.occasion import Occasion
from giftcards.operations.recording import RESOURCE_TYPE
from giftcards.operations.sealing import new_code_for, seal_into
from giftcards.operations.tagging import apply_tags
from kernel.caller import Caller
from kernel.constraints import violated_constraint
from kernel.keys import uuid7
from kernel.saving import insertion, texts_of
from kernel.secret import Secret
from kernel.statements import AS_ASSUMED, Row, rows_written

_WRITE_MORE: Final = frozenset({"recipient_email", "tags", "add_tags", "remove_tags"})
"""Attributes that are rows of their own."""

_ANOTHER_KEY: Final = "another key"
"""What giftcards_before_sealing says unless the newest key has sealed the code."""


def draft(
    card: GiftCard, *, caller: Caller, attributes: GiftCardChanges, code: Secret | None, occasion: Occasion
) -> GiftCard:
    """`create_gift_card`, without asking what `code` looks like. Raises Invalid."""
    with _whole(attributes):
        apply_changes(card, attributes, caller)
        seal_into(card, code or new_code_for(card.market))
        _insert(card, code, caller, occasion)
        apply_tags(card, attributes)
    return card


@contextmanager
def _whole(attributes: GiftCardChanges) -> Iterator[None]:
    if _WRITE_MORE.isdisjoint(attributes):
        yield
        return
    with transaction.atomic():
        remember_key(codes.current_version())
        yield


def _insert(card: GiftCard, code: Secret | None, caller: Caller, occasion: Occasion) -> None:
    """No savepoint: whoever hears of a refusal is outside of the transaction.

    Raises CodeTaken, WrongCodeKeys.
    """
    told = _told(card, code, caller, occasion)
    row = _execute(told)
    if row[0] == _ANOTHER_KEY:
        with transaction.atomic():
            remember_key(card.code_key_version)
            row = _execute(told)
    _standing, card.created_at, card.updated_at = row
    if card.created_at is None:
        raise CodeTaken
    card._state.adding, card._state.db = False, DEFAULT_DB_ALIAS


def _told(card: GiftCard, code: Secret | None, caller: Caller, occasion: Occasion) -> dict[str, object]:
    """A code that somebody chose is looked for under every key: a card that was sealed before the key changed
    has another digest for it."""
    return texts_of(card) | {
        "lock": LOCK,
        "fingerprint": codes.fingerprints()[card.code_key_version],
        "digests": None if code is None else codes.digests(code.reveal()),
        "event_id": str(uuid7()),
        "actor_kind": caller.actor.kind.value,
        "actor_id": caller.actor.id,
        "actor_name": caller.actor.name,
        "reason": occasion.reason,
    }


def _execute(told: dict[str, object]) -> Row:
    try:
        (row,) = rows_written(_statement(), told)
    except IntegrityError as error:
        if violated_constraint(error) == "one_gift_card_per_code_and_mode":
            raise CodeTaken from None
        raise
    return row


@cache
def _statement() -> str:
    """The function waits for the lock, and sees what is committed after that."""
    return f"""
        WITH asked AS MATERIALIZED (
            SELECT giftcards_before_sealing(%(lock)s::text, %(code_key_version)s::smallint,
                %(fingerprint)s::bytea, %(mode)s::varchar, %(digests)s::bytea[]) AS standing
            WHERE {AS_ASSUMED}
        ), card AS (
            {insertion(GiftCard)} FROM asked WHERE standing = 'free'
            RETURNING id, mode, status, created_at, updated_at
        ), told AS (
            {INTO_EVENTS}
            SELECT %(event_id)s::uuid, mode, '{RESOURCE_TYPE}', id, 1, '{RESOURCE_TYPE}.create',
                %(actor_kind)s::text, %(actor_id)s::text, %(actor_name)s::text, %(reason)s::text,
                jsonb_build_object('status', status)
            FROM card
        )
        SELECT standing, created_at, updated_at FROM asked LEFT JOIN card ON true
    """  # noqa: S608 (built from names, no value)
