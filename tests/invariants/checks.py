"""The invariants of the ledger as one assertion: for the end of a test or between its steps."""

from giftcards.verification import Lie, verify_ledger


def lies() -> list[Lie]:
    return [lie for _cards, portion in verify_ledger() for lie in portion]


def assert_ledger_is_true() -> None:
    found = lies()
    assert not found, "\n".join(map(str, found))
