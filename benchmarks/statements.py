"""The statements that the service sends for a request, as PostgreSQL's log has them, made into a script that
pgbench repeats on cards at random.

Two requests are captured on a server with one thread. What differs between them is made anew each time, a
key, a digest or a text that must be unique: pgbench puts a number there. The card that is spent has a
balance, a sequence number and a hash that occur nowhere else; where they are found, and what follows from
them, pgbench puts in what it has read itself, as the service does. What the service prepares,
pgbench prepares.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

import psycopg

from benchmarks.asking import REQUESTS
from benchmarks.cards import CURRENCIES, FIRST_NUMBER, KEY_START, first_spent, key_of
from benchmarks.databases import Database
from benchmarks.measuring import Load, generated
from benchmarks.servers import Cluster, Server, server

ONE_AT_A_TIME: Final = (
    "--interface=wsgi --workers=1 --blocking-threads=1 --workers-kill-timeout=5 --log-level=error"
)
LOGGED: Final = ("log_statement=all", "log_error_verbosity=default")
ENTRY: Final = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] (LOG|DETAIL):  ", re.MULTILINE)
STATEMENT: Final = re.compile(r"(statement|execute ([^:]+)): (.*)", re.DOTALL)
PARAMETER: Final = re.compile(r"\$(\d+) = ('(?:[^']|'')*'|NULL)")
KEY: Final = re.compile(r"\b[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}\b")
GUESSED: Final = {
    "interval": re.compile(r"'(?!')(-?\d+ days? ?)?(-?\d\d:\d\d:[\d.]+)?'"),
    "timestamptz": re.compile(r"'\d{4}-\d\d-\d\d \d\d:\d\d:[\d.]+[+-]\d\d'"),
    "bytea": re.compile(r"'\\x[0-9a-f]*'"),
}
"""Types of parameters by what is logged of them, where PostgreSQL can't see them from the statement."""

BYTES: Final = re.compile(r"\\x[0-9a-f]{64,}")

SENTINEL: Final = 2
SEQUENCE, BALANCE, HASH = 717_171_717, 818_181_818, "ab" * 32
NUMBERS: Final = {
    str(SEQUENCE + 1): ":next_sequence",
    str(SEQUENCE): ":card_ledger_sequence",
    str(BALANCE - 1): ":next_balance",
    str(BALANCE): ":card_balance_cents",
    f"\\x{HASH}": ":card_ledger_hash",
}
WHAT_FOLLOWS: Final = (
    "\\set next_sequence :card_ledger_sequence + 1",
    "\\set next_balance :card_balance_cents - 1",
)


class NotRepeatableError(Exception):
    """The statements can't be made into a script; says why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """`prepared` is its name, where the service has prepared it, and `parameters` what it was given then."""

    text: str
    prepared: str = ""
    parameters: tuple[str, ...] = ()


def script(cluster: Cluster, logging: Server, database: Database, name: str) -> str:
    """For pgbench, with `unique` given; `logging` is what `logging_server` has started. Raises
    NotRepeatableError."""
    requests = [captured(cluster, logging, database, name, seed) for seed in ("one", "two", "three")]
    for first, second in combinations(requests, 2):  # now and then, one has more to do than others
        if shape(first) == shape(second):
            break
    else:
        raise NotRepeatableError("no two requests of the same kind sent the same statements")
    spends = "<spent>" in REQUESTS[name].path
    with psycopg.connect(cluster.psql(database.name), autocommit=True, prepare_threshold=None) as connection:
        repeated = [*beginning(database.cards, spends=spends), *lines(first, second, connection)]
    return "\n".join(repeated) + "\n"


def shape(sent: list[Statement]) -> list[tuple[str, str]]:
    """Two requests have the same if they sent the same statements with other values."""
    return [(each.prepared, each.text.split(maxsplit=1)[0]) for each in sent]


@contextlib.contextmanager
def logging_server(cluster: Cluster, database: Database) -> Iterator[Server]:
    environment = cluster.environment(database.name, *LOGGED)
    with server(environment, options=ONE_AT_A_TIME) as logging:
        yield logging


@contextlib.contextmanager
def sentinel(cluster: Cluster, database: Database) -> Iterator[None]:
    """Gives a card its rare numbers, and afterwards everything back that it had."""
    card = key_of(SENTINEL)
    columns = "balance_cents, ledger_sequence, ledger_hash"
    change = f"UPDATE giftcards_giftcard SET ({columns}) = (%s, %s, %s) WHERE id = %s"
    with psycopg.connect(cluster.psql(database.name), autocommit=True) as connection:
        kept = connection.execute(
            f"SELECT {columns} FROM giftcards_giftcard WHERE id = %s", [card]
        ).fetchone()
        events = connection.execute(
            "SELECT count(*) FROM events_event WHERE subject_id = %s", [card]
        ).fetchone()
        assert kept is not None
        assert events is not None
        connection.execute(change, [BALANCE, SEQUENCE, bytes.fromhex(HASH), card])
        yield
        with connection.transaction():
            for table, key, guard, last in (
                ("giftcards_ledgerentry", "gift_card_id", "ledger_is_append_only", kept[1]),
                ("events_event", "subject_id", "events_are_append_only", events[0]),
            ):
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
                connection.execute(f"DELETE FROM {table} WHERE {key} = %s AND sequence > %s", [card, last])
                connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {guard}")
            connection.execute(change, [*kept, card])


def captured(cluster: Cluster, logging: Server, database: Database, name: str, seed: str) -> list[Statement]:
    """Of one request, after others that leave nothing to be done for the first time."""
    one = replace(database.subject, card=SENTINEL)
    generated(name, logging, one, Load(1, 60, requests=8, seed=f"before {seed}"))
    with sentinel(cluster, database):
        before = cluster.log.stat().st_size
        generated(name, logging, one, Load(1, 60, requests=1, seed=f"captured {seed}"))
    with cluster.log.open() as log:
        log.seek(before)
        return statements(log.read())


def statements(log: str) -> list[Statement]:
    """What is logged of the service's own connections: PostgreSQL indents the further lines by a tab."""
    found: list[Statement] = []
    parts = ENTRY.split(log)[1:]
    for kind, text in zip(parts[::2], parts[1::2], strict=True):
        message = text.rstrip("\n").replace("\n\t", "\n")
        if kind == "DETAIL":
            found[-1] = replace(found[-1], parameters=tuple(each[1] for each in PARAMETER.findall(message)))
        elif match := STATEMENT.fullmatch(message):
            prepared = match[2] or ""
            found.append(Statement(match[3], "" if prepared == "<unnamed>" else prepared))
    return [inlined(each) for each in found]


