"""Django's PostgreSQL backend, whose connections live as long as their thread, and which has a short way for
statements whose few rows are wanted at once."""

import select
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from django.db import Error
from django.db.backends.postgresql import base

from config.postgresql import arrays, pooler
from config.postgresql.prepared import Parameters, PreparedByCursors, PreparedStatements, Row
from kernel.statements import AS_ASSUMED, Question

arrays.register()


class DatabaseWrapper(base.DatabaseWrapper):
    question: Question | None = None
    """Asked before any statement that it does not go along with."""

    _statements: PreparedStatements
    _is_pooled: bool

    def rows_at_once(self, sql: str, parameters: Parameters) -> list[Row]:
        """All rows of a statement, as `cursor.fetchall()` has them. Whoever looks at statements (a wrapper, a
        log of queries) sees it come from a cursor."""
        if self.question is not None:
            self.ask_now()
        self.ensure_connection()
        if self.execute_wrappers or self.queries_logged:
            with self.cursor() as cursor:
                cursor.execute(sql, parameters)
                rows: list[Row] = cursor.fetchall() if cursor.description else []
                return rows
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            return self._statements.rows(sql, parameters)

    def rows_beside_question(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """Of a SELECT, and of the question in the same statement, if there is one. Raises NoLongerSoError."""
        question = self.question
        if question is None:
            return self.rows_at_once(sql, parameters)
        together = _together(question.sql, sql)
        rows = self._rows_answering(question, together, [*question.parameters, *parameters])
        if not rows or not rows[0][0]:
            question.denied()
        return [row[2:] for row in rows if row[1]]

    def rows_if_assumed(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Of a statement that does nothing unless the question holds which is put into it. Raises
        NoLongerSoError."""
        question = self.question
        if question is None:
            return self.rows_at_once(sql, parameters)
        asked = {f"asked_{place}": value for place, value in enumerate(question.parameters)}
        rows = self._rows_answering(question, _if(question.sql, sql), {**parameters, **asked})
        if rows:
            return rows
        # For this reason or another. By now it may hold again, and the statement has done nothing.
        self.question = question
        self.ask_now()
        return self.rows_at_once(sql, parameters)

    def ask_now(self) -> None:
        """Raises NoLongerSoError."""
        question = self.question
        if question is None:
            return
        if self._rows_answering(question, question.sql, question.parameters) != [(True,)]:
            question.denied()

    def _rows_answering(self, question: Question, sql: str, parameters: Parameters) -> list[Row]:
        """Of a statement that the question is in. Without an answer it is still to be asked, whoever goes on
        after the database's error."""
        self.question = None
        try:
            return self.rows_at_once(sql, parameters)
        except Error:
            self.question = question
            raise

    def _cursor(self, name: str | None = None) -> Any:
        if self.question is not None:
            self.ask_now()
        return super()._cursor(name)  # type: ignore[misc]  # Django's types say nothing of it

    def connect(self) -> None:
        """A pooler answers although PostgreSQL is away, and says so when it is asked something: Django would
        take a connection that has not been set up for one that has."""
        try:
            super().connect()
        except psycopg.Error:
            self.close()
            raise

    def init_connection_state(self) -> None:
        super().init_connection_state()
        self._is_pooled = pooler.stands_between(self.connection)
        prepare_after = self._prepare_after()
        self.connection._prepared = PreparedByCursors(prepare_after)  # noqa: SLF001  # it has no name for it
        self._statements = PreparedStatements(self.connection, prepare_after)

    def close_if_unusable_or_obsolete(self) -> None:
        """Before each request. A server that has ended a connection has said so, and that lies unread in its
        socket; asking the server, as Django's health checks do, would be a statement more for a request."""
        super().close_if_unusable_or_obsolete()
        if self.connection is not None and has_something_to_read(self.connection):
            self.close()

    def chunked_cursor(self) -> Any:
        """Outside a transaction, PostgreSQL's process may be another one when the next rows are wanted."""
        self.ensure_connection()
        if self._is_pooled and not self.in_atomic_block:
            return self.cursor()
        return super().chunked_cursor()

    def _prepare_after(self) -> int | None:
        """How often a statement is sent before it is prepared; None for never."""
        prepare_after: int | None = self.settings_dict["OPTIONS"].get("prepare_threshold")
        if self._is_pooled and prepare_after is not None and not pooler.knows_statements(self.connection):
            return None
        return prepare_after


@lru_cache(maxsize=512)
def _together(question: str, sql: str) -> str:
    """A row for each of the SELECT's, or one without any; first whether the question holds, and whether there
    is a row. Where it doesn't hold, nothing is looked for."""
    return (
        f"WITH question AS MATERIALIZED ({question}) SELECT question.holds, found.* FROM question"  # noqa: S608
        f" LEFT JOIN LATERAL (SELECT TRUE, those.* FROM ({sql}) AS those) AS found ON question.holds"
    )


@lru_cache(maxsize=128)
def _if(question: str, sql: str) -> str:
    first, *others = question.split("%s")
    named = first + "".join(f"%(asked_{place})s{text}" for place, text in enumerate(others))
    return sql.replace(AS_ASSUMED, f"coalesce(({named}), false)")


def has_something_to_read(connection: psycopg.Connection[Any]) -> bool:
    """Of an idle connection: the server's farewell, or the end of the line."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
