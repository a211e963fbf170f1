"""The server that other tests rely on: it is a real one, and it leaves nothing behind."""

import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.server import Server, serving

pytestmark = pytest.mark.django_db


def living_processes(group: int) -> list[int]:
    """Of a process group; those that have ended and wait for their parent to notice are not counted."""
    living = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _name, rest = file.read_text().replace("(", ")").split(")", 2)
        except OSError:
            continue  # it ended while we looked
        state, _parent, its_group = rest.split()[:3]
        if int(its_group) == group and state != "Z":
            living.append(int(pid))
    return living


def assert_nothing_is_left_of(server: Server) -> None:
    deadline = time.monotonic() + 5
    while living := living_processes(server.process.pid):
        assert time.monotonic() < deadline, f"still there: {living}"


def test_a_server_gets_ready_with_two_workers_and_stops_cleanly() -> None:
    with serving() as server:
        answer = httpx.get(f"{server.address}/healthz/ready", trust_env=False)
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert len(living_processes(server.process.pid)) >= 3
        assert server.stop() == 0
    assert_nothing_is_left_of(server)


def test_a_server_whose_own_process_is_killed_leaves_no_worker() -> None:
    with serving() as server:
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    assert_nothing_is_left_of(server)


def test_a_server_that_cannot_start_says_why() -> None:
    with pytest.raises(AssertionError, match="no_such_module"), serving("no_such_module:application"):
        pytest.fail("it started")
