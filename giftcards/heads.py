"""The heads of all chains as a signed file, to be kept where nobody can reach both it and the database.

A chain proves that nobody has changed a part of a card's history; whoever makes the whole of it anew leaves a
chain that holds. Events are in no chain: a look at a code can be taken from the log without a trace. Only a
copy from before, kept elsewhere, tells (docs/adr/0016).

The file, in UTF-8 with a line feed after each line:
1. a JSON object: format, moment, mode, count, digest, key, public_key;
2. the Ed25519 signature of the first line without its line feed, in base64;
3. "id mode sequence hash events events_hash" of each card that has entries, sorted by id: how many events it
   has, and the SHA-256 of them (`_EVENT`). `digest` is the SHA-256 of these lines.

The first format had neither `events` nor `events_hash`; it is still read.
"""

import binascii
import hashlib
import json
import shutil
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final, NamedTuple
from uuid import UUID

from django.db import connection

from events.models import Event
from giftcards.models import GiftCard
from giftcards.verification import Lie
from kernel.clock import database_now
from kernel.modes import Mode
from kernel.signing import fingerprint, is_signed, our_fingerprints, signer_in_use
from kernel.snapshot import one_moment

FORMAT: Final = "giftcards chain heads 2"
WITHOUT_EVENTS: Final = "giftcards chain heads 1"
PURPOSE: Final = "gift card chain heads signature"
HEADS_AT_A_TIME: Final = 2000

# Of each head: the mode that its card has today, and the hash of its entry today.
_TODAY: Final = """
    SELECT card.mode, entry.hash
    FROM unnest(%s::uuid[], %s::int[]) WITH ORDINALITY AS head (card_id, sequence, place)
    LEFT JOIN giftcards_giftcard AS card ON card.id = head.card_id
    LEFT JOIN giftcards_ledgerentry AS entry
        ON entry.gift_card_id = head.card_id AND entry.sequence = head.sequence
    ORDER BY head.place
"""


_EVENT: Final = (
    "id",
    "sequence",
    "topic",
    "actor_kind",
    "actor_id",
    "actor_name",
    "reason",
    "data",
    "created_at",
)
"""What is hashed of each event, in the order of their numbers: a JSON array of these, without spaces, names
sorted, in UTF-8 with a line feed behind it; times in UTC with microseconds."""


