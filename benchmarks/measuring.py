"""One sample: a load generator's run, and what the server and PostgreSQL used meanwhile."""

import json
import subprocess
import time
from dataclasses import asdict, dataclass, replace
from typing import Final

from benchmarks import wrk
from benchmarks.asking import REQUESTS, Subject
from benchmarks.load import Result, Task
from benchmarks.processes import Usage
from benchmarks.servers import DEV, ROOT, Cluster, Server

SETTLING: Final = 0.1
"""Seconds for what an answer leaves behind to be finished, before the process table is read."""


class WrongAnswerError(Exception):
    """Something was answered with another status than it should, or not at all."""


@dataclass(frozen=True, slots=True)
class Sample:
    """CPU in milliseconds for each request. `generator` is the part of one processor that the load generator
    used: near 1 it is what was measured."""

    requests: int
    per_second: float
    server_ms: float
    postgres_ms: float
    p50: float
    p99: float
    generator: float
    unanswered: int

    @property
    def cpu_ms(self) -> float:
        return self.server_ms + self.postgres_ms


@dataclass(frozen=True, slots=True)
class Load:
    """How hard it is asked."""

    connections: int
    seconds: float
    requests: int = 0
    seed: str = ""


def sample(name: str, *, server: Server, cluster: Cluster, subject: Subject, load: Load) -> Sample:
    """Raises WrongAnswerError."""
    server_before, postgres_before = Usage.of(server.pid), Usage.of(cluster.pid)
    result = generated(name, server, subject, load)
    time.sleep(SETTLING)
    server_seconds = Usage.of(server.pid) - server_before
    postgres_seconds = Usage.of(cluster.pid) - postgres_before
    return Sample(
        requests=result.requests,
        per_second=result.per_second,
        server_ms=1000 * server_seconds / result.requests,
        postgres_ms=1000 * postgres_seconds / result.requests,
        p50=result.p50,
        p99=result.p99,
        generator=result.own_cpu / result.seconds,
        unanswered=result.unanswered,
    )


def generated(name: str, server: Server, subject: Subject, load: Load) -> Result:
    request = REQUESTS[name]
    asked = replace(subject, card=subject.cards // 2 * 2) if request.hot else subject
    task = Task(
        port=server.port,
        request=name,
        subject=asdict(asked),
        connections=request.connections or load.connections,
        seconds=load.seconds,
        requests=load.requests,
        seed=load.seed,
    )
    # wrk can't be told to stop after so many.
    by_wrk = wrk.program() and not load.requests
    result = wrk.result_of(task, request.status) if by_wrk else result_of(task)
    expected = str(request.status)
    if not result.requests:
        raise WrongAnswerError(f"{name} was not answered once in {load.seconds:g} s.")
    if set(result.statuses) != {expected}:
        raise WrongAnswerError(f"{name} was answered {result.statuses}, and should be {expected}.")
    return result


def result_of(task: Task) -> Result:
    done = subprocess.run(
        [DEV.PYTHON, "-m", "benchmarks.load"],
        cwd=ROOT,
        input=json.dumps(asdict(task)),
        text=True,
        stdout=subprocess.PIPE,
        check=True,
    )
    return Result(**json.loads(done.stdout))
