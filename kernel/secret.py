"""A text that must not leak: it hides itself from logs, error reports, templates and pickles."""

import hmac
from typing import Final, NoReturn

HIDDEN: Final = "<secret>"


class Secret:
    """Wraps an API key or a code from the moment it is made or read until the one place that may show it.

    Everything that usually turns an object into text yields `<secret>`; only `.reveal()` yields the text,
    so `git grep 'reveal()'` lists every place where a secret can come out.
    """

    __slots__ = ("_text",)

    _text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __eq__(self, other: object) -> bool:
        # Only with another secret, and in constant time.
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("A secret can't be changed.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("A secret can't be changed.")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A secret can't be pickled or copied into a cache or a queue.")

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "Secret":
        return self
