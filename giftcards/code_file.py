"""The codes of a batch in a file: whoever has it can spend the cards, so nobody but its owner reads it."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from events.models import Event
from giftcards.models import Batch
from giftcards.operations.batches import MadeCode

HEADER: Final = b"id,code\n"
PRIVATE: Final = 0o600


class UnusableCodeFile(Exception):
    """Its text is a sentence that names the file and no code."""


class CodeFile:
    """A `giftcards.operations.batches.CodeKeeper`: one line of CSV for each card, in the order of their
    issue. Lines are on the disk before their cards are committed, so of a run that was cut off it may hold
    more than were issued: these go when the batch is gone on with."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def begin(self, batch: Batch) -> None:
        """Raises UnusableCodeFile if it has not the codes of the cards that are issued already, and if it has
        those of others."""
        is_first = batch.issued == 0
        flags = os.O_RDWR | os.O_CREAT if is_first else os.O_RDWR
        try:
            self._file = os.fdopen(os.open(self._path, flags | os.O_NOFOLLOW, PRIVATE), "r+b")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnusableCodeFile(f"{self._path} is being written by somebody else.") from None
        except OSError as error:
            raise UnusableCodeFile(f"{self._path} can't be opened: {error.strerror}.") from None
        self._go_on(self._file, batch)

    def keep(self, made: Sequence[MadeCode]) -> None:
        file = self._file
        if file is None:
            raise ValueError("The file is opened by begin().")
        file.write("".join(f"{card_id},{code.reveal()}\n" for card_id, code in made).encode())
        file.flush()
        os.fsync(file.fileno())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _go_on(self, file: BinaryIO, batch: Batch) -> None:
        """Cuts off what follows the codes of issued cards, and stands there."""
        os.fchmod(file.fileno(), PRIVATE)
        beginning = file.readline()
        if beginning not in {HEADER, b""}:
            raise UnusableCodeFile(f"{self._path} is no file of codes.")
        issued = list(self._first_and_last(file, batch.issued))
        end = file.tell()
        if batch.issued and not all(_is_of(batch, line) for line in issued):
            raise UnusableCodeFile(
                f"{self._path} does not hold the codes of the {batch.issued} gift cards that are issued of "
                "this batch already."
            )
        following = file.readline()
        if following.endswith(b"\n") and _batch_of(following) is not None:
            raise UnusableCodeFile(f"{self._path} holds the codes of other gift cards.")
        file.seek(end)
        file.truncate()
        if not beginning:
            file.write(HEADER)

    def _first_and_last(self, file: BinaryIO, number: int) -> Iterator[bytes]:
        """Of the next lines: read one by one, because there may be a million."""
        line = b""
        for at in range(number):
            line = file.readline()
            if at == 0:
                yield line
        if number > 1:
            yield line


def _is_of(batch: Batch, line: bytes) -> bool:
    return _batch_of(line) == str(batch.pk)


def _batch_of(line: bytes) -> str | None:
    """None of a card that there is not, which is what a run leaves that was cut off."""
    try:
        card_id = UUID(line.split(b",")[0].decode())
    except ValueError:
        return None
    events = Event.objects.filter(subject_id=card_id, sequence=1).values_list("data", flat=True)
    return next((str(data.get("batch_id", "")) for data in events), None)
