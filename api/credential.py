"""What the wire needs to know of whoever is calling; `access` provides it as `request.auth`."""

from typing import Protocol
from uuid import UUID

from kernel.caller import Caller


class Credential(Protocol):
    @property
    def caller(self) -> Caller: ...

    @property
    def scopes(self) -> frozenset[str]: ...

    @property
    def organization_id(self) -> UUID: ...

    @property
    def application_id(self) -> UUID:
        """The program that the credential belongs to; it keeps it while its keys rotate."""
        ...
