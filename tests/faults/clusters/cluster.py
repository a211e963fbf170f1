"""PostgreSQL clusters of a test's own, which it may back up, copy, cut off and kill."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks.servers import DEV
from tests.server import PATIENCE

NEEDED: Final = ("initdb", "postgres", "pg_basebackup", "pg_dump", "pg_restore")
"""Of PostgreSQL's programs."""

COPY: Final = ("--checkpoint=fast", "--no-sync", "--no-password")


def until(happened: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s in vain for {what}"
        time.sleep(0.01)


def run(*command: object) -> str:
    """As the account that owns the clusters: under root, nobody. Raises DEV.Trouble."""
    return str(DEV.run_quietly([*command], str(command[0]), **DEV.postgres_account()).stdout)


class Cluster:
    """A folder with PostgreSQL's files, and PostgreSQL on them while it is started.

    Its processes are killed, no machine ever loses its power: so nothing needs to be flushed.
    """

    def __init__(self, programs: Path, folder: Path, port: int) -> None:
        self._programs, self.folder, self.port = programs, folder, port
        self._log = folder.with_suffix(".log")
        self._process: subprocess.Popen[str] | None = None

    def program(self, name: str) -> Path:
        return self._programs / name

    @property
    def url(self) -> str:
        return f"postgresql://giftcards@127.0.0.1:{self.port}/giftcards"

    def start(self, **settings: object) -> None:
        """Returns when it takes connections, which is when it is consistent."""
        given = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "16MB",
            **settings,
        }
        command = [self.program("postgres"), "-D", self.folder, *(f"--{k}={v}" for k, v in given.items())]
        with self._log.open("a") as output:
            self._process = DEV.start(
                command,
                signal.SIGINT,
                stdout=output,
                stderr=output,
                process_group=0,
                **DEV.postgres_account(),
            )
        until(self._is_up, f"PostgreSQL; its log: {self._log}")

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        status = self.folder / "postmaster.pid"
        return status.exists() and status.read_text().rstrip().endswith("ready")

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(PATIENCE)

    def kill(self) -> None:
        """All at once, as when a machine is gone: none finishes what it does, or says goodbye."""
        assert self._process is not None
        pid = self._process.pid
        os.kill(pid, signal.SIGSTOP)  # so that it begins nothing new while we look
        for task in Path("/proc").glob(f"{pid}/task/*/children"):
            for child in task.read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(child), signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        self._process.wait(PATIENCE)

    def ask(self, statement: str, *parameters: Any) -> Any:
        """The first column of the first row, if there is one."""
        with psycopg.connect(self.url, autocommit=True) as there:
            cursor = there.execute(statement, parameters)
            row = cursor.fetchone() if cursor.description else None
            return row and row[0]

    def configure(self, **settings: str) -> None:
        for name, value in settings.items():
            words = sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            self.ask(words.as_string())
        self.ask("SELECT pg_reload_conf()")


class Room:
    """Where the clusters of one test stand, each in a folder of its own. `seed` is one at rest; `ports` are
    those that the service knows."""

    def __init__(self, seed: Cluster, folder: Path, ports: tuple[int, int]) -> None:
        self._seed, self.folder, self._ports = seed, folder, ports
        self._clusters: list[Cluster] = []

    def copy_of_the_seed(self) -> Cluster:
        return self.copy_of(self._seed, self._ports[0])

    def copy_of(self, cluster: Cluster, port: int) -> Cluster:
        """While it is at rest."""
        copy = self._another(port)
        run("cp", "-a", cluster.folder, copy.folder)
        return copy

    def backup_of(self, cluster: Cluster, *options: str, **said: str) -> Cluster:
        """While it is in use. `said` belongs to the connection."""
        backup = self._another(self._ports[1])
        address = make_conninfo(cluster.url, **said)
        run(backup.program("pg_basebackup"), "-D", backup.folder, "-d", address, *COPY, *options)
        return backup

    def _another(self, port: int) -> Cluster:
        folder = self.folder / f"cluster-{len(self._clusters)}"
        self._clusters.append(Cluster(self._seed.program(""), folder, port))
        return self._clusters[-1]

    def clear(self) -> None:
        for cluster in self._clusters:
            cluster.stop()
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def looking_at(cluster: Cluster) -> Iterator[None]:
    """The connection of this process leads there."""
    ours = dict(connection.settings_dict)
    connection.close()
    there = {"NAME": "giftcards", "HOST": "127.0.0.1", "PORT": cluster.port, "USER": "giftcards"}
    connection.settings_dict.update(there)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(ours)
