from dataclasses import dataclass

from tests.server import Server


@dataclass(frozen=True)
class Service:
    """A server whose DATABASE_URL names two ports of PostgreSQL, and whichever of them may be written to; and
    a test key, which is good in every copy of the seed."""

    server: Server
    key: str
    ports: tuple[int, int]


def address_of(ports: tuple[int, int]) -> str:
    named = f"port={ports[0]},{ports[1]}"
    return f"postgresql://giftcards@127.0.0.1,127.0.0.1/giftcards?{named}&target_session_attrs=read-write"
