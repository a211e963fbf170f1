"""Fills an empty, migrated database with cards that have a past; run by `benchmarks.databases` as a process
of its own, because Django knows one database.

    python -m benchmarks.loading CARDS

Codes are sealed by the service's own functions; cards, entries with their hash chain, and events are made by
PostgreSQL, from one row for each card that holds its code and the five hashes of its chain. Prints what the
load generator must know as JSON.
"""

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, connections, transaction  # noqa: E402

from access.models import ApiKey  # noqa: E402
from access.operations import mint_api_key, the_organization  # noqa: E402
from access.scopes import EVERY_SCOPE  # noqa: E402
from api.cursors import write_cursor  # noqa: E402
from api.declaration import declaration_of  # noqa: E402
from benchmarks.cards import CURRENCIES, code_of, key_of, portions  # noqa: E402
from benchmarks.rows import ROWS, chain  # noqa: E402
from giftcards import codes  # noqa: E402
from giftcards.api.serializers import GiftCardSerializer  # noqa: E402
from giftcards.code_keys import remember_key  # noqa: E402
from kernel.caller import Actor, Caller  # noqa: E402
from kernel.modes import Mode  # noqa: E402
from kernel.secret import Secret  # noqa: E402
from markets.operations import create_market  # noqa: E402

TABLES = ("recipients_giftcardrecipient", "giftcards_giftcard", "giftcards_ledgerentry", "events_event")
SEALED_AT_A_TIME = 20_000
LOADING = Actor.system("benchmark")
NOTED_FOR_EVER = datetime(2999, 1, 1, tzinfo=UTC)


def main(cards: int) -> None:
    with transaction.atomic():
        the_organization()
        remember_key(codes.current_version())
        key, secret = mint_api_key(application_name="Benchmark", mode=Mode.LIVE, actor=LOADING)
        # What pgbench repeats asks whether the key stands for the same as when it was captured: a use that is
        # noted each minute would be something else, and its debits would do nothing.
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=NOTED_FOR_EVER)
        markets = [_market(currency) for currency in CURRENCIES]
    load(cards, markets)
    json.dump(
        {
            "key": secret.reveal(),
            "api_key_id": str(key.pk),
            "markets": markets,
            "fields": fields_without_logs(),
            "deep_cursor": deep_cursor(cards),
            "scopes": sorted(EVERY_SCOPE),
        },
        sys.stdout,
    )


def load(cards: int, markets: list[str]) -> None:
    execute("SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
    copy_sealed_codes(cards)
    execute(chain(markets, cards))
    with loaded_fast():
        for statement in ROWS:
            execute(statement)
    execute("DROP TABLE bench_sealed, bench_card")
    for table in TABLES:
        execute(f"VACUUM (ANALYZE) {table}")
    execute("CHECKPOINT")


def copy_sealed_codes(cards: int) -> None:
    execute(
        "CREATE UNLOGGED TABLE bench_sealed (number bigint, digest bytea, prefix_digest bytea, "
        "ciphertext bytea, last_four text, key_version smallint)"
    )
    connections.close_all()  # whoever is forked must not share them
    with (
        ProcessPoolExecutor(os.cpu_count()) as sealers,
        connection.cursor() as cursor,
        cursor.copy("COPY bench_sealed FROM STDIN") as copy,
    ):
        for rows in sealers.map(sealed, portions(cards, SEALED_AT_A_TIME)):
            copy.write(rows)


def sealed(numbers: range) -> str:
    """Rows as COPY reads them."""
    return "".join(f"{number}\t{row_of(number)}\n" for number in numbers)


def row_of(number: int) -> str:
    code = codes.seal(Secret(code_of(number)), card_id=UUID(key_of(number)))
    prefix = "\\N" if code.prefix_digest is None else f"\\\\x{code.prefix_digest.hex()}"
    digest, ciphertext = f"\\\\x{code.digest.hex()}", f"\\\\x{code.ciphertext.hex()}"
    return f"{digest}\t{prefix}\t{ciphertext}\t{code.last_four}\t{code.key_version}"


@contextmanager
def loaded_fast() -> Iterator[None]:
    """Without the foreign keys' checks, which our rows pass by the way they are made, and with the indexes
    built at the end; not those that make a constraint. Triggers of the service's own stay."""
    indexes = rows_of(
        """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique""",
        list(TABLES),
    )
    checks = rows_of(
        """SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger
        WHERE tgrelid = ANY(%s::regclass[]) AND tgisinternal""",
        list(TABLES),
    )
    for table in TABLES:
        execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    for name, _definition in indexes:
        execute(f"DROP INDEX {name}")
    for table, check in checks:
        execute(f"ALTER TABLE {table} DISABLE TRIGGER {check}")
    yield
    for table, check in checks:
        execute(f"ALTER TABLE {table} ENABLE TRIGGER {check}")
    for _name, definition in indexes:
        execute(definition)
    for table in TABLES:
        execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")


def fields_without_logs() -> str:
    """Every attribute of a card but the two logs, and the relationships that cost no query of their own."""
    declaration = declaration_of(GiftCardSerializer)
    attributes = [name for name in declaration.readable if name not in {"balance_log", "usage_log"}]
    return ",".join([*attributes, "market", "gift_card_recipient"])


def deep_cursor(cards: int) -> str:
    """Behind nine tenths of the list, from the oldest on."""
    return write_cursor((key_of(cards * 9 // 10),), ("pk",), "gift_cards")


def _market(currency: str) -> str:
    caller = Caller(Mode.LIVE, LOADING)
    market = create_market(caller=caller, name=currency, code=currency.lower(), currency_code=currency)
    return str(market.pk)


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def rows_of(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


if __name__ == "__main__":
    main(int(sys.argv[1]))
