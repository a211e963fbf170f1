"""The one door to the ledger. Nothing else in the project creates an entry or moves a balance, except that
`giftcards.operations.posting_batches` makes many new cards with their first entries.

One statement locks the card, asks whether this may be posted, moves balance, status and head of chain, and
writes the entry and the card's event. A debit or recharge that comes alone is this statement and no other;
whatever does more has locked the card before, and posts by the same one. See docs/adr/0029-one-statement.md.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS

from events.operations import INTO as INTO_EVENTS
from giftcards.chain import GENESIS, HASH_VERSION
from giftcards.models import GiftCard, Kind, LedgerEntry, Status
from giftcards.models.gift_card import moves_of
from giftcards.models.ledger import HASHED_COLUMNS
from giftcards.money import MAX_AMOUNT
from giftcards.operations.locking import OpenCard
from giftcards.operations.occasion import Occasion
from giftcards.operations.recording import RESOURCE_TYPE
from kernel.caller import Caller
from kernel.columns import type_of
from kernel.keys import uuid7
from kernel.statements import AS_ASSUMED, array_of, rows_written
from markets.models import Market

_VERBS: Final[Mapping[Kind, str]] = {
    Kind.ISSUE: "purchase",
    Kind.RECHARGE: "recharge",
    Kind.DEBIT: "debit",
    Kind.CAPTURE: "capture",
    Kind.REFUND: "refund",
    Kind.ADJUSTMENT: "adjust",
    Kind.CASH_OUT: "cash_out",
}
"""What posts each kind of entry: the state machine's verb, and the event's."""

# What a verb's rules come to for the card as it stands under the lock. A card that does not pass is looked at
# again by the rules themselves (giftcards.operations.rules and holds), which name what is in the way.
_IN_CIRCULATION: Final = "archived_at IS NULL AND market_is_enabled"
_MAY: Final[Mapping[Kind, str]] = {
    Kind.DEBIT: f"""{_IN_CIRCULATION} AND (expires_at IS NULL OR coalesce(test_clock_at, at) < expires_at)
        AND balance_cents - authorized_cents + %(amount_cents)s::bigint >= 0
        AND NOT (single_use AND authorized_cents > 0)
        AND coalesce(locked.market_id = %(market_id)s::uuid, true)
        AND coalesce(locked.currency_code = %(sold_in)s::text, true)""",
    Kind.RECHARGE: f"""{_IN_CIRCULATION} AND rechargeable
        AND balance_cents + %(amount_cents)s::bigint <= coalesce(balance_max_cents, {MAX_AMOUNT})""",
}

# The verbs that follow from what was posted, and when; each only where the state machine lets it.
_BEFORE: Final = "CASE WHEN ledger_sequence = 0 THEN 0 ELSE balance_cents END"  # a draft's is its face value
_AFTERWARDS: Final = f"{_BEFORE} + %(amount_cents)s::bigint"
_IS_EMPTY: Final = f"({_AFTERWARDS} = 0 AND NOT rechargeable)"
_FOLLOWS: Final[Mapping[Kind, Mapping[str, str]]] = {
    Kind.DEBIT: {"redeem": f"single_use OR {_IS_EMPTY}"},
    Kind.CAPTURE: {"redeem": f"single_use OR {_IS_EMPTY}"},
    Kind.CASH_OUT: {"redeem": f"single_use OR {_IS_EMPTY}"},
    Kind.ADJUSTMENT: {"redeem": _IS_EMPTY, "reopen": "%(amount_cents)s::bigint > 0"},
}


class Posted(NamedTuple):
    """What the statement wrote, as it returns it."""

    created_at: datetime
    hash: bytes
    sequence: int
    balance_cents: int
    currency_code: str
    status: str


def post(
    opened: OpenCard,
    *,
    kind: Kind,
    amount_cents: int,
    caller: Caller,
    occasion: Occasion,
    verb: str | None = None,
    spent_in: UUID | None = None,
    original_sequence: int | None = None,
    authorization_id: UUID | None = None,
    payment_id: UUID | None = None,
) -> LedgerEntry:
    """Post `amount_cents` (signed, minor units of the card's currency) to the ledger of a locked card, and
    record it.

    The caller has locked the row, and asked the state machine and the rules. The database still refuses a
    negative balance, a second entry under one sequence number and a foreign mode. The card is brought up to
    date with what was written, and redeemed or reopened where that follows. `verb` is the state machine's,
    where it is not the one that usually posts this kind.
    """
    card = opened.card
    told = _told(card.pk, kind, amount_cents, caller, occasion) | {
        "market_id": spent_in,
        "original_sequence": original_sequence,
        "authorization_id": authorization_id,
        "payment_id": payment_id,
        "stands_at": card.ledger_sequence,
        "more": json.dumps({"changed": opened.changed} if opened.changed else {}),
    }
    posted = _execute(_statement(kind, verb or _VERBS[kind]), told)
    if posted is None:
        raise UnlockedCardError(card)
    card.balance_cents, card.ledger_sequence = posted.balance_cents, posted.sequence
    card.ledger_hash, card.updated_at = posted.hash, posted.created_at
    if posted.status != card.status:
        if posted.status == Status.REDEEMED:
            card.redeem()
        else:
            card.reopen()
    columns = {name: told[name] for name in HASHED_COLUMNS if name in told} | posted._asdict()
    del columns["gift_card_id"], columns["status"]
    return LedgerEntry(gift_card=card, hash_version=HASH_VERSION, **columns)


def post_alone(
    card_id: UUID,
    *,
    kind: Kind,
    amount_cents: int,
    caller: Caller,
    occasion: Occasion,
    spent_in: Market | None = None,
) -> GiftCard | None:
    """Post to a card that nobody has locked, if its rules allow it as it stands and nothing else has to be
    done.

    Returns the card with what was written; its other attributes are read when they are asked for. None if
    nothing was posted: whoever wants to know why locks the card and asks.
    """
    told = _told(card_id, kind, amount_cents, caller, occasion)
    if spent_in is not None:
        told |= {"market_id": spent_in.pk, "sold_in": spent_in.currency_code}
    posted = _execute(_statement(kind, _VERBS[kind]), told)
    if posted is None:
        return None
    row = {
        "id": card_id,
        "mode": caller.mode.value,
        "status": posted.status,
        "currency_code": posted.currency_code,
        "balance_cents": posted.balance_cents,
        "ledger_sequence": posted.sequence,
        "ledger_hash": posted.hash,
        "updated_at": posted.created_at,
    }
    in_order = [field.attname for field in GiftCard._meta.concrete_fields if field.attname in row]
    return GiftCard.from_db(DEFAULT_DB_ALIAS, in_order, [row[name] for name in in_order])


class UnlockedCardError(RuntimeError):
    """Somebody else posted since the card was read: its row was not locked, which is a mistake in this
    program."""

    def __init__(self, card: GiftCard) -> None:
        super().__init__(f"Gift card {card.pk} has moved past entry {card.ledger_sequence}.")


def _told(
    card_id: UUID, kind: Kind, amount_cents: int, caller: Caller, occasion: Occasion
) -> dict[str, object]:
    """The statement's values, of which the rest is for whoever posts to say."""
    actor, reach = caller.actor, caller.market_ids
    return {
        "id": uuid7(),
        "mode": caller.mode.value,
        "gift_card_id": card_id,
        "kind": kind.value,
        "amount_cents": amount_cents,
        "market_id": None,
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "reason": occasion.reason,
        "reference": occasion.reference,
        "order_number": occasion.order_number,
        "original_sequence": None,
        "authorization_id": None,
        "payment_id": None,
        "market_ids": None if reach is None else array_of(reach),
        "sold_in": None,
        "stands_at": None,
        "event_id": uuid7(),
        "more": "{}",
    }


def _execute(statement: str, told: Mapping[str, object]) -> Posted | None:
    """Every value goes as text that the statement casts: a statement is prepared anew for every other
    combination of types, and an integer's type goes by its size."""
    rows = rows_written(
        statement, {name: None if value is None else str(value) for name, value in told.items()}
    )
    return Posted._make(rows[0]) if rows else None


@cache
def _statement(kind: Kind, verb: str) -> str:
    """Constant for each kind and verb, so that PostgreSQL plans it once for each connection.

    `locked` waits for the lock, and has the row as its last holder left it. Whatever else is read is read
    after that: the clock, which would run backwards along the chain otherwise; and the number of the next
    event and the market, by a function, because the statement itself goes on seeing what was committed when
    it began. For the same reason the UPDATE finds the row by its key alone, for by any other condition it
    would look at the version from before the wait.

    Kept under 4096 bytes and 50 values: a cursor of psycopg reads a longer one anew at every call.
    """
    parts = ", ".join(f"{_HASHED.get(name, name)}::text" for name in HASHED_COLUMNS)
    values = ", ".join(f"{_value(name)} AS {name}" for name in HASHED_COLUMNS)
    columns = ", ".join(HASHED_COLUMNS)
    statement = f"""
        WITH locked AS MATERIALIZED (
            SELECT id, status, market_id, currency_code, balance_cents, balance_max_cents, authorized_cents,
                single_use, rechargeable, expires_at, test_clock_at, archived_at, ledger_sequence, ledger_hash
            FROM giftcards_giftcard
            WHERE id = %(gift_card_id)s::uuid AND mode = %(mode)s::text AND (market_id IS NULL
                OR %(market_ids)s::uuid[] IS NULL OR market_id = ANY (%(market_ids)s::uuid[]))
                AND {AS_ASSUMED}
            FOR NO KEY UPDATE
        ), seen AS MATERIALIZED (
            SELECT seen.*, clock_timestamp() AS at
            FROM locked, giftcards_seen_under_lock(locked.id, locked.market_id) AS seen
        ), entry AS (
            SELECT {values}, {_status_after(kind, verb)} AS status, event_sequence,
                coalesce(ledger_hash, '\\x{GENESIS.hex()}') AS previous_hash
            FROM locked, seen
            WHERE {_is_one_of(moves_of(verb))} AND {_MAY.get(kind, "true")}
                AND coalesce(ledger_sequence = %(stands_at)s::int, market_keeps_remainder OR NOT single_use)
        ), posted AS MATERIALIZED (
            SELECT *, giftcards_chain_hash(previous_hash, ARRAY[{parts}]) AS hash FROM entry
        ), card AS (
            UPDATE giftcards_giftcard AS card
            SET balance_cents = posted.balance_cents, status = posted.status, updated_at = posted.created_at,
                ledger_sequence = posted.sequence, ledger_hash = posted.hash
            FROM posted WHERE card.id = posted.gift_card_id
            RETURNING card.id AS card_id
        ), written AS (
            INSERT INTO giftcards_ledgerentry ({columns}, hash_version, hash)
            SELECT {columns}, {HASH_VERSION}, hash FROM posted, card
        ), told AS (
            {INTO_EVENTS}
            SELECT %(event_id)s::uuid, mode, '{RESOURCE_TYPE}', gift_card_id, event_sequence,
                '{RESOURCE_TYPE}.{_VERBS[kind]}', actor_kind, actor_id, actor_name, reason,
                jsonb_build_object('status', status, 'entry_sequence', sequence, 'amount_cents', amount_cents,
                    'balance_cents', balance_cents) || %(more)s::jsonb
            FROM posted, card
        )
        SELECT created_at, hash, sequence, balance_cents, currency_code, status FROM posted, card
    """  # noqa: S608 (built from names and our own conditions, no value)
    return " ".join(statement.split())


_OF_THE_CARD: Final = {
    "sequence": "ledger_sequence + 1",
    "currency_code": "locked.currency_code",
    "balance_cents": _AFTERWARDS,
    "created_at": "at",
}
_HASHED: Final = {"created_at": "(extract(epoch FROM created_at) * 1000000)::bigint"}


def _value(column: str) -> str:
    if column in _OF_THE_CARD:
        return _OF_THE_CARD[column]
    field: Any = LedgerEntry._meta.get_field(column)  # none is a relation back
    return f"%({column})s::{type_of(field)}"


def _status_after(kind: Kind, verb: str) -> str:
    cases = [
        f"WHEN {_is_one_of({source: target})} AND ({when}) THEN '{target}'"
        for following, when in _FOLLOWS.get(kind, {}).items()
        for source, target in moves_of(following).items()
    ]
    cases += [
        f"WHEN {_is_one_of({source: target})} THEN '{target}'"
        for source, target in moves_of(verb).items()
        if target != source
    ]
    return f"CASE {' '.join(cases)} ELSE locked.status END" if cases else "locked.status"


def _is_one_of(statuses: Iterable[str]) -> str:
    return f"locked.status IN ({', '.join(repr(status) for status in statuses)})"
