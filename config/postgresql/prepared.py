"""Statements whose few rows are wanted at once, by libpq's own calls: a cursor of psycopg does so much more
around them that a look-up takes Python twice as long.

Like psycopg's, they are prepared once they have been sent a few times, and PostgreSQL keeps their plans. By
names that no other connection has: whoever is given another connection's process of PostgreSQL, by a pooler,
finds that a name is unknown there, and never somebody else's statement.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from secrets import randbits
from typing import Any, Final, TypeAlias, cast

from psycopg import Connection, Cursor, OperationalError, errors
from psycopg._preparing import Prepare, PrepareManager
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.types.datetime import TimestamptzLoader

Row: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]
Key: TypeAlias = tuple[bytes, tuple[int, ...]]

MOST: Final = 200
"""Statements of which a connection remembers how often they were sent, the latest."""

STALE: Final = frozenset(
    str(error.sqlstate).encode() for error in (errors.InvalidSqlStatementName, errors.FeatureNotSupported)
)
"""Of what is prepared no longer, and of a plan whose columns have another type since a migration."""

DISCARDING: Final = (b"ALTER", b"DROP", b"DEALLOCATE ALL", b"DISCARD ALL")
"""After these, a column that psycopg's cursors read may have another type."""

PLACEHOLDER: Final = re.compile(r"%(?:\((\w+)\))?s|%%")


@dataclass(slots=True)
class Sent:
    """How often, and its name once it is prepared."""

    times: int = 0
    name: bytes = b""


class PreparedStatements:
    """Those of one connection. Not for several threads."""

    def __init__(self, connection: Connection[Any], prepare_after: int | None) -> None:
        self._connection = connection
        self._libpq = connection.pgconn
        self._values = Transformer(_reading_times_fast(connection))
        self._prepare_after = prepare_after
        self._sent: OrderedDict[Key, Sent] = OrderedDict()
        self._numbers = count(randbits(63))

    def rows(self, sql: str, parameters: Parameters) -> list[Row]:
        """All rows. Raises psycopg's errors."""
        if not (self._connection.autocommit or self._is_in_transaction):
            self._checked(self._libpq.exec_(b"BEGIN"))  # as psycopg's cursors do
        text = _text_of(sql)
        values = self._values.dump_sequence(text.in_order(parameters), text.formats)
        result = self._result_of((text.sql, self._values.types or ()), values)
        self._values.set_pgresult(result)
        return cast(list[Row], self._values.load_rows(0, result.ntuples, tuple))

    def _result_of(self, key: Key, values: Sequence[Any]) -> PGresult:
        known = self._known(key)
        known.times += 1
        formats = self._values.formats
        if not known.name and self._prepare_after is not None and known.times > self._prepare_after:
            self._prepare(key, known)
        if not known.name:
            return self._checked(self._libpq.exec_params(key[0], values, key[1], formats))
        result = self._libpq.exec_prepared(known.name, values, formats)
        if result.error_field(DiagnosticField.SQLSTATE) in STALE:
            known.times, known.name = 0, b""
            if not self._is_in_transaction:
                return self._result_of(key, values)
        return self._checked(result)

    def _known(self, key: Key) -> Sent:
        known = self._sent.get(key)
        if known is not None:
            self._sent.move_to_end(key)
            return known
        if len(self._sent) >= MOST:
            _, oldest = self._sent.popitem(last=False)
            if oldest.name:
                # Not by DEALLOCATE: that fails for what is gone and in a transaction that has failed, and
                # poolers between don't understand it.
                self._checked(self._libpq.close_prepared(oldest.name))
        known = self._sent[key] = Sent()
        return known

    def _prepare(self, key: Key, known: Sent) -> None:
        name = b"gc_%d" % next(self._numbers)
        self._checked(self._libpq.prepare(name, *key))
        known.name = name

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
            return result
        if self._libpq.status == ConnStatus.BAD:
            raise OperationalError(result.get_error_message())
        raise errors.error_from_result(result, encoding=self._connection.info.encoding)

    @property
    def _is_in_transaction(self) -> bool:
        return self._libpq.transaction_status != TransactionStatus.IDLE


class PreparedByCursors(PrepareManager):
    """psycopg's books of what its cursors prepare, which it keeps otherwise: it counts the names of every
    connection from 0 on, and has PostgreSQL forget all statements, ours among them, after each rollback."""

    def __init__(self, prepare_after: int | None) -> None:
        super().__init__()
        self.prepare_threshold = prepare_after
        self._prepared_idx = randbits(63)

    def clear(self) -> bool:
        """After a rollback, which they outlive."""
        return False

    def _should_discard(self, prep: Prepare, results: Sequence[PGresult], *_more: Any) -> bool:
        """Only its own are closed."""
        discards = any((result.command_status or b"").startswith(DISCARDING) for result in results)
        if discards:
            self._to_flush.extend(self._names.values())
            self._names.clear()
        return discards


def _reading_times_fast(connection: Connection[Any]) -> Cursor[Any]:
    """Django sets the connection to its time zone and puts it on each time that is read once more, in Python:
    5 microseconds instead of a fifth of one."""
    context = connection.cursor()
    context.adapters.register_loader("timestamptz", TimestamptzLoader)
    return context


@dataclass(frozen=True, slots=True)
class Text:
    """A statement as PostgreSQL reads it, with `$1` where `%s` or `%(name)s` stood; `names` of the latter."""

    sql: bytes
    names: tuple[str, ...]
    formats: tuple[PyFormat, ...]

    def in_order(self, parameters: Parameters) -> Sequence[Any]:
        if isinstance(parameters, Mapping):
            return [parameters[name] for name in self.names]
        return parameters


@lru_cache(maxsize=512)
def _text_of(sql: str) -> Text:
    places: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        name = match[1] or f"{len(places)}"
        return f"${places.setdefault(name, len(places) + 1)}"

    written = PLACEHOLDER.sub(numbered, sql).encode()
    return Text(written, tuple(places), (PyFormat.AUTO,) * len(places))
