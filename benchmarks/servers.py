"""PostgreSQL and the server, each started as `./dev` starts them, and stopped again."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import quote

from benchmarks import processes

ROOT: Final = Path(__file__).resolve().parents[1]
SERVICE: Final = "config.wsgi:application"
PLAIN: Final = "benchmarks.plain.wsgi:application"
SETTINGS: Final = (
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "shared_buffers=1GB",
    "max_wal_size=8GB",
    "checkpoint_timeout=30min",
    "autovacuum=on",
)
"""Of the cluster, beside PostgreSQL's own: nothing is made faster by forgetting."""

UNLIMITED: Final = {
    # Counted like anywhere, and more than a run asks for.
    "GIFTCARDS_RATE_LIMIT_PER_KEY": "100000000",
    "GIFTCARDS_RATE_LIMIT_PER_ADDRESS": "100000000",
    "GIFTCARDS_CODE_TRIES_PER_KEY": "100000000",
    "GIFTCARDS_CODE_TRIES_PER_ADDRESS": "100000000",
}


def _dev() -> ModuleType:
    """`./dev` itself: what it starts is what is measured."""
    loader = SourceFileLoader("dev", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


sys.dont_write_bytecode, _writes = True, sys.dont_write_bytecode
DEV: Final[Any] = _dev()
sys.dont_write_bytecode = _writes


@dataclass(frozen=True, slots=True)
class Cluster:
    programs: Path
    sockets: Path
    data: Path
    log: Path
    pid: int

    def environment(self, database: str, *options: str) -> dict[str, str]:
        """For a process of the service on this database; `options` are PostgreSQL's for its connections."""
        given: dict[str, str] = DEV.service_environment(self.data, self.sockets)
        url = given["DATABASE_URL"].replace("/giftcards?", f"/{database}?")
        url += "".join(quote(f" -c {option}", safe="") for option in options)
        return {**given, **UNLIMITED, "DATABASE_URL": url}

    def psql(self, database: str) -> str:
        return f"host={self.sockets} user=giftcards dbname={database}"


@contextlib.contextmanager
def cluster(*settings: str) -> Iterator[Cluster]:
    """PostgreSQL with an empty folder, removed at the end."""
    with contextlib.ExitStack() as undo:

        def folder() -> Path:
            made: Path = DEV.private_folder(DEV.TEMPORARY)
            undo.callback(shutil.rmtree, made, ignore_errors=True)
            return made

        data = DEV.prepare(folder())
        programs, files = DEV.postgres_programs(), folder()
        DEV.make_cluster(programs, files, "--no-sync")
        log = data / "postgres.log"
        sockets = undo.enter_context(DEV.postgres(programs, files, log, *SETTINGS, *settings))
        pid = int((files / "postmaster.pid").read_text().split()[0])
        yield Cluster(programs, sockets, data, log, pid)


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    process: "subprocess.Popen[str]"

    @property
    def pid(self) -> int:
        return self.process.pid

    def memory_per_worker(self) -> list[float]:
        return [processes.memory(pid) for pid in processes.children(self.pid)]


@contextlib.contextmanager
def server(
    environment: dict[str, str], application: str = SERVICE, *, options: str = DEV.SERVER
) -> Iterator[Server]:
    """As `./dev run` starts it."""
    port = free_port()
    command = [DEV.PYTHON, "-m", "granian", *options.split(), f"--port={port}", application]
    process = DEV.start(command, cwd=ROOT, env=environment, process_group=0)
    try:
        wait_until_up(port, process)
        yield Server(port, process)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_up(port: int, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise DEV.Trouble("The server did not get ready; its own words are above.")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
