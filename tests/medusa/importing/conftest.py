import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from tests.medusa.importing.medusa_tables import TABLES, MedusaShop


def address(database: str) -> str:
    """Of a database on the server of the tests."""
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres") as there:
        info = there.info
        parts = {"host": info.host, "port": info.port, "user": info.user, "password": info.password}
    return f"postgresql:///{database}?" + urlencode({name: part for name, part in parts.items() if part})


@pytest.fixture(scope="session")
def medusa_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The address of a second database, on the same server."""
    name = f"{connection.settings_dict['NAME']}_medusa"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(address("postgres"), autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        with psycopg.connect(address(name), autocommit=True) as fresh:
            fresh.execute(TABLES)
        yield address(name)
        server.execute(drop)


@pytest.fixture
def medusa(medusa_database: str) -> MedusaShop:
    shop = MedusaShop(medusa_database)
    shop.empty()
    return shop
