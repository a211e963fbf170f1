"""How many requests a credential, or an address without one, may make in a window of time, over all server
processes.

The requests of a window are numbered, and numbers above the limit are refused. A process takes a block of
numbers with one statement and gives them out from memory, so most requests write nothing; whoever finds the
last number taken refuses until the window ends, without asking again. The database's clock begins and ends
windows; a process is told how long its window still lasts, and measures that itself.

Views that know who calls say `admit(request, credential)`; whatever no view has counted, failed log-ins too,
`RateLimitMiddleware` counts for the client's address. See docs/adr/0022-rate-limits-in-blocks.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from time import monotonic
from typing import Final, NamedTuple

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse

from api.client_address import client_address
from api.credential import Credential
from api.throttling import ADDED, refuse, sweep

ALLOWANCE: Final = "giftcards.allowance"
"""In `request.META`, once the request is counted: its Allowance, or None where there is no limit."""

HEADERS: Final = ("X-Ratelimit-Limit", "X-Ratelimit-Interval", "X-Ratelimit-Remaining")

LARGEST: Final = 20
"""A block is this part of the limit at most, …"""
FIRST: Final = 100
"""… this part of it to begin with, twice the last one after that, …"""
RESERVE: Final = 8
"""… and this part of what nobody has taken: the last numbers are taken one by one."""

REST: Final = 2.0
"""Seconds for which nobody is counted after the database has failed us: it is not asked again for each
request, which would wait for a connection every time."""

MOST_BLOCKS: Final = 10_000
"""Subjects that a process remembers; there may be more addresses than memory."""

TAKE: Final = f"""
    INSERT INTO api_throttlecount AS kept (scope, subject, begins_at, number)
    VALUES (%(scope)s, %(subject)s, statement_timestamp(), %(block)s)
    {ADDED}
    RETURNING number, extract(epoch FROM begins_at + %(length)s::interval - clock_timestamp())::float8
"""  # noqa: S608 (no value is in it)


class Allowance(NamedTuple):
    """What a subject may do in its window, and whether the request at hand is within it.

    `remaining` is as this process knows it: what it holds itself, and what nobody held when it last asked.
    """

    limit: int
    seconds: int
    remaining: int
    admitted: bool
    seconds_left: int

    def note_on(self, response: HttpResponse) -> None:
        for header, value in zip(HEADERS, (self.limit, self.seconds, self.remaining), strict=True):
            response.headers[header] = str(value)


@dataclass(slots=True)
class Block:
    """The numbers of one subject that this process holds. Whoever changes it holds its lock."""

    lock: Lock = field(default_factory=Lock)
    held: int = 0
    untaken: int = 0
    size: int = 0
    ends_at: float = 0.0
    """On this machine's monotonic clock, never after the window's end."""


class Window(NamedTuple):
    """So many requests in so many seconds."""

    limit: int
    seconds: int


class RateLimit:
    """A limit that each subject has for itself. `window` reads the settings; a limit of 0 is none."""

    def __init__(self, scope: str, window: Callable[[], Window]) -> None:
        self.scope = scope
        self._window = window
        self._blocks: dict[str, Block] = {}
        self._blocks_lock = Lock()
        self._rests_until = 0.0

    def count(self, subject: str) -> Allowance | None:
        """Count one request. None if there is no limit, or the database can't say: it is admitted then.

        To be called outside any transaction: other processes wait for the row that this may change.
        """
        window = self._window()
        if not window.limit:
            return None
        block = self._block_of(subject)
        with block.lock:
            if monotonic() >= block.ends_at:
                block.held, block.untaken, block.size = 0, window.limit, 0
            if not block.held and block.untaken and not self._take(block, subject, window):
                return None
            admitted = block.held > 0
            block.held -= admitted
            remaining = block.held + block.untaken
            seconds_left = max(1, ceil(block.ends_at - monotonic()))
        return Allowance(window.limit, window.seconds, remaining, admitted, seconds_left)

    def _take(self, block: Block, subject: str, window: Window) -> bool:
        """Get the block its next numbers, or learn that there are none. False if the database can't say."""
        began = monotonic()
        if began < self._rests_until:
            return False
        asked = size_of_next(block, window.limit)
        try:
            number, seconds_left = take(self.scope, subject, asked, window.seconds)
        except Error:
            self._rests_until = monotonic() + REST
            return False
        block.held = max(0, min(asked, window.limit - (number - asked)))
        block.untaken = max(0, window.limit - number)
        block.size = asked
        # Counted from before the statement was sent, so that it is over for us before it is for the database.
        block.ends_at = began + seconds_left
        return True

    def _block_of(self, subject: str) -> Block:
        block = self._blocks.get(subject)
        if block is not None:
            return block
        with self._blocks_lock:
            if len(self._blocks) >= MOST_BLOCKS:
                self._forget()
            return self._blocks.setdefault(subject, Block())

    def _forget(self) -> None:
        """Those whose window is over; all of them, and the numbers that they hold, if there are still too
        many."""
        now = monotonic()
        going_on = {subject: block for subject, block in self._blocks.items() if block.ends_at > now}
        self._blocks = going_on if len(going_on) < MOST_BLOCKS else {}


def size_of_next(block: Block, limit: int) -> int:
    wanted = 2 * block.size or limit // FIRST
    return max(1, min(wanted, limit // LARGEST, block.untaken // RESERVE))


def take(scope: str, subject: str, numbers: int, seconds: int) -> tuple[int, float]:
    """Take so many numbers: the last of them, which may be above any limit, and for how many seconds the
    window goes on."""
    length = f"{seconds} seconds"
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"scope": scope, "subject": subject, "block": numbers, "length": length})
        last, seconds_left = cursor.fetchone()
    if last == numbers:
        sweep()
    return int(last), min(float(seconds_left), float(seconds))


def _window_of_a_key() -> Window:
    return Window(settings.GIFTCARDS_RATE_LIMIT_PER_KEY, settings.GIFTCARDS_RATE_LIMIT_SECONDS)


def _window_of_an_address() -> Window:
    return Window(settings.GIFTCARDS_RATE_LIMIT_PER_ADDRESS, settings.GIFTCARDS_RATE_LIMIT_SECONDS)


KEYS: Final = RateLimit("requests of a key", _window_of_a_key)
ADDRESSES: Final = RateLimit("requests of an address", _window_of_an_address)


def admit(request: HttpRequest, credential: Credential) -> None:
    """Count a request of somebody who is known, whatever becomes of it. Raises Rejection (429).

    The subject is the API key: a token counts for the key that it was got with, and one till that runs wild
    does not stop the others. A request that is answered from the beginning again is counted once.
    """
    subject = f"key {credential.caller.actor.id}"
    _admit(request, request.META[ALLOWANCE] if is_counted(request) else KEYS.count(subject))


def admit_address(request: HttpRequest) -> None:
    """Count a request of somebody who is not known. Raises Rejection (429)."""
    _admit(request, ADDRESSES.count(client_address(request)))


def is_counted(request: HttpRequest) -> bool:
    return ALLOWANCE in request.META


def note_on(response: HttpResponse, request: HttpRequest) -> None:
    """Tell the client what it has left."""
    allowance: Allowance | None = request.META.get(ALLOWANCE)
    if allowance is not None:
        allowance.note_on(response)


def _admit(request: HttpRequest, allowance: Allowance | None) -> None:
    request.META[ALLOWANCE] = allowance
    if allowance is not None and not allowance.admitted:
        refuse("Too many requests", allowance.seconds_left)
