"""PostgreSQL's own load generator, for what its part of a request costs at least."""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.cards import FIRST_NUMBER
from benchmarks.databases import Database
from benchmarks.processes import Usage
from benchmarks.servers import Cluster
from benchmarks.statements import prepared_names

THREADS: Final = 2
PER_RUN: Final = 100_000_000
"""Unique numbers that one run may use up in one stream."""

_runs: Final = count()


class PgbenchError(Exception):
    """It could not run the script to its end; says why."""


@dataclass(frozen=True, slots=True)
class Floor:
    """What the statements of a request reach without a service around them."""

    transactions: int
    per_second: float
    postgres_ms: float


def program(cluster: Cluster) -> str | None:
    beside = cluster.programs / "pgbench"
    return str(beside) if beside.exists() else shutil.which("pgbench")


def run(cluster: Cluster, database: Database, script: str, *, connections: int, seconds: float) -> Floor:
    """Raises PgbenchError."""
    found = program(cluster)
    assert found is not None
    with tempfile.TemporaryDirectory(prefix="giftcards-") as folder:
        file = Path(folder, "script.sql")
        file.write_text(script)
        given = {"unique": FIRST_NUMBER + next(_runs) * PER_RUN, **dict.fromkeys(prepared_names(script), 0)}
        command = [found, "--no-vacuum", f"--client={connections}", f"--jobs={THREADS}"]
        command += [f"--time={max(1, round(seconds))}", f"--file={file}", f"--host={cluster.sockets}"]
        command += [*(f"--define={name}={value}" for name, value in given.items())]
        before = Usage.of(cluster.pid)
        done = subprocess.run(
            [*command, "--username=giftcards", database.name], text=True, capture_output=True, check=False
        )
        used = Usage.of(cluster.pid) - before
    return understood(done, used)


def understood(done: "subprocess.CompletedProcess[str]", used: float) -> Floor:
    transactions = re.search(r"actually processed: (\d+)", done.stdout)
    per_second = re.search(r"tps = ([\d.]+)", done.stdout)
    failed = re.search(r"failed transactions: ([1-9]\d*)", done.stdout)
    if done.returncode != 0 or not transactions or not per_second or failed or transactions[1] == "0":
        said = [
            line for line in done.stderr.splitlines() if "error" in line.lower()
        ] or done.stderr.splitlines()
        raise PgbenchError(said[0] if said else "it said nothing")
    return Floor(int(transactions[1]), float(per_second[1]), 1000 * used / int(transactions[1]))
