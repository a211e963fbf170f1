"""The SQL that makes cards, ledger entries and events, in the order in which a shop would have made them: all
issues, then all first debits, and so on, so that a card's entries lie far apart."""

from typing import Final

from benchmarks.cards import CARDS_PER_RECIPIENT, CURRENCIES, DEBITS, FACE_VALUE, FIRST_NUMBER, KEY_START
from giftcards.chain import GENESIS, HASH_VERSION
from giftcards.models.ledger import HASHED_COLUMNS

LAST: Final = DEBITS + 1
ACTOR: Final = {"actor_kind": "system", "actor_id": "benchmark", "actor_name": "Benchmark"}
DAY: Final = 24 * 60 * 60 * 1_000_000
BETWEEN: Final = 3 * DAY
"""Microseconds from one step in a card's life to the next."""

STEPS: Final = LAST + 2
NUMBER: Final = f"({FIRST_NUMBER} + number)::text"
CARD_KEY: Final = f"('{KEY_START}' || {NUMBER})"
RECIPIENT_KEY: Final = (
    f"('0192ffff-0000-7000-8000-' || ({FIRST_NUMBER} + number / {CARDS_PER_RECIPIENT})::text)"
)
CURRENCY: Final = f"(ARRAY{list(CURRENCIES)})[number % {len(CURRENCIES)} + 1]"


def time_of(step: str) -> str:
    """Microseconds since 1970, as SQL: steps follow each other, and within one the cards."""
    return f"(start + {step}::bigint * {BETWEEN} + number * ({BETWEEN} / (cards + 1)))"


def at(step: str) -> str:
    return f"(timestamptz 'epoch' + {time_of(step)} * interval '1 microsecond')"


def entry_key(sequence: int) -> str:
    return f"('0193000{sequence}-1111-7000-8000-' || {NUMBER})"


def amount(sequence: int) -> str:
    return "face_value" if sequence == 1 else str(-100 * sequence)


def balance(sequence: int) -> str:
    spent = sum(100 * each for each in range(2, sequence + 1))
    return f"(face_value - {spent})"


def hashed(sequence: int) -> dict[str, str | None]:
    """What an entry's hash covers, as SQL texts; None for what is null."""
    is_debit = sequence > 1
    return {
        "id": entry_key(sequence),
        "mode": "'live'",
        "gift_card_id": CARD_KEY,
        "sequence": f"'{sequence}'",
        "kind": "'debit'" if is_debit else "'issue'",
        "currency_code": CURRENCY,
        "amount_cents": f"({amount(sequence)})::text",
        "balance_cents": f"{balance(sequence)}::text",
        "market_id": None,
        **{column: f"'{value}'" for column, value in ACTOR.items()},
        "reason": "''",
        "reference": f"('order-{sequence}-' || number)" if is_debit else None,
        "order_number": "number::text" if is_debit else None,
        "original_sequence": None,
        "authorization_id": None,
        "payment_id": None,
        "created_at": f"{time_of(str(sequence))}::text",
    }


def chain_hash(previous: str, sequence: int) -> str:
    """giftcards.chain.chain_hash in SQL without a function call, which would take most of the time."""
    parts = hashed(sequence)
    assert set(parts) == set(HASHED_COLUMNS)
    netstrings = " || ".join(
        "'-,'" if parts[column] is None else f"octet_length({parts[column]}) || ':' || {parts[column]} || ','"
        for column in HASHED_COLUMNS
    )
    return f"sha256({previous} || convert_to({netstrings}, 'UTF8'))"


def chain(markets: list[str], cards: int) -> str:
    """A table with a row for each card: what its rows are made of, and the hashes of its entries."""
    hashes = []
    previous = f"'\\x{GENESIS.hex()}'::bytea"
    for sequence in range(1, LAST + 1):
        # OFFSET keeps PostgreSQL from writing each hash out into the next, which would compute it again.
        hashes.append(
            f"CROSS JOIN LATERAL (SELECT {chain_hash(previous, sequence)} AS hash{sequence} OFFSET 0) "
            f"AS link{sequence}"
        )
        previous = f"hash{sequence}"
    return f"""
        CREATE UNLOGGED TABLE bench_card AS
        SELECT given.*, (ARRAY{markets}::uuid[])[number % {len(markets)} + 1] AS market,
            {", ".join(f"hash{sequence}" for sequence in range(1, LAST + 1))}
        FROM (
            SELECT sealed.*, {FACE_VALUE} + number % 100000 * 10 AS face_value, {cards}::bigint AS cards,
                (extract(epoch FROM date_trunc('day', now())) * 1000000)::bigint - {STEPS * BETWEEN} AS start
            FROM bench_sealed AS sealed OFFSET 0
        ) AS given
        {" ".join(hashes)}
    """


