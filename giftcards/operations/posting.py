"""The one door to the ledger. Nothing else in the project creates an entry or moves a balance."""

from functools import cache
from typing import Final
from uuid import UUID

from django.db import connection

from giftcards.chain import GENESIS, HASH_VERSION
from giftcards.models import GiftCard, Kind, LedgerEntry
from giftcards.models.ledger import HASHED_COLUMNS
from giftcards.operations.occasion import Occasion
from kernel.caller import Caller
from kernel.keys import uuid7

_GIVEN_COLUMNS: Final = tuple(column for column in HASHED_COLUMNS if column != "created_at")


def post(
    card: GiftCard,
    *,
    kind: Kind,
    amount_cents: int,
    caller: Caller,
    occasion: Occasion,
    spent_in: UUID | None = None,
    original_sequence: int | None = None,
    authorization_id: UUID | None = None,
    payment_id: UUID | None = None,
) -> LedgerEntry:
    """Post `amount_cents` (signed, minor units of the card's currency) to the ledger of a locked card.

    The caller has locked the row, asked the state machine and the rules, and left the status that follows on
    `card`: status and balance are written together. The database still refuses a negative balance, a second
    entry under one sequence number and a foreign mode. `card` is brought up to date with what was written.
    """
    balance_before = card.balance_cents if card.ledger_sequence else 0
    entry = LedgerEntry(
        id=uuid7(),
        mode=card.mode,
        gift_card=card,
        sequence=card.ledger_sequence + 1,
        kind=kind,
        currency_code=card.currency_code,
        amount_cents=amount_cents,
        balance_cents=balance_before + amount_cents,
        market_id=spent_in,
        actor_kind=caller.actor.kind,
        actor_id=caller.actor.id,
        actor_name=caller.actor.name,
        reason=occasion.reason,
        reference=occasion.reference,
        order_number=occasion.order_number,
        original_sequence=original_sequence,
        authorization_id=authorization_id,
        payment_id=payment_id,
        hash_version=HASH_VERSION,
    )
    given = {column: getattr(entry, column) for column in _GIVEN_COLUMNS}
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(), given | {"status": card.status, "previous_hash": card.ledger_hash or GENESIS}
        )
        row = cursor.fetchone()
    if row is None:
        raise UnlockedCardError(card)
    entry.created_at, entry.hash = row
    card.balance_cents, card.ledger_sequence = entry.balance_cents, entry.sequence
    card.ledger_hash, card.updated_at = entry.hash, entry.created_at
    return entry


class UnlockedCardError(RuntimeError):
    """Somebody else posted since the card was read: its row was not locked, which is a mistake in this
    program."""

    def __init__(self, card: GiftCard) -> None:
        super().__init__(f"Gift card {card.pk} has moved past entry {card.ledger_sequence}.")


@cache
def _statement() -> str:
    """Moves the card's balance, status and head of chain, and writes the entry, in one statement.

    Its time is read inside the statement, while the row lock is held: the transaction's own time lies before
    any wait for that lock, and would run backwards along the chain.
    """
    given = {column: f"%({column})s::{_type(column)}" for column in _GIVEN_COLUMNS}
    microseconds = "(extract(epoch FROM clock.at) * 1000000)::bigint"
    hashed = ", ".join(f"({given.get(column, microseconds)})::text" for column in HASHED_COLUMNS)
    written = ", ".join(given.get(column, "posted.at") for column in HASHED_COLUMNS)
    return f"""
        WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS at),
        posted AS MATERIALIZED (
            SELECT clock.at, giftcards_chain_hash(%(previous_hash)s, ARRAY[{hashed}]) AS hash FROM clock
        ),
        card AS (
            UPDATE giftcards_giftcard
            SET balance_cents = {given["balance_cents"]}, status = %(status)s, ledger_sequence =
            {given["sequence"]},
                ledger_hash = posted.hash, updated_at = posted.at
            FROM posted
            WHERE id = {given["gift_card_id"]} AND ledger_sequence = {given["sequence"]} - 1
            RETURNING id
        )
        INSERT INTO giftcards_ledgerentry ({", ".join(HASHED_COLUMNS)}, hash_version, hash)
        SELECT {written}, {HASH_VERSION}, posted.hash FROM posted, card
        RETURNING created_at, hash
    """  # noqa: S608 (built from column names, no value)


def _type(column: str) -> str:
    """The column's type without its length: a cast to varchar(4) would cut silently where an insert
    refuses."""
    field = LedgerEntry._meta.get_field(column)
    return str(field.db_type(connection)).split("(")[0]
