"""The tables of Medusa 1.20 that an import reads, with the columns, types and constraints of its migrations;
what these tables refer to elsewhere is left out."""

from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

TABLES: Final = """
    CREATE TYPE order_status_enum AS ENUM ('pending', 'completed', 'archived', 'canceled', 'requires_action');
    CREATE TABLE currency (
        code character varying NOT NULL PRIMARY KEY, symbol character varying NOT NULL,
        symbol_native character varying NOT NULL, name character varying NOT NULL
    );
    CREATE TABLE region (
        id character varying NOT NULL PRIMARY KEY, name character varying NOT NULL,
        currency_code character varying NOT NULL REFERENCES currency (code), tax_rate real NOT NULL,
        tax_code character varying,
        created_at timestamp with time zone NOT NULL DEFAULT now(),
        updated_at timestamp with time zone NOT NULL DEFAULT now(),
        deleted_at timestamp with time zone, metadata jsonb,
        gift_cards_taxable boolean NOT NULL DEFAULT true, automatic_taxes boolean NOT NULL DEFAULT true,
        tax_provider_id character varying
    );
    CREATE TABLE "order" (
        id character varying NOT NULL PRIMARY KEY, status order_status_enum NOT NULL DEFAULT 'pending',
        display_id serial NOT NULL, customer_id character varying NOT NULL, email character varying NOT NULL,
        region_id character varying NOT NULL REFERENCES region (id),
        currency_code character varying NOT NULL REFERENCES currency (code), tax_rate real,
        canceled_at timestamp with time zone,
        created_at timestamp with time zone NOT NULL DEFAULT now(),
        updated_at timestamp with time zone NOT NULL DEFAULT now(), metadata jsonb,
        idempotency_key character varying
    );
    CREATE TABLE gift_card (
        id character varying NOT NULL PRIMARY KEY, code character varying NOT NULL, value integer NOT NULL,
        balance integer NOT NULL, region_id character varying NOT NULL REFERENCES region (id),
        order_id character varying REFERENCES "order" (id), is_disabled boolean NOT NULL DEFAULT false,
        ends_at timestamp with time zone,
        created_at timestamp with time zone NOT NULL DEFAULT now(),
        updated_at timestamp with time zone NOT NULL DEFAULT now(),
        deleted_at timestamp with time zone, metadata jsonb, tax_rate real
    );
    CREATE UNIQUE INDEX "IDX_53cb5605fa42e82b4d47b47bda" ON gift_card (code);
    CREATE TABLE gift_card_transaction (
        id character varying NOT NULL PRIMARY KEY,
        gift_card_id character varying NOT NULL REFERENCES gift_card (id),
        order_id character varying NOT NULL REFERENCES "order" (id), amount integer NOT NULL,
        created_at timestamp with time zone NOT NULL DEFAULT now(), is_taxable boolean, tax_rate real,
        CONSTRAINT gcuniq UNIQUE (gift_card_id, order_id)
    );
    INSERT INTO currency VALUES
        ('eur', '€', '€', 'Euro'), ('jpy', '¥', '￥', 'Japanese Yen'), ('xxx', 'x', 'x', 'None');
"""


class MedusaShop:
    """A Medusa database, filled by SQL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._orders = 0

    def run(self, statement: str, *values: Any) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement, values or None)

    def empty(self) -> None:
        self.run('TRUNCATE gift_card_transaction, gift_card, "order", region')

    def has(self, table: str, **columns: Any) -> str:
        values = [Jsonb(value) if isinstance(value, dict | list) else value for value in columns.values()]
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, columns)),
                    sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
                ),
                values,
            )
        return str(columns["id"])

    def region(self, **columns: Any) -> str:
        given = {"id": "reg_eu", "name": "Europe", "currency_code": "eur", "tax_rate": 19, **columns}
        return self.has("region", **given)

    def card(self, card_id: str, code: str, value: int, balance: int | None = None, **columns: Any) -> str:
        worth = value if balance is None else balance
        given = {"id": card_id, "code": code, "value": value, "balance": worth, "region_id": "reg_eu"}
        return self.has("gift_card", **{**given, "tax_rate": 19, **columns})

    def order(self, order_id: str, display_id: int, **columns: Any) -> str:
        given = {"id": order_id, "display_id": display_id, "customer_id": "cus_1", "email": "ada@example.com"}
        return self.has("order", **{**given, "region_id": "reg_eu", "currency_code": "eur", **columns})

    def spends(self, card_id: str, amount: int, display_id: int, *, moment: str = "2023-05-01T10:00Z") -> str:
        """On an order of its own; the balance stays what it is."""
        order = self.order(f"order_{display_id}", display_id)
        return self.has(
            "gift_card_transaction",
            id=f"gct_{display_id}",
            gift_card_id=card_id,
            order_id=order,
            amount=amount,
            created_at=moment,
        )
