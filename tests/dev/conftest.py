"""Drives the real `./dev` in data folders of its own, as the person at the terminal does."""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # for things that take a second or two on an idle machine
COUNT_TABLES = "from django.db import connection; print(len(connection.introspection.table_names()))"
# What ./dev test has set for us must not reach the ./dev that is being tested.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("GIFTCARDS_", "DATABASE_URL", "DJANGO_", "PYTEST_")) and name != "PORT"
}


def heed_hangups() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def wait_for(happened: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s in vain for {what}"
        time.sleep(0.02)


def free_port() -> int:
    """Below the ports that outgoing connections get, so that no other test takes it before we do."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def descendants(pid: int) -> dict[int, str]:
    """Every process below this one, with its command line."""
    found: dict[int, str] = {}
    for children in Path("/proc").glob(f"{pid}/task/*/children"):
        for child in map(int, children.read_text().split()):
            with contextlib.suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            found.update(descendants(child))
    return found


@dataclass
class Dev:
    """`./dev COMMAND …`, with its data folder."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, str(ROOT / "dev"), *arguments],
            env={**ENVIRONMENT, "GIFTCARDS_DATA": str(self.data), **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the tests under nohup ignores SIGHUP, and so would what they start.
            preexec_fn=heed_hangups,  # noqa: PLW1509 (this process has one thread)
        )

    def __call__(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        child = self.start(*arguments)
        output, errors = child.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(arguments, child.returncode, output, errors)

    @contextlib.contextmanager
    def running(self) -> Iterator["Service"]:
        service = Service(self, free_port())
        with service.process:
            try:
                service.wait_until_ready()
                yield service
            finally:
                service.process.terminate()
                service.process.wait(PATIENCE)
                service.wait_until_nothing_is_left()


class Service:
    """A `./dev run` that is up."""

    def __init__(self, dev: Dev, port: int) -> None:
        self.port = port
        self.process = dev.start("run", "--port", str(port))
        self.welcome = ""
        self.family: dict[int, str] = {}

    def wait_until_ready(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.welcome += line
            if "Ctrl-C stops it." in line:
                self.family = descendants(self.process.pid)
                return
        pytest.fail(f"./dev run ended: {self.process.communicate()[1]}")

    def pid_of(self, program: str) -> int:
        (pid,) = [pid for pid in descendants_of_one(self.process.pid) if program in self.family[pid]]
        return pid

    def seconds(self) -> float:
        match = re.search(r"Ready after ([\d.]+) s", self.welcome)
        assert match
        return float(match[1])

    def stop(self, signum: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(signum)
        _output, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors

    def wait_until_nothing_is_left(self) -> None:
        wait_for(lambda: not any(map(is_alive, self.family)), "the end of every process")


def descendants_of_one(pid: int) -> list[int]:
    return [
        int(child)
        for file in Path("/proc").glob(f"{pid}/task/*/children")
        for child in file.read_text().split()
    ]


@pytest.fixture(scope="session")
def parent_folder() -> Iterator[Path]:
    """Open to every user, unlike pytest's: what root's PostgreSQL can't reach would go to /var/lib."""
    folder = Path(tempfile.mkdtemp(prefix="giftcards-dev-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def dev(parent_folder: Path) -> Dev:
    """With a data folder that is filled once and used again by every test, as at home."""
    dev = Dev(parent_folder / "data")
    with dev.running() as first:
        first.stop()
    return dev


@pytest.fixture
def fresh(parent_folder: Path, request: pytest.FixtureRequest) -> Dev:
    return Dev(parent_folder / str(request.node.name)[:40])
