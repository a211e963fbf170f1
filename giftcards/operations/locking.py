"""Opening a card for change: nobody else changes it until the transaction ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from giftcards.models import GiftCard
from giftcards.operations.attributes import GiftCardChanges, apply_changes
from giftcards.operations.rules import require_in_circulation
from giftcards.operations.tagging import apply_tags
from kernel.caller import Caller
from kernel.refusals import Invalid, NotFound
from kernel.saving import save_locked

_POSTED: Final = {"balance_cents", "ledger_sequence", "ledger_hash"}
_FIXED: Final = {"id", "mode", "created_at", "updated_at"}
_DRAFT_COLUMNS: Final = [
    field.name
    for field in GiftCard._meta.concrete_fields
    if field.name not in _FIXED and not field.name.startswith(("code_", "ledger_"))
]
_ISSUED_COLUMNS: Final = [name for name in _DRAFT_COLUMNS if name not in _POSTED]


@dataclass(frozen=True, slots=True)
class OpenCard:
    """A locked card and the names of the attributes that the same request has changed already."""

    card: GiftCard
    changed: list[str]


@contextmanager
def open_card(
    card_id: UUID,
    *,
    caller: Caller,
    changes: GiftCardChanges | None = None,
    in_circulation: bool = False,
) -> Iterator[OpenCard]:
    """A transaction that holds the card's row lock, with the request's plain attributes applied and saved.

    Attributes come first and stand or fall with the verb: a refusal raised inside undoes everything. A
    balance among them is a trigger of its own once the card is issued, and cannot accompany another.

    With `in_circulation` the card may not be archived, and neither the market that it is in nor the one that
    the same request takes it to may be disabled.

    Raises NotFound for a card outside the caller's mode or markets, Archived, MarketDisabled, Invalid for a
    change against the rules.
    """
    with transaction.atomic():
        card = lock_card(card_id, caller)
        if in_circulation:
            require_in_circulation(card)
        if changes and "balance_cents" in changes and card.is_issued:
            raise Invalid("balance_cents", "single_trigger", "can't be combined with another trigger")
        changed = change(card, changes or {}, caller)
        if in_circulation and changes and "market" in changes:
            require_in_circulation(card)
        yield OpenCard(card, changed)


def change(card: GiftCard, changes: GiftCardChanges, caller: Caller) -> list[str]:
    """Apply and write what a request changes of a locked card beside money and status; returns the names."""
    changed = apply_changes(card, changes, caller) + apply_tags(card, changes)
    if changed:
        save(card)
    return changed


def lock_card(card_id: UUID, caller: Caller) -> GiftCard:
    """The card as the last transaction left it, locked until this one ends.

    NO KEY UPDATE, because no operation changes a card's key: foreign keys pointing to it need not wait. The
    market is not joined: after a wait, PostgreSQL reads the locked row anew but keeps the joined one, which
    may be another's.
    """
    try:
        return GiftCard.objects.visible_to(caller).select_for_update(no_key=True).get(pk=card_id)
    except GiftCard.DoesNotExist:
        raise NotFound("gift_cards", card_id) from None


def lock_cards(cards: QuerySet[GiftCard]) -> list[GiftCard]:
    """Several cards at once, each as `lock_card` locks it; what matches nothing is left out.

    In the order of their keys, and by one statement: whoever needs some of the same cards locks them in the
    same order, so that nobody who holds one waits for somebody who waits for that one. The key never changes,
    so the order that the statement has found is still the order after a wait. What was joined may be older
    than the cards, and has to be asked again.
    """
    return list(cards.select_for_update(of=("self",), no_key=True).order_by("pk"))


def save(card: GiftCard) -> None:
    """Write a locked card's attributes and status. The balance of an issued card is written by posting
    alone."""
    save_locked(card, _ISSUED_COLUMNS if card.ledger_sequence else _DRAFT_COLUMNS)
