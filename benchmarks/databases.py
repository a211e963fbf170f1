"""Databases of the sizes that are measured, each filled by a process of its own."""

import json
import subprocess
import time
from dataclasses import dataclass
from typing import Any

import psycopg

from benchmarks.asking import Subject
from benchmarks.servers import DEV, ROOT, Cluster


@dataclass(frozen=True, slots=True)
class Database:
    name: str
    subject: Subject
    load_seconds: float
    megabytes: float

    @property
    def cards(self) -> int:
        return self.subject.cards


def migrated(cluster: Cluster, name: str) -> dict[str, str]:
    """A new database without cards; returns what a process of the service on it has in its environment."""
    with psycopg.connect(cluster.psql("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    environment = cluster.environment(name)
    _run(["manage.py", "migrate", "--verbosity=0"], environment)
    return environment


def made(cluster: Cluster, cards: int) -> Database:
    name = f"cards_{cards}"
    environment = migrated(cluster, name)
    began = time.monotonic()
    known = json.loads(_run(["-m", "benchmarks.loading", str(cards)], environment))
    seconds = time.monotonic() - began
    subject = Subject(
        cards=cards,
        key=known["key"],
        fields=known["fields"],
        market=known["markets"][0],
        deep_cursor=known["deep_cursor"],
    )
    return Database(
        name, subject, seconds, asked(cluster, name, "SELECT pg_database_size(current_database())") / 1e6
    )


def asked(cluster: Cluster, database: str, statement: str) -> Any:
    """One value."""
    with psycopg.connect(cluster.psql(database)) as connection:
        row = connection.execute(statement).fetchone()
        return row[0] if row else None


def _run(arguments: list[str], environment: dict[str, str]) -> str:
    result = subprocess.run(
        [DEV.PYTHON, *arguments], cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, check=False
    )
    if result.returncode != 0:
        raise DEV.Trouble(f"{' '.join(arguments)} failed; its own words are above.")
    return result.stdout
