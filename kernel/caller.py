"""Who calls an operation, in which mode and within which markets."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kernel.modes import Mode


class ActorKind(StrEnum):
    API_KEY = "api_key"
    USER = "user"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is written beside every ledger entry and event.

    `id` is the API key's or the user's id, or the name of a system process; `name` is what a person reads.
    """

    kind: ActorKind
    id: str
    name: str

    @classmethod
    def system(cls, process: str) -> "Actor":
        return cls(ActorKind.SYSTEM, process, process)


@dataclass(frozen=True, slots=True)
class Caller:
    """The one argument that carries mode, actor and reach through every operation and query.

    `market_ids` None means every market; otherwise only these, and what belongs to no market. Who
    `administers` the service also sees what concerns its API keys.
    """

    mode: Mode
    actor: Actor
    market_ids: frozenset[UUID] | None = None
    administers: bool = False

    def reaches_market(self, market_id: UUID | None) -> bool:
        return self.market_ids is None or market_id is None or market_id in self.market_ids
