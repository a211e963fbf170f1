"""The database's clock: the only one that decides, so that application hosts may disagree."""

from datetime import datetime
from typing import cast

from django.db import connection


def database_now() -> datetime:
    """The time now, not the time at which the transaction began (which lies before any lock wait)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return cast(datetime, now)
