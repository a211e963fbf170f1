from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from tqdm import tqdm

SEARCHED: Final = (
    ("giftcards_giftcard", "reference"),
    ("giftcards_giftcard", "reference_origin"),
    ("recipients_giftcardrecipient", "email"),
    ("recipients_giftcardrecipient", "first_name"),
    ("recipients_giftcardrecipient", "last_name"),
    ("markets_market", "name"),
)
"""Columns that `cont` and `matches` look into; the matchers fold capitals, and so do the indexes."""


class Command(BaseCommand):
    help = (
        "Builds the indexes that serve the matchers cont and matches, by PostgreSQL's extension pg_trgm. May "
        "run beside live traffic, and again after an interruption: what is complete is kept."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            self._require_extension(cursor)
            for table, column in tqdm(SEARCHED, unit=" indexes", file=self.stderr, leave=False, disable=None):
                self._build(cursor, table, column)
        self.stdout.write(f"{len(SEARCHED)} search indexes are complete.")

    def _require_extension(self, cursor: Any) -> None:
        try:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DatabaseError as error:
            raise CommandError(
                f"This PostgreSQL has no extension pg_trgm for us ({str(error).splitlines()[0]}). "
                "Searches with cont and matches go on to read every row, within the statement timeout."
            ) from error

    def _build(self, cursor: Any, table: str, column: str) -> None:
        """Concurrently, so that nobody waits. An interrupted build leaves an invalid index, which serves
        nobody."""
        name = f"search_{table}_{column}"
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
        found = cursor.fetchone()
        if found == (True,):
            return
        if found:
            cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
        cursor.execute(
            f"CREATE INDEX CONCURRENTLY {name} ON {table} USING gin (upper({column}::text) gin_trgm_ops)"
        )
