"""Medusa's database (PostgreSQL, schema of 1.20), read in one snapshot and never written to."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import class_row

from giftcards.code_format import canonical
from kernel.secret import Secret

NEEDED: Final[Mapping[str, str]] = {
    "region": "id name currency_code tax_rate tax_code gift_cards_taxable automatic_taxes tax_provider_id "
    "metadata created_at deleted_at",
    "gift_card": "id code value balance region_id order_id is_disabled ends_at tax_rate metadata created_at "
    "deleted_at",
    "gift_card_transaction": "id gift_card_id order_id amount created_at",
    "order": "id display_id region_id email metadata canceled_at",
}
"""Tables and columns, as of 1.20."""

OURS: Final = "giftcards_ledgerentry"
SECONDS_TO_CONNECT: Final = 10

_MINUTE: Final = "YYYY-MM-DD HH24:MI"
_REGIONS: Final = """
    SELECT id, name, currency_code, tax_rate::text AS tax_rate, tax_code, gift_cards_taxable,
        automatic_taxes, tax_provider_id, metadata, deleted_at IS NOT NULL AS is_deleted
    FROM region
    WHERE deleted_at IS NULL OR EXISTS (SELECT FROM gift_card WHERE region_id = region.id)
    ORDER BY created_at, id
"""
# Dates that neither Python nor our readers know are told apart here.
_CARDS: Final = f"""
    SELECT card.id, card.code, card.value, card.balance, card.region_id, card.order_id,
        bought.display_id AS order_number, card.is_disabled, card.tax_rate::text AS tax_rate, card.metadata,
        CASE WHEN card.ends_at >= '0001-01-02' AND card.ends_at < '9999-12-31' THEN card.ends_at END
            AS ends_at,
        coalesce(card.ends_at >= '9999-12-31', false) AS ends_never,
        coalesce(card.ends_at < '0001-01-02', false) AS ended_always,
        coalesce(to_char(card.created_at AT TIME ZONE 'UTC', '{_MINUTE}'), '') AS created_at,
        card.deleted_at IS NOT NULL AS is_deleted
    FROM gift_card AS card LEFT JOIN "order" AS bought ON bought.id = card.order_id
    ORDER BY card.id
"""  # noqa: S608 (a constant of ours)
_TRANSACTIONS: Final = f"""
    SELECT spent.id, spent.gift_card_id, spent.order_id, paid.display_id AS order_number, spent.amount,
        coalesce(to_char(spent.created_at AT TIME ZONE 'UTC', '{_MINUTE}'), '') AS created_at
    FROM gift_card_transaction AS spent LEFT JOIN "order" AS paid ON paid.id = spent.order_id
    WHERE spent.gift_card_id = ANY(%s)
    ORDER BY spent.created_at, spent.id
"""  # noqa: S608 (a constant of ours)
_ORDERS: Final = """
    SELECT id, display_id AS number, region_id, email, metadata, canceled_at AS cancelled_at
    FROM "order" WHERE id = ANY(%s) ORDER BY display_id
"""
# Roughly what giftcards.code_format does, so that few codes are left to be compared exactly.
_LIKE_EACH_OTHER: Final = """
    WITH spelled AS (
        SELECT id, code,
            translate(upper(regexp_replace(code, '[^[:alnum:]]', '', 'g')), 'OIL', '011') AS spelling
        FROM gift_card
    )
    SELECT id, code FROM spelled
    WHERE spelling IN (SELECT spelling FROM spelled GROUP BY 1 HAVING count(*) > 1)
    ORDER BY id
"""


class NoMedusa(Exception):
    """The database can't be read, or isn't Medusa's; the text is a sentence for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MedusaRegion:
    id: str
    name: str
    currency_code: str
    tax_rate: str | None
    tax_code: str | None
    gift_cards_taxable: bool
    automatic_taxes: bool
    tax_provider_id: str | None
    metadata: Any
    is_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MedusaOrder:
    id: str
    number: int
    region_id: str
    email: str
    metadata: Any
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MedusaTransaction:
    id: str
    gift_card_id: str
    order_id: str
    order_number: int | None
    amount: int
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MedusaCard:
    """Amounts are minor units. `created_at` is worded, in UTC."""

    id: str
    code: Secret
    value: int
    balance: int
    region_id: str
    order_id: str | None
    order_number: int | None
    is_disabled: bool
    tax_rate: str | None
    metadata: Any
    ends_at: datetime | None
    ends_never: bool
    ended_always: bool
    created_at: str
    is_deleted: bool
    transactions: list[MedusaTransaction] = field(default_factory=list)

    @property
    def owed(self) -> int:
        return max(0, self.balance)


