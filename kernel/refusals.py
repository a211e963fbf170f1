"""Why an operation refuses; nothing has been changed when one of these is raised.

Refusal
├── NotFound          no such object within the caller's mode and markets
├── Invalid           one rule refuses one value, or the operation itself
├── InvalidSet        several rules at once
├── InUse             a delete, while other records depend on the object
└── Conflict          another request won a race for the same value

The domain raises them; each interface (JSON:API, admin, command) words them in its own way, in one place.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

OPERATION: Final = "operation"
"""`Invalid.about` when no single value is at fault, but the operation in the object's present state."""

KEY: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Refusal(Exception):
    """Base of all refusals; its text is one sentence for a person."""


class NotFound(Refusal):
    """Repeats the identifier only if it is a key: what else was looked up may be a gift card's code."""

    def __init__(self, resource_type: str, identifier: object) -> None:
        self.resource_type = resource_type
        self.identifier = str(identifier)
        named = f"id {self.identifier}" if KEY.fullmatch(self.identifier) else "this id"
        super().__init__(f"There is nothing of type {resource_type} with {named}.")


class Invalid(Refusal):
    """`about` names an attribute, a relationship or `OPERATION`; `error` is a stable symbol for programs;
    `message` completes the sentence "<about> …", for example "can't be blank"."""

    def __init__(
        self, about: str, error: str, message: str, *, value: object = None, count: int | None = None
    ) -> None:
        self.about = about
        self.error = error
        self.message = message
        self.value = value
        self.count = count
        super().__init__(message if about == OPERATION else f"{about} {message}")


class InvalidSet(Refusal):
    def __init__(self, refusals: Sequence[Invalid]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("; ".join(str(refusal) for refusal in self.refusals))


class InUse(Refusal):
    def __init__(self, resource_type: str, because: str) -> None:
        self.resource_type = resource_type
        super().__init__(f"This {resource_type} can't be deleted: {because}.")


class Conflict(Refusal):
    def __init__(self, about: str, message: str) -> None:
        self.about = about
        self.message = message
        super().__init__(f"{about} {message}")


@contextmanager
def retold(tell: Callable[[Invalid], Invalid]) -> Iterator[None]:
    """What rules refuse inside, one or several at once, as `tell` words it: for who was told the values under
    other names."""
    try:
        yield
    except InvalidSet as refusals:
        raise InvalidSet([tell(each) for each in refusals.refusals]) from refusals
    except Invalid as refusal:
        raise tell(refusal) from refusal
