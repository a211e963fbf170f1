"""Who calls: every token of the example service, and what it may."""

from dataclasses import dataclass, replace
from uuid import UUID

from kernel.caller import Actor, Caller
from kernel.modes import Mode

ORGANIZATION = UUID("00000000-0000-7000-8000-00000000acee")
APPLICATION = UUID("00000000-0000-7000-8000-0000000000a1")
ANOTHER_APPLICATION = UUID("00000000-0000-7000-8000-0000000000a2")
CITY = UUID("00000000-0000-7000-8000-0000000000c1")
SCHOOL = UUID("00000000-0000-7000-8000-0000000000c2")
ALL = frozenset({"read", "write", "shelve"})


@dataclass(frozen=True)
class Reader:
    caller: Caller
    scopes: frozenset[str] = ALL
    organization_id: UUID = ORGANIZATION
    application_id: UUID = APPLICATION


def caller(mode: Mode, market_ids: frozenset[UUID] | None = None) -> Caller:
    return Caller(mode, Actor.system("tests"), market_ids)


librarian = Reader(caller(Mode.TEST))
READERS = {
    "librarian": librarian,
    "visitor": replace(librarian, scopes=frozenset({"read"})),
    "publisher": replace(librarian, scopes=ALL | {"isbn:reveal"}),
    "school": replace(librarian, caller=caller(Mode.TEST, frozenset({SCHOOL}))),
    "stranger": Reader(caller(Mode.LIVE)),
    "neighbour": replace(librarian, application_id=ANOTHER_APPLICATION),
    "nobody": replace(librarian, scopes=frozenset()),
}
