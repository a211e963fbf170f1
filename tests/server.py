"""Real server processes on the test database, and callers of them.

    from tests.server import server  # in a conftest.py, with __all__ = ["server"]

`server` is what `./dev run` starts, for the tests of one module, behind the checks that every answer goes
through (tests/schema). Data that it shall see must be committed: mark the test with
`django_db(transaction=True)`.
"""

import contextlib
import http.client
import json
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from runpy import run_path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import connection

from access.operations import mint_api_key
from kernel.caller import Actor
from kernel.modes import Mode
from tests.schema.checks import check, over_http

ROOT: Final = Path(__file__).resolve().parents[1]
PATIENCE: Final = 60  # seconds, for what takes one or two on an idle machine
MEDIA_TYPE: Final = "application/vnd.api+json"
HOSTS: Final = "127.0.0.1,gifts.example"
PRODUCTION: Final = "config.wsgi:application"
CHECKED: Final = "tests.schema.served:application"
GRANIAN: Final = (
    str(Path(sys.executable).with_name("granian")),
    *run_path(str(ROOT / "dev"))["SERVER"].split(),
    "--workers-kill-timeout=2",  # a worker that is told to stop while it starts does not hear it
)
# The kernel is asked to stop the server when we end, however that happens; the wish outlasts the exec.
TIED_TO_US: Final = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15)
os.execv(sys.argv[1], sys.argv[1:])
"""
# Every client would read the authorities of all the world, for 20 ms, and speak plain http.
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

# It notes every request, thousands in a test, where the test's own words should be found.
logging.getLogger("httpx").setLevel(logging.WARNING)


class Server:
    """A server that is up: an address, and what it has written to its log. `authority` has signed its
    certificate, if it speaks TLS."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", port: int, log: Path, authority: Path | None = None
    ) -> None:
        self.process = process
        self.port = port
        self.address = f"{'https' if authority else 'http'}://127.0.0.1:{port}"
        self._log = log
        self._tls = ssl.create_default_context(cafile=authority) if authority else None

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def caller(self, key: str) -> "Api":
        return Api(self, key)

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        if self._tls:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=self._tls)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/healthz/ready")
            return connection.getresponse().status == 200
        return False

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.is_ready():
            assert self.process.poll() is None, f"the server ended:\n{self.log()}"
            assert time.monotonic() < deadline, f"the server did not get ready:\n{self.log()}"
            time.sleep(0.02)

    def stop(self) -> int:
        """Its exit status; whatever is left of it is killed."""
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait(15)


class Api(httpx.Client):
    """One caller with one key and connections that are kept. Documents go in and out as Python objects."""

    def __init__(self, server: Server, key: str, **options: Any) -> None:
        super().__init__(
            base_url=f"{server.address}/api",
            headers={"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE, "Authorization": f"Bearer {key}"},
            timeout=PATIENCE,
            trust_env=False,
            verify=NO_TLS,
            event_hooks={"response": [_check]},
            **options,
        )

    def create(
        self, resource: str, attributes: dict[str, Any], /, **relationships: tuple[str, str] | None
    ) -> httpx.Response:
        return self.post(f"/{resource}", content=_document(resource, None, attributes, relationships))

    def update(
        self,
        resource: str,
        identifier: object,
        attributes: dict[str, Any],
        /,
        **relationships: tuple[str, str] | None,
    ) -> httpx.Response:
        content = _document(resource, str(identifier), attributes, relationships)
        return self.patch(f"/{resource}/{identifier}", content=content)

    def trigger(self, card_id: object, **attributes: Any) -> httpx.Response:
        return self.update("gift_cards", card_id, attributes)


def _check(response: httpx.Response) -> None:
    response.read()
    check(over_http(response))


def _document(
    resource: str,
    identifier: str | None,
    attributes: dict[str, Any],
    relationships: dict[str, tuple[str, str] | None],
) -> bytes:
    """A relationship is given as (type, id), or as None."""
    data: dict[str, Any] = {"type": resource, "attributes": attributes, "relationships": {}}
    if identifier is not None:
        data["id"] = identifier
    for name, to in relationships.items():
        data["relationships"][name] = {"data": None if to is None else {"type": to[0], "id": to[1]}}
    return json.dumps({"data": data}).encode()


@contextlib.contextmanager
def serving(
    application: str = PRODUCTION, *, authority: Path | None = None, **environment: str
) -> Iterator[Server]:
    """Server processes while the block runs; none is left when it ends."""
    with tempfile.TemporaryDirectory(prefix="giftcards-server-") as folder:
        log, port = Path(folder, "log"), _free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", TIED_TO_US, *GRANIAN, f"--port={port}", application],
                cwd=ROOT,
                env=_environment() | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )
        server = Server(process, port, log, authority)
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.stop()


def _environment() -> dict[str, str]:
    url = urlsplit(os.environ["DATABASE_URL"])
    test_database = connection.settings_dict["NAME"]
    return {
        **os.environ,
        "DATABASE_URL": f"{url.scheme}://{url.netloc}/{test_database}?{url.query}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "GIFTCARDS_ALLOWED_HOSTS": HOSTS,
        "GIFTCARDS_INSECURE_HTTP": "1",
        # Counted like anywhere, and more than any test asks for.
        "GIFTCARDS_RATE_LIMIT_PER_KEY": "1000000",
        "GIFTCARDS_RATE_LIMIT_PER_ADDRESS": "1000000",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    with serving(CHECKED) as running:
        yield running


def a_key(mode: Mode = Mode.TEST, *, scopes: Iterable[str] | None = None, markets: Iterable[str] = ()) -> str:
    """The text of a new API key; `markets` are codes."""
    _key, secret = mint_api_key(
        application_name="The shop",
        mode=mode,
        scopes=scopes,
        market_codes=list(markets),
        actor=Actor.system("tests"),
    )
    return secret.reveal()
