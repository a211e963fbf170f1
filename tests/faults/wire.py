"""Requests as bytes, as no well-behaved client would send them."""

import json
import socket
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

from tests.server import MEDIA_TYPE, PATIENCE, Server


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def error_code(self) -> str:
        """Of an answer that is a JSON:API errors document and nothing else."""
        assert self.headers["content-type"] == MEDIA_TYPE, self.body[:500]
        document: dict[str, Any] = json.loads(self.body)
        assert set(document) == {"jsonapi", "errors"}
        assert all(error["status"] == str(self.status) for error in document["errors"])
        assert b"Traceback" not in self.body
        assert b"<html" not in self.body.lower()
        code: str = document["errors"][0]["code"]
        return code


def send(
    server: Server,
    key: str,
    target: bytes = b"/api/gift_cards",
    *,
    method: bytes = b"GET",
    headers: dict[bytes, bytes] | None = None,
    body: bytes = b"",
) -> Answer:
    fields = {
        b"host": b"127.0.0.1:%d" % server.port,
        b"authorization": b"Bearer " + key.encode(),
        b"accept": MEDIA_TYPE.encode(),
        b"content-type": MEDIA_TYPE.encode(),
        b"content-length": b"%d" % len(body),
        b"connection": b"close",
        **(headers or {}),
    }
    lines = [b"%s %s HTTP/1.1" % (method, target), *(b"%s: %s" % pair for pair in fields.items())]
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(b"\r\n".join([*lines, b"", b""]) + body)
        response = HTTPResponse(connection, method=method.decode())
        response.begin()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, response.read())
