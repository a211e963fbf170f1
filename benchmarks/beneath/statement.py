"""One SELECT of some of a card's columns through psycopg, on a connection for each thread."""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import orjson
import psycopg

COLUMNS = ("status", "currency_code", "balance_cents", "reference", "single_use", "rechargeable")
SELECT = f"SELECT {', '.join(COLUMNS)} FROM giftcards_giftcard WHERE id = %s"
of_thread = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if not hasattr(of_thread, "cursor"):
        of_thread.cursor = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True).cursor()
    key = UUID(environ["PATH_INFO"].rpartition("/")[2])
    row = of_thread.cursor.execute(SELECT, [key]).fetchone()
    card = {"type": "gift_cards", "id": str(key), "attributes": dict(zip(COLUMNS, row or (), strict=True))}
    body = orjson.dumps({"data": card})
    length = str(len(body))
    start_response("200 OK", [("Content-Type", "application/vnd.api+json"), ("Content-Length", length)])
    return [body]