def inlined(statement: Statement) -> Statement:
    """Parameters of what was not prepared stand in its text again."""
    if statement.prepared or not statement.parameters:
        return statement
    text = re.sub(r"\$(\d+)", lambda match: statement.parameters[int(match[1]) - 1], statement.text)
    return Statement(text)


def beginning(cards: int, *, spends: bool) -> list[str]:
    """Cards of even numbers are spent, those of odd ones read (see benchmarks.asking); those spent are in the
    sentinel's market, because statements name it."""
    first = first_spent(cards) if spends else 1
    last = (cards - first) // len(CURRENCIES)
    return [
        f"\\set number {FIRST_NUMBER + first} + {len(CURRENCIES)} * random(0, {last})",
        "\\set stream 1000 + :client_id",
        "\\set unique :unique + 1",
    ]


def lines(
    first: list[Statement], second: list[Statement], connection: "psycopg.Connection[Any]"
) -> Iterator[str]:
    fresh = fresh_ones(first, second)
    texts = [one_line(varied(each, fresh)) for each in first]
    reads_first = any(":card_" in each or ":next_" in each for each in texts)
    for statement, text in zip(first, texts, strict=True):
        if statement.prepared:
            yield f"\\if :{variable(statement)} = 0"
            yield f"{prepared(statement, connection)};"
            yield f"\\set {variable(statement)} 1"
            yield "\\endif"
        if reads_first and "FOR NO KEY UPDATE" in statement.text:
            yield f"{text} \\gset card_"
            yield from WHAT_FOLLOWS
        else:
            yield f"{text};"


def prepared(statement: Statement, connection: "psycopg.Connection[Any]") -> str:
    """As PREPARE; PostgreSQL is asked whether it understands the parameters. Raises NotRepeatableError."""
    types = [
        next((name for name, looks in GUESSED.items() if looks.fullmatch(each)), "unknown")
        for each in statement.parameters
    ]
    declared = f"({', '.join(types)})" if types else ""
    text = f"PREPARE {statement.prepared}{declared} AS {one_line(statement.text)}"
    try:
        connection.execute(text)
        connection.execute(f"DEALLOCATE {statement.prepared}")
    except psycopg.Error as error:
        raise NotRepeatableError(str(error).splitlines()[0]) from None
    return text


def variable(statement: Statement) -> str:
    return f"has_{re.sub('[^a-z0-9]', '_', statement.prepared.lower())}"


def prepared_names(text: str) -> list[str]:
    """The variables of a script that say whether a connection has prepared a statement."""
    return re.findall(r"\\if :(\w+) = 0", text)


def fresh_ones(first: list[Statement], second: list[Statement]) -> dict[str, str]:
    """What one request inserts and the other does not, and what stands there instead."""
    ours, theirs = (
        " ".join(
            text for each in some for text in (each.text, *each.parameters) if "INSERT INTO" in each.text
        )
        for some in (first, second)
    )
    fresh: dict[str, str] = {}
    keys = [match[0] for match in KEY.finditer(ours) if match[0] not in theirs]
    for key in keys:
        place = list(dict.fromkeys(map(digits, keys))).index(digits(key))
        # Like the service's own, they grow: each stream's keys lie side by side in an index.
        fresh[key] = f"019f00{place:02x}-:stream-7000-8000-:unique"
    for each in dict.fromkeys(BYTES.findall(ours)):
        if each not in theirs and HASH not in each:
            fresh[each] = f"{each[:-16]}:stream:unique"
    return fresh


def digits(key: str) -> str:
    return key.replace("-", "")


def varied(statement: Statement, fresh: dict[str, str]) -> str:
    text = statement.text
    if statement.prepared:
        given = f"({', '.join(statement.parameters)})" if statement.parameters else ""
        text = f"EXECUTE {statement.prepared}{given}"
    for card in (key_of(SENTINEL), digits(key_of(SENTINEL))):
        text = text.replace(card, f"{KEY_START}:number")
    for known, put in (NUMBERS | fresh).items():
        text = text.replace(known, put)
    return text


def one_line(text: str) -> str:
    """A script's statement may have several lines; but `\\gset` must stand in its last one."""
    return " ".join(text.split("\n")).rstrip().rstrip(";")
