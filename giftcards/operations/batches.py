"""Issuing many equal cards: created, purchased and perhaps activated at once, by the rules of these verbs.

A batch is issued a portion at a time, each in a transaction of its own: all of the portion or nothing of it.
What the batch says is issued is there; whoever asks again under the same reference goes on from there.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from events.operations import first_events
from giftcards import codes
from giftcards.code_keys import remember_key
from giftcards.models import Batch, GiftCard
from giftcards.operations.attributes import GiftCardChanges, apply_changes
from giftcards.operations.occasion import Occasion
from giftcards.operations.posting_batches import NewCards, first_entries
from giftcards.operations.recording import RESOURCE_TYPE
from giftcards.operations.rules import require_in_circulation, require_transition
from giftcards.operations.sealing import new_code_for
from giftcards.operations.validity import begin_validity
from kernel.caller import Caller
from kernel.clock import database_now
from kernel.constraints import violated_constraint
from kernel.copying import NewRows
from kernel.keys import uuid7
from kernel.refusals import Conflict, Invalid
from kernel.secret import Secret
from markets.models import Market

PORTION: Final = 2_500
ISSUED_IN_BATCH: Final = f"{RESOURCE_TYPE}.issue"
"""The topic of the one event that tells of creating, purchasing and activating a card of a batch."""

IN_OTHER_HANDS: Final = "is being issued, or was removed, by somebody else"

MadeCode = tuple[UUID, Secret]
"""A card's key and its code."""


@dataclass(frozen=True, slots=True)
class BatchTerms:
    """`amount_cents` is each card's face value, in minor units of its currency: the market's unless given.
    Without `expires_at` the market's default holds. Cards that are not `active` wait to be activated."""

    number: int
    amount_cents: int
    currency_code: str | None = None
    market: Market | None = None
    expires_at: datetime | date | None = None
    active: bool = True


class CodeKeeper(Protocol):
    """Where the codes of new cards are kept for whoever ordered them."""

    def begin(self, batch: Batch) -> None:
        """Before the first is issued: of those that `batch` says are issued the codes are kept already."""

    def keep(self, made: Sequence[MadeCode]) -> None:
        """Before the transaction that issues these is committed. It may come to nothing: then the next
        `begin` has a batch that says so."""


@dataclass(frozen=True, slots=True)
class Portion:
    made: Sequence[MadeCode]
    key_version: int
    cards: NewCards
    events: NewRows


def issue_batch(
    *,
    caller: Caller,
    terms: BatchTerms,
    occasion: Occasion,
    keeper: CodeKeeper | None = None,
    progress: Callable[[int], Any] = lambda cards: None,
) -> Batch:
    """Issue as many cards as `terms` say, or what is still missing of the batch with the occasion's reference
    (required). `progress` is told how many are there, as they come.

    Each card has one ledger entry, of the occasion, and one event. Raises Invalid for what creating,
    purchasing or activating one such card would raise it for, and for the reference of a batch on other
    terms; Conflict while somebody else issues the same batch, and for a code or key that exists already.
    What was issued before a refusal stays, and the batch says how many that are.
    """
    batch = _begun(caller, terms, occasion)
    progress(batch.issued)
    if batch.is_complete:
        return batch
    if keeper is not None:
        keeper.begin(batch)
    for portion in _ahead(batch, caller=caller, terms=terms, occasion=occasion):
        _issue(batch, portion, keeper)
        progress(len(portion.made))
    return batch


def _begun(caller: Caller, terms: BatchTerms, occasion: Occasion) -> Batch:
    """As it is, or a new one: that is saved with its first portion."""
    if not occasion.reference:
        raise Invalid("reference", "blank", "can't be blank")
    if terms.number < 1:
        raise Invalid("number", "greater_than", "must be greater than 0", value=terms.number, count=0)
    draft = _draft(caller, terms)
    agreed: dict[str, Any] = {
        "number": terms.number,
        "amount_cents": draft.initial_balance_cents,
        "currency_code": draft.currency_code,
        "market_id": draft.market_id,
        "expires_at": draft.expires_at,
        "active": terms.active,
    }
    _issued(draft, terms)
    actor = caller.actor
    by = {"actor_kind": actor.kind.value, "actor_id": actor.id, "actor_name": actor.name}
    mine = {"mode": caller.mode, "reference": occasion.reference}
    batch = Batch.objects.filter(**mine).first()
    if batch is None:
        return Batch(**mine, **agreed, **by, reason=occasion.reason)
    if any(getattr(batch, name) != value for name, value in agreed.items()):
        raise Invalid("reference", "taken", "is that of a batch on other terms", value=batch.reference)
    return batch


