"""The service behind the suite's checks: what a real server runs when its callers can't check for themselves.

An answer that breaks JSON:API 1.1 becomes a plain 500 that says why, which no client takes for success.
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from config.wsgi import application as service
from tests.schema.checks import Exchange, is_json_api, violations


class Recorded:
    """A request's body, and what of it was read."""

    def __init__(self, body: Any) -> None:
        self.body = body
        self.seen = b""

    def read(self, *size: int) -> bytes:
        return self._keep(self.body.read(*size))

    def readline(self, *size: int) -> bytes:
        return self._keep(self.body.readline(*size))

    def _keep(self, part: bytes) -> bytes:
        self.seen += part
        return part


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = Recorded(environ["wsgi.input"])
    said: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        said[:] = [status, headers]
        return lambda part: None

    answered: Any = service({**environ, "wsgi.input": body}, start)
    try:
        content = b"".join(answered)
    finally:
        answered.close()
    status, headers = said
    exchange = Exchange(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"].encode("latin-1").decode(errors="replace"),
        parameters=frozenset(parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        sent=body.seen,
        status=int(status[:3]),
        headers={name.lower(): value for name, value in headers},
        content=content,
    )
    wrong = violations(exchange) if is_json_api(exchange) else []
    if wrong:
        content = f"{exchange.method} {exchange.path}: {'; '.join(wrong)}".encode()
        status, headers = "500 Not JSON:API", [("Content-Type", "text/plain")]
    start_response(status, headers)
    return [content]