class MedusaDatabase:
    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection

    def count_cards(self) -> int:
        row = self._connection.execute("SELECT count(*) FROM gift_card").fetchone()
        return int(row[0]) if row else 0

    def regions(self) -> list[MedusaRegion]:
        """Those that are on offer, and deleted ones that have cards."""
        with self._connection.cursor(row_factory=class_row(MedusaRegion)) as cursor:
            return cursor.execute(_REGIONS).fetchall()

    def orders(self, ids: Sequence[str]) -> list[MedusaOrder]:
        with self._connection.cursor(row_factory=class_row(MedusaOrder)) as cursor:
            return cursor.execute(_ORDERS, [[*ids]]).fetchall()

    def cards(self, at_once: int) -> Iterator[list[MedusaCard]]:
        """All of them, deleted ones too, in portions and in the order of their ids; each time the same."""
        with self._connection.cursor("cards", row_factory=_card) as cursor:
            cursor.execute(_CARDS)
            while portion := cursor.fetchmany(at_once):
                spent = self._transactions([card.id for card in portion])
                for card in portion:
                    card.transactions.extend(spent[card.id])
                yield portion

    def cards_with_the_code_of_another(self) -> frozenset[str]:
        """The ids of those whose code is only another spelling of the code of a card with a lower id: Medusa
        compares letter by letter, people and we don't."""
        seen: set[str] = set()
        twins = set()
        for card_id, code in self._connection.execute(_LIKE_EACH_OTHER):
            spelling = canonical(code)
            if spelling in seen:
                twins.add(card_id)
            seen.add(spelling)
        return frozenset(twins)

    def _transactions(self, card_ids: Sequence[str]) -> Mapping[str, list[MedusaTransaction]]:
        by_card: dict[str, list[MedusaTransaction]] = defaultdict(list)
        with self._connection.cursor(row_factory=class_row(MedusaTransaction)) as cursor:
            for spent in cursor.execute(_TRANSACTIONS, [[*card_ids]]):
                by_card[spent.gift_card_id].append(spent)
        return by_card


@contextmanager
def medusa_database(url: str) -> Iterator[MedusaDatabase]:
    """One snapshot of it, for as long as this is open. Raises NoMedusa."""
    _require_address(url)
    try:
        with psycopg.connect(url, connect_timeout=SECONDS_TO_CONNECT) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            # What is written here takes its time between two looks over there.
            connection.execute("SET idle_in_transaction_session_timeout = 0")
            connection.execute("SET statement_timeout = 0")
            _require_medusa(connection)
            yield MedusaDatabase(connection)
            connection.rollback()
    except psycopg.Error as error:
        raise NoMedusa(f"Medusa's database can't be read: {_first_line(error)}.") from None


def _require_address(url: str) -> None:
    """What PostgreSQL says about an address may repeat it, password and all."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise NoMedusa("The database of Medusa is named by a postgresql:// address.")
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        sentence = "The address of Medusa's database can't be read; in a password / and @ are %2F and %40."
        raise NoMedusa(sentence) from None


def _require_medusa(connection: "psycopg.Connection[Any]") -> None:
    found: dict[str, set[str]] = defaultdict(set)
    rows = connection.execute(
        "SELECT c.relname, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid "
        "WHERE c.oid = ANY(SELECT to_regclass(quote_ident(name)) FROM unnest(%s::text[]) AS name) "
        "AND a.attnum > 0 AND NOT a.attisdropped",
        [[*NEEDED, OURS]],
    )
    for table, column in rows:
        found[table].add(column)
    if OURS in found:
        raise NoMedusa("This is a database of this service and not Medusa's.")
    lacking = [
        f"{table}.{column}"
        for table, columns in NEEDED.items()
        for column in columns.split()
        if column not in found[table]
    ]
    if lacking:
        named = ", ".join(lacking[:3]) + (" …" if len(lacking) > 3 else "")
        raise NoMedusa(f"This is no database of Medusa 1.20: it has no {named}.")


def _card(cursor: "psycopg.Cursor[Any]") -> Callable[[Sequence[Any]], MedusaCard]:
    names = [column.name for column in cursor.description or ()]

    def made(values: Sequence[Any]) -> MedusaCard:
        row = dict(zip(names, values, strict=True))
        return MedusaCard(**{**row, "code": Secret(row["code"])})

    return made


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