def insert(table: str, columns: dict[str, str], *, only: str = "true") -> str:
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
        f"FROM bench_card WHERE {only} ORDER BY number"
    )


def recipients() -> str:
    columns = {
        "id": f"{RECIPIENT_KEY}::uuid",
        "mode": "'live'",
        "email": f"'holder-' || number / {CARDS_PER_RECIPIENT} || '@example.com'",
        "first_name": "'Ada'",
        "last_name": "'Lovelace'",
        "metadata": "'{}'::jsonb",
        "created_at": at("0"),
        "updated_at": at("0"),
    }
    # Number 1 has no multiple of four before it.
    return insert(
        "recipients_giftcardrecipient", columns, only=f"number % {CARDS_PER_RECIPIENT} = 0 OR number = 1"
    )


def cards() -> str:
    columns = {
        "id": f"{CARD_KEY}::uuid",
        "mode": "'live'",
        "reference": "'card-' || number",
        "metadata": "jsonb_build_object('campaign', number % 100)",
        "created_at": at("0"),
        "updated_at": at(str(LAST)),
        "status": "'active'",
        "code_digest": "digest",
        "code_prefix_digest": "prefix_digest",
        "code_ciphertext": "ciphertext",
        "code_last_four": "last_four",
        "code_key_version": "key_version",
        "currency_code": CURRENCY,
        "initial_balance_cents": "face_value",
        "balance_cents": balance(LAST),
        "authorized_cents": "0",
        "ledger_sequence": str(LAST),
        "ledger_hash": f"hash{LAST}",
        "single_use": "false",
        "rechargeable": "true",
        "distribute_discount": "true",
        "expires_at": f"CASE WHEN number % 2 = 0 THEN {at('365')} END",
        "market_id": "market",
        "gift_card_recipient_id": f"{RECIPIENT_KEY}::uuid",
    }
    return insert("giftcards_giftcard", columns)


def entries(sequence: int) -> str:
    texts = {column: text or "NULL" for column, text in hashed(sequence).items()}
    types = {"id": "uuid", "gift_card_id": "uuid", "sequence": "int", "amount_cents": "bigint"}
    types |= {"balance_cents": "bigint"}
    columns = {
        column: f"{text}::{types[column]}" if column in types else text for column, text in texts.items()
    }
    columns |= {"market_id": "NULL::uuid", "original_sequence": "NULL::int"}
    columns |= {"authorization_id": "NULL::uuid", "payment_id": "NULL::uuid", "created_at": at(str(sequence))}
    columns |= {"hash_version": str(HASH_VERSION), "hash": f"hash{sequence}"}
    return insert("giftcards_ledgerentry", columns)


def events(number: int, verb: str, status: str, entry: int | None = None) -> str:
    told = f"'status', '{status}'"
    if entry is not None:
        told += f", 'entry_sequence', {entry}, 'amount_cents', {amount(entry)}"
        told += f", 'balance_cents', {balance(entry)}"
    step = str(entry or 1) if number > 1 else "0"
    columns = {
        "id": f"('0193000{number}-2222-7000-8000-' || {NUMBER})::uuid",
        "mode": "'live'",
        "subject_type": "'gift_cards'",
        "subject_id": f"{CARD_KEY}::uuid",
        "sequence": str(number),
        "topic": f"'gift_cards.{verb}'",
        **{column: f"'{value}'" for column, value in ACTOR.items()},
        "reason": "''",
        "data": f"jsonb_build_object({told})",
        "created_at": at(step),
    }
    return insert("events_event", columns)


ROWS: Final = (
    recipients(),
    cards(),
    *(entries(sequence) for sequence in range(1, LAST + 1)),
    events(1, "create", "draft"),
    events(2, "purchase", "inactive", entry=1),
    events(3, "activate", "active"),
    *(events(sequence + 2, "debit", "active", entry=sequence) for sequence in range(2, LAST + 1)),
)