class UnusableHeads(ValueError):
    """The file says nothing that can be relied on; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Header:
    moment: str
    mode: str
    count: int
    digest: str
    key: int
    public_key: str

    @property
    def fingerprint(self) -> str:
        return fingerprint(b64decode(self.public_key))


class Told(NamedTuple):
    """How many events a card has, and the hash over them."""

    events: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """`told` is None in a file of the first format."""

    card_id: UUID
    mode: str
    sequence: int
    hash: bytes
    told: Told | None

    @classmethod
    def parse(cls, line: bytes) -> "Head":
        card_id, mode, sequence, digest, *told = line.decode().split()
        events = Told(int(told[0]), bytes.fromhex(told[1])) if told else None
        return cls(UUID(card_id), mode, int(sequence), bytes.fromhex(digest), events)

    def line(self) -> bytes:
        told = f" {self.told.events} {self.told.hash.hex()}" if self.told else ""
        return f"{self.card_id} {self.mode} {self.sequence} {self.hash.hex()}{told}\n".encode()


def write_heads(file: BinaryIO, mode: Mode, progress: Callable[[int], object]) -> Header:
    """Every card of `mode` that has entries, as of one moment."""
    digest, count = hashlib.sha256(), 0
    with TemporaryFile() as body:
        with one_moment():
            moment = database_now()
            for count, head in enumerate(_heads(mode), start=1):  # noqa: B007 (the last is the number)
                digest.update(line := head.line())
                body.write(line)
                progress(1)
        signer = signer_in_use(PURPOSE)
        header = Header(
            moment=moment.astimezone(UTC).isoformat(timespec="microseconds"),
            mode=mode.value,
            count=count,
            digest=digest.hexdigest(),
            key=signer.version,
            public_key=b64encode(signer.public_key).decode(),
        )
        first = json.dumps({"format": FORMAT} | {name: getattr(header, name) for name in Header.__slots__})
        file.write(first.encode() + b"\n" + b64encode(signer.sign(first.encode())) + b"\n")
        body.seek(0)
        shutil.copyfileobj(body, file)
    return header


def _heads(mode: Mode) -> Iterator[Head]:
    issued = issued_cards(mode).order_by("id").values_list("id", "mode", "ledger_sequence", "ledger_hash")
    cards = issued.iterator(chunk_size=HEADS_AT_A_TIME)
    while portion := list(islice(cards, HEADS_AT_A_TIME)):
        told = _told({card_id: None for card_id, *_ in portion})
        for card_id, card_mode, sequence, digest in portion:
            yield Head(card_id, card_mode, sequence, bytes(digest or b""), told[card_id])


def _told(up_to: Mapping[UUID, int | None]) -> dict[UUID, Told]:
    """What the events of each card say today: all of them, or those up to a number. Holds one at a time."""
    counts, hashes = dict.fromkeys(up_to, 0), {card_id: hashlib.sha256() for card_id in up_to}
    events = Event.objects.filter(subject_id__in=up_to).order_by("subject_id", "sequence")
    for card_id, *said in events.values_list("subject_id", *_EVENT).iterator(chunk_size=HEADS_AT_A_TIME):
        event = dict(zip(_EVENT, said, strict=True))
        last = up_to[card_id]
        if last is None or event["sequence"] <= last:
            counts[card_id] += 1
            hashes[card_id].update(_hashed(event))
    return {card_id: Told(counts[card_id], hashes[card_id].digest()) for card_id in up_to}


def _hashed(event: Mapping[str, Any]) -> bytes:
    moment = event["created_at"].astimezone(UTC).isoformat(timespec="microseconds")
    said = list({**event, "id": str(event["id"]), "created_at": moment}.values())
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def issued_cards(mode: Mode) -> Any:
    return GiftCard.objects.filter(mode=mode, ledger_sequence__gt=0)


def read_header(path: Path, *, trusted: str | None = None) -> Header:
    """The header of a file whose signature, digest and count hold.

    It must be signed by a key derived from one of ours, or by that whose fingerprint is `trusted`: a file
    that brings its own key along proves nothing. Raises UnusableHeads.
    """
    with path.open("rb") as file:
        first, second = file.readline().rstrip(b"\n"), file.readline()
        try:
            values = json.loads(first)
            header = Header(**{name: values[name] for name in Header.__slots__})
            known = values["format"] in {FORMAT, WITHOUT_EVENTS}
            signed = is_signed(first, b64decode(second), b64decode(header.public_key))
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise UnusableHeads(f"{path} is no file of chain heads.") from None
        if not known:
            raise UnusableHeads(f"{path} is of another format: {values['format']}.")
        if not signed:
            raise UnusableHeads(f"{path} has been changed: its signature does not hold.")
        if header.fingerprint not in our_fingerprints(PURPOSE) | {trusted}:
            raise UnusableHeads(f"{path} is signed by a key that is none of ours: {header.fingerprint}.")
        _require_untouched(path, file, header)
    return header


def _require_untouched(path: Path, file: BinaryIO, header: Header) -> None:
    digest, count = hashlib.sha256(), 0
    for line in file:
        digest.update(line)
        count += 1
    if (digest.hexdigest(), count) != (header.digest, header.count):
        raise UnusableHeads(f"{path} has been changed: its heads are not those that were signed.")


def lies_against(path: Path, header: Header) -> Iterator[tuple[int, list[Lie]]]:
    """Compare today's chains with the heads of a file that `read_header` has found good; yields, for each
    portion, how many heads it had and which of them lie in no chain of today."""
    with path.open("rb") as file:
        lines = islice(file, 2, None)
        while portion := [Head.parse(line) for line in islice(lines, HEADS_AT_A_TIME)]:
            yield len(portion), list(_lies(portion, header.moment))


def _lies(heads: Sequence[Head], moment: str) -> Iterator[Lie]:
    with connection.cursor() as cursor:
        cursor.execute(_TODAY, [[head.card_id for head in heads], [head.sequence for head in heads]])
        today = cursor.fetchall()
    told = _told({head.card_id: head.told.events for head in heads if head.told})
    for head, (mode, digest) in zip(heads, today, strict=True):
        if mode is None:
            yield Lie(head.card_id, f"it is gone, and was there at {moment}", head.sequence)
        elif mode != head.mode:
            yield Lie(head.card_id, f"it is of mode {mode}, and was of mode {head.mode} at {moment}")
        elif digest is None:
            yield Lie(head.card_id, f"the entry is gone, and was there at {moment}", head.sequence)
        elif bytes(digest) != head.hash:
            yield Lie(head.card_id, f"the entry has another hash than at {moment}", head.sequence)
        elif head.told and head.told != told[head.card_id]:
            yield Lie(head.card_id, f"its {head.told.events} events are not those that it had at {moment}")
