"""HTTP to one deployment: a connection that is kept, documents in and out, and ways to hang up on it."""

import contextlib
import http.client
import json
import socket
import struct
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self
from urllib.parse import urlsplit

from giftcards.torture.records import AGAIN, Attempt

MEDIA_TYPE: Final = "application/vnd.api+json"
CURSORS: Final = f'{MEDIA_TYPE};profile="https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"'
TIMEOUT: Final = 30
"""Seconds until we wait no more for an answer: longer than the service itself waits for anything."""


class Lost(Exception):
    """The connection ended before there was an answer: the request may have been done or not."""


class HangUp(StrEnum):
    """When the client closes the connection, and how."""

    WITHIN_THE_BODY = "within the body"
    AFTER_SENDING = "after sending"
    BY_A_RESET = "by a reset"
    A_MOMENT_LATER = "a moment later"
    WITHIN_THE_ANSWER = "within the answer"


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """After `/api`, with a leading slash."""
    document: dict[str, Any] | None = None
    key: str | None = None
    """The Idempotency-Key."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    document: dict[str, Any]

    @property
    def again(self) -> bool:
        return self.status in AGAIN or (self.status == 409 and "retry-after" in self.headers)

    @property
    def error(self) -> str | None:
        """The first problem's symbol, and its code beside it: `VALIDATION_ERROR insufficient_balance`."""
        for problem in self.document.get("errors", []):
            return " ".join(filter(None, [problem.get("code"), problem.get("meta", {}).get("error")]))
        return None

    def as_attempt(self) -> Attempt:
        data = self.document.get("data")
        made = data.get("id") if isinstance(data, dict) else None
        return Attempt(status=self.status, again=self.again, made=made, error=self.error)


@dataclass(frozen=True, slots=True)
class Target:
    """A deployment, as one key sees it."""

    url: str
    key: str

    def connect(self) -> "Connection":
        return Connection(self)


class Connection:
    """One at a time: it belongs to one thread."""

    def __init__(self, target: Target) -> None:
        address = urlsplit(target.url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        self._http = kind(address.hostname or "", address.port, timeout=TIMEOUT)
        self._prefix = f"{address.path.rstrip('/')}/api"
        self._authorization = f"Bearer {target.key}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def open(self) -> None:
        """So that many may begin at the same moment. If it fails, the first request will say so."""
        with contextlib.suppress(OSError):
            self._http.connect()

    def ask(self, request: Request, *, accept: str = MEDIA_TYPE) -> Answer:
        """Raises Lost."""
        try:
            self._send(request, accept)
            response = self._http.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._http.close()
            raise Lost(str(error) or type(error).__name__) from error
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, _document(content))

    def ask_and_hang_up(self, request: Request, when: HangUp, moment: float) -> None:
        """Whatever the answer is, nobody reads it. `moment` is in seconds. Raises Lost if the deployment was
        the first to hang up."""
        try:
            self._send(request, MEDIA_TYPE, whole=when != HangUp.WITHIN_THE_BODY)
            if when == HangUp.A_MOMENT_LATER:
                time.sleep(moment)
            elif when == HangUp.WITHIN_THE_ANSWER:
                self._http.sock.recv(1)
            elif when == HangUp.BY_A_RESET:
                self._http.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except (OSError, http.client.HTTPException) as error:
            raise Lost(str(error) or type(error).__name__) from error
        finally:
            self._http.close()

    def _send(self, request: Request, accept: str, *, whole: bool = True) -> None:
        body = b"" if request.document is None else json.dumps(request.document).encode()
        self._http.putrequest(request.method, self._prefix + request.path)
        self._http.putheader("Authorization", self._authorization)
        self._http.putheader("Accept", accept)
        if request.document is not None:
            self._http.putheader("Content-Type", MEDIA_TYPE)
            self._http.putheader("Content-Length", str(len(body)))
        if request.key is not None:
            self._http.putheader("Idempotency-Key", request.key)
        self._http.endheaders(body if whole else body[: len(body) // 2])


def _document(content: bytes) -> dict[str, Any]:
    """Whatever is not a JSON object, such as a proxy's page, says nothing."""
    try:
        document = json.loads(content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
