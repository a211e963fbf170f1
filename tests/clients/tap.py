"""A relay between a client and a server that notes what goes through. Neither can tell that it is there:
every byte that matters (target, headers, body) is passed on, `Host` included."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import pytest

from tests.server import PATIENCE, Server

HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(frozen=True)
class Noted:
    """`target` is the request's, as it was encoded by the client."""

    method: str
    target: str
    sent: bytes
    status: int
    content: bytes


@dataclass
class Tap:
    server: Server
    address: str
    noted: list[Noted] = field(default_factory=list)

    def log(self) -> str:
        return self.server.log()


class _Relay(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    tap: Tap

    def _relay(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        onward = HTTPConnection("127.0.0.1", self.tap.server.port, timeout=PATIENCE)
        with contextlib.closing(onward):
            onward.request(self.command, self.path, sent or None, dict(self.headers.items()))
            answer = onward.getresponse()
            content = answer.read()
        self.tap.noted.append(Noted(self.command, self.path, sent, answer.status, content))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = _relay  # noqa: N815 (as the handler's base looks them up)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: what went through is in the notes."""


@pytest.fixture
def tap(server: Server) -> Iterator[Tap]:
    class Relay(_Relay):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as listening:
        listening.daemon_threads = True
        Relay.tap = Tap(server, f"http://127.0.0.1:{listening.server_port}")
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield Relay.tap
        listening.shutdown()
        thread.join()