def _draft(caller: Caller, terms: BatchTerms) -> GiftCard:
    """One such card, checked as a card that is created."""
    card = GiftCard(mode=caller.mode, currency_code="")
    market = terms.market and Market.objects.filter(pk=terms.market.pk).first()
    changes: GiftCardChanges = {"balance_cents": terms.amount_cents, "currency_code": terms.currency_code}
    if terms.market is not None:
        changes["market"] = market or terms.market
    if terms.expires_at is not None:
        changes["expires_at"] = terms.expires_at
    apply_changes(card, changes, caller)
    return card


def _issued(card: GiftCard, terms: BatchTerms) -> GiftCard:
    """Checked as a card that is purchased and activated today."""
    require_in_circulation(card)
    begin_validity(card)
    require_transition(card, card.purchase)
    if terms.active:
        require_transition(card, card.activate)
    return card


def _ahead(batch: Batch, *, caller: Caller, terms: BatchTerms, occasion: Occasion) -> Iterator[Portion]:
    """What is missing. One portion is made while PostgreSQL takes the one before; what has to be asked of the
    database is asked from here, the thread only computes."""
    missing = batch.number - batch.issued
    sizes = [min(PORTION, missing - begun) for begun in range(0, missing, PORTION)]

    with ThreadPoolExecutor(1) as thread:

        def begin(number: int) -> "Future[Portion]":
            like, at = _issued(_draft(caller, terms), terms), database_now()
            return thread.submit(
                _made, number, like=like, batch=batch, caller=caller, occasion=occasion, at=at
            )

        following = begin(sizes[0])
        for number in sizes[1:]:
            portion, following = following.result(), begin(number)
            yield portion
        yield following.result()


def _made(
    number: int, *, like: GiftCard, batch: Batch, caller: Caller, occasion: Occasion, at: datetime
) -> Portion:
    made = [(uuid7(), new_code_for(like.market)) for _ in range(number)]
    sealed = ((card_id, codes.seal(code, card_id=card_id)) for card_id, code in made)
    data = {
        "status": str(like.status),
        "entry_sequence": 1,
        "amount_cents": like.initial_balance_cents,
        "balance_cents": like.initial_balance_cents,
        "batch_id": str(batch.pk),
    }
    return Portion(
        made,
        codes.current_version(),
        first_entries(like, sealed, caller=caller, occasion=occasion, at=at),
        first_events(
            caller=caller,
            subject_type=RESOURCE_TYPE,
            subject_ids=[card_id for card_id, _code in made],
            topic=ISSUED_IN_BATCH,
            reason=occasion.reason,
            data=data,
            at=at,
        ),
    )


def _issue(batch: Batch, portion: Portion, keeper: CodeKeeper | None) -> None:
    """All of the portion, or nothing."""
    with transaction.atomic():
        remember_key(portion.key_version)
        _begin_or_lock(batch)
        if keeper is not None:
            keeper.keep(portion.made)
        with _collisions(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            for rows in (portion.cards.cards, portion.cards.entries, portion.events):
                rows.insert()
        more = len(portion.made)
        Batch.objects.filter(pk=batch.pk).update(issued=F("issued") + more, updated_at=Now())
    batch.refresh_from_db()


def _begin_or_lock(batch: Batch) -> None:
    if batch._state.adding:
        try:
            with transaction.atomic():
                batch.save(force_insert=True)
        except IntegrityError as error:
            if violated_constraint(error) == "one_batch_per_reference_and_mode":
                raise Conflict("batch", IN_OTHER_HANDS) from None
            raise
        return
    now = Batch.objects.select_for_update(no_key=True).filter(pk=batch.pk).first()
    if now is None or now.issued != batch.issued:
        raise Conflict("batch", IN_OTHER_HANDS)


@contextmanager
def _collisions() -> Iterator[None]:
    """What is random exists once; should it ever not, that is an error like any other."""
    try:
        yield
    except IntegrityError as error:
        constraint = violated_constraint(error)
        if constraint == "one_gift_card_per_code_and_mode":
            raise Conflict("code", "of a new card exists already: nothing of its portion is issued") from None
        if constraint is not None and constraint.endswith("_pkey"):
            raise Conflict("id", "of a new row exists already: nothing of its portion is issued") from None
        raise
