"""Django's PostgreSQL backend, whose connections live as long as their thread, and which has a short way for
statements whose few rows are wanted at once."""

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection

from config.postgresql import arrays
from config.postgresql.prepared import Parameters, PreparedStatements, Row

arrays.register()


class DatabaseWrapper(base.DatabaseWrapper):
    _statements: PreparedStatements

    def rows_at_once(self, sql: str, parameters: Parameters) -> list[Row]:
        """All rows of a statement, as `cursor.fetchall()` has them. Whoever looks at statements (a wrapper, a
        log of queries) sees it come from a cursor."""
        self.ensure_connection()
        if self.execute_wrappers or self.queries_logged:
            with self.cursor() as cursor:
                cursor.execute(sql, parameters)
                rows: list[Row] = cursor.fetchall() if cursor.description else []
                return rows
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            return self._statements.rows(sql, parameters)

    def init_connection_state(self) -> None:
        super().init_connection_state()
        prepare_after = self.settings_dict["OPTIONS"].get("prepare_threshold")
        self._statements = PreparedStatements(self.connection, prepare_after)

    def close_if_unusable_or_obsolete(self) -> None:
        """Before and after each request. A server that has ended a connection has said so, and that lies
        unread in its socket; asking the server, as Django's health checks do, would be a statement more for
        each request."""
        super().close_if_unusable_or_obsolete()
        if self.connection is not None and has_something_to_read(self.connection):
            self.close()

    def _rollback(self) -> None:
        self._statements.may_be_gone()
        super()._rollback()  # type: ignore[misc]  # Django's types say nothing of it

    def _savepoint_rollback(self, sid: str) -> None:
        self._statements.may_be_gone()
        super()._savepoint_rollback(sid)  # type: ignore[misc]


def has_something_to_read(connection: Connection[Any]) -> bool:
    """Of an idle connection: the server's farewell, or the end of the line."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
