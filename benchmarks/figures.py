"""What a run has found, as JSON keeps it."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Self

from benchmarks.batch import OfBatch
from benchmarks.measuring import Sample
from benchmarks.pgbench import Floor
from benchmarks.servers import ROOT


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians over the rounds: CPU in milliseconds for each request, latencies in milliseconds. `generator`
    is the part of one processor that the load generator used."""

    per_second: float
    server_ms: float
    postgres_ms: float
    p50: float
    p99: float
    generator: float

    @property
    def cpu_ms(self) -> float:
        return self.server_ms + self.postgres_ms

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Self:
        return cls(
            **{
                name: round(median(getattr(each, name) for each in samples), 4)
                for name in cls.__annotations__
            }
        )


@dataclass(frozen=True, slots=True)
class PgbenchCost:
    """Medians of the same statements without a service; `trouble` says why there are none."""

    per_second: float = 0.0
    postgres_ms: float = 0.0
    trouble: str = ""

    @classmethod
    def of(cls, floors: Sequence[Floor]) -> Self:
        return cls(
            round(median(each.per_second for each in floors), 1),
            round(median(each.postgres_ms for each in floors), 4),
        )


@dataclass(slots=True)
class OfRequest:
    service: Cost
    pgbench: PgbenchCost | None = None
    plain: Cost | None = None

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Self:
        pgbench, plain = kept["pgbench"], kept["plain"]
        return cls(
            Cost(**kept["service"]),
            PgbenchCost(**pgbench) if pgbench else None,
            Cost(**plain) if plain else None,
        )


@dataclass(slots=True)
class OfDatabase:
    """`memory_*` are MB of each worker; `true` says what was compared at the end."""

    cards: int
    entries: int
    megabytes: float
    load_seconds: float
    memory_before: list[float] = field(default_factory=list)
    memory_after: list[float] = field(default_factory=list)
    requests_served: int = 0
    true: list[str] = field(default_factory=list)
    requests: dict[str, OfRequest] = field(default_factory=dict)
    beneath: dict[str, Cost] = field(default_factory=dict)

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Self:
        requests = {name: OfRequest.read(each) for name, each in kept.pop("requests").items()}
        beneath = {name: Cost(**each) for name, each in kept.pop("beneath").items()}
        return cls(**kept, requests=requests, beneath=beneath)


@dataclass(slots=True)
class Figures:
    measured_at: str
    commit: str
    note: str
    machine: dict[str, str]
    method: dict[str, str]
    databases: list[OfDatabase] = field(default_factory=list)
    batch: OfBatch | None = None

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, file: Path) -> Self:
        kept = json.loads(file.read_text())
        databases = [OfDatabase.read(each) for each in kept.pop("databases")]
        batch = kept.pop("batch")
        return cls(**kept, databases=databases, batch=OfBatch(**batch) if batch else None)


def begun(*, note: str, postgresql: str, method: dict[str, str]) -> Figures:
    machine = {
        "processors": f"{os.cpu_count()} of {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": postgresql,
        "pace": f"{_pace():.3f} s of CPU for a million turns of a Python loop",
    }
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Figures(now, _commit(), note, machine, method)


def _pace() -> float:
    """How fast this machine is just now: on a busy one, the same work takes more CPU time."""
    began = time.process_time()
    for _ in range(1_000_000):
        pass
    return time.process_time() - began


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    """With a + if files differ from it; nothing where there is no history."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        return commit + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True).stdout.strip()
